"""A faint narrow feature on a broad profile: found by a grid search, measured by the fit that follows it."""

import numpy as np

import cavity as cv


class Gaussian:
    """A profile with three parameters: centre and sigma in pixels, normalization its integral."""

    def __init__(self, centre=50.0, normalization=1.0, sigma=5.0):
        self.centre = centre
        self.normalization = normalization
        self.sigma = sigma

    def profile(self, x):
        height = self.normalization / (self.sigma * np.sqrt(2.0 * np.pi))
        return height * np.exp(-0.5 * ((x - self.centre) / self.sigma) ** 2)


class Analysis(cv.Analysis):
    """The sum of all components, with independent Gaussian noise in every pixel."""

    def __init__(self, data, noise_map):
        self.data = data
        self.noise_map = noise_map
        self.x = np.arange(len(data))
        self.normalisation = -np.sum(np.log(noise_map * np.sqrt(2.0 * np.pi)))

    def model_data(self, instance):
        return sum(component.profile(self.x) for component in instance)

    def log_likelihood_function(self, instance):
        residuals = (self.data - self.model_data(instance)) / self.noise_map
        return self.normalisation - 0.5 * np.dot(residuals, residuals)


def broad():
    return cv.Model(
        Gaussian,
        centre=cv.UniformPrior(lower_limit=0.0, upper_limit=100.0),
        normalization=cv.LogUniformPrior(lower_limit=1e-1, upper_limit=1e2),
        sigma=cv.UniformPrior(lower_limit=5.0, upper_limit=25.0),
    )


def narrow():
    return cv.Model(
        Gaussian,
        centre=cv.UniformPrior(lower_limit=0.0, upper_limit=100.0),
        normalization=cv.LogUniformPrior(lower_limit=5e-2, upper_limit=5.0),
        sigma=cv.UniformPrior(lower_limit=0.5, upper_limit=5.0),
    )


def profile_alone(dataset):
    """Without a feature."""
    model = cv.Collection(gaussian=broad())
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


def with_feature(dataset):
    """With a feature anywhere: what the grid search confines, cell by cell."""
    model = cv.Collection(gaussian=broad(), feature=narrow())
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


def around_the_best_cell(dataset, previous):
    """The feature's centre where the grid search found it, the broad profile where the first fit found it."""
    profile = previous["profile"].model_within(sds=10.0)
    feature = previous["feature"].model_within(sds=10.0)
    model = cv.Collection(gaussian=profile.gaussian, feature=feature.feature)
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


# The sensitivity map: how bright would a feature of each width have to be for this noise to reveal it?


def perturbation(dataset):
    """A feature somewhere in the fourth fifth of the profile."""
    return cv.Model(
        Gaussian,
        centre=cv.UniformPrior(lower_limit=60.0, upper_limit=80.0),
        normalization=cv.LogUniformPrior(lower_limit=5e-2, upper_limit=5.0),
        sigma=cv.UniformPrior(lower_limit=0.5, upper_limit=5.0),
    )


def simulate(instance, dataset, rng):
    """The mean of what would be observed, with the cell's feature in ``instance.perturbation``.

    Without noise of its own a map shows what is typical; ``+ rng.normal(0.0, noise_map)`` would show one night.
    """
    arrays = dataset.load()
    return {"data": Analysis(**arrays).model_data(instance), "noise_map": arrays["noise_map"]}
