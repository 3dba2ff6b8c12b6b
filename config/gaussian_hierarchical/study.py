"""Noisy 1D Gaussian profiles whose centres come from one population."""

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
    """Independent Gaussian noise in every pixel."""

    def __init__(self, data, noise_map):
        if not np.all(noise_map > 0.0):
            raise ValueError(f"the noise of pixel {int(np.argmin(noise_map))} is not positive; correct the data file")
        self.data = data
        self.noise_map = noise_map
        self.x = np.arange(len(data))
        self.normalisation = -np.sum(np.log(noise_map * np.sqrt(2.0 * np.pi)))

    def model_data(self, instance):
        return instance.gaussian.profile(self.x)

    def log_likelihood_function(self, instance):
        residuals = (self.data - self.model_data(instance)) / self.noise_map
        return self.normalisation - 0.5 * np.dot(residuals, residuals)


# Made at module level: one for all datasets. Its two parameters are what the study is after.
population = cv.HierarchicalFactor(
    cv.GaussianPrior, mean=cv.GaussianPrior(mean=50.0, sigma=10.0), sigma=cv.HalfNormalPrior(sigma=10.0)
)


def factor(dataset):
    """The model and the likelihood of one dataset; what is made here belongs to the dataset alone."""
    gaussian = cv.Model(
        Gaussian,
        centre=population.drawn_variable(),
        normalization=cv.LogUniformPrior(lower_limit=1e-2, upper_limit=1e2),
        sigma=cv.UniformPrior(lower_limit=0.0, upper_limit=25.0),
    )
    return cv.AnalysisFactor(prior_model=cv.Collection(gaussian=gaussian), analysis=Analysis(**dataset.load()))
