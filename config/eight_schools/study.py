"""Eight schools: the effect of coaching in each of eight schools, drawn from one population of effects."""

import numpy as np

import cavity as cv


class School:
    """One parameter, the true effect of coaching on the score, in points."""

    def __init__(self, effect=0.0):
        self.effect = effect


class Analysis(cv.Analysis):
    """The published estimate of a school's effect with its standard error."""

    def __init__(self, estimate, standard_error):
        self.data = estimate
        self.noise_map = standard_error

    def model_data(self, instance):
        return np.full(self.data.shape, instance.school.effect)

    def log_likelihood_function(self, instance):
        residuals = (self.data - instance.school.effect) / self.noise_map
        return -0.5 * np.sum(residuals**2 + np.log(2.0 * np.pi * self.noise_map**2))


population = cv.HierarchicalFactor(
    cv.GaussianPrior, mean=cv.GaussianPrior(mean=0.0, sigma=5.0), sigma=cv.HalfCauchyPrior(scale=5.0)
)


def factor(dataset):
    """Each school has an effect of its own, drawn from the population."""
    school = cv.Model(School, effect=population.drawn_variable())
    return cv.AnalysisFactor(prior_model=cv.Collection(school=school), analysis=Analysis(**dataset.load()))
