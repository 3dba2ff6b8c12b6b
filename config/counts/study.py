"""Seeds that germinated on 21 plates: a logistic regression on two factors, with a scatter from plate to plate."""

import numpy as np
from scipy.special import gammaln, log_expit

import cavity as cv


class Plate:
    """One parameter, the log odds that a seed on this plate germinates."""

    def __init__(self, log_odds=0.0):
        self.log_odds = log_odds


class Analysis(cv.Analysis):
    """The binomial probability of the number that germinated, its coefficient included.

    ``data`` and ``noise_map`` are for the plot alone: the log odds of the counts themselves, with their error. Half a
    seed is added to each count, so that none of four has log odds too.
    """

    def __init__(self, germinated, seeds):
        self.germinated, self.seeds = float(germinated[0]), float(seeds[0])
        chosen = gammaln([self.seeds + 1.0, self.germinated + 1.0, self.seeds - self.germinated + 1.0])
        self.log_coefficient = chosen[0] - chosen[1] - chosen[2]
        more, fewer = germinated + 0.5, seeds - germinated + 0.5
        self.data, self.noise_map = np.log(more / fewer), np.sqrt(1.0 / more + 1.0 / fewer)

    def model_data(self, instance):
        return np.full(self.data.shape, instance.plate.log_odds)

    def log_likelihood_batch(self, arrays):
        """{path: (n,)} -> (n,): many points at once, which every round of ep asks for."""
        return self._log_probability(arrays["plate.log_odds"])

    def log_likelihood_function(self, instance):
        return float(self._log_probability(instance.plate.log_odds))

    def _log_probability(self, log_odds):
        ungerminated = self.seeds - self.germinated
        return self.log_coefficient + self.germinated * log_expit(log_odds) + ungerminated * log_expit(-log_odds)


# What the plates share: the coefficients of the regression and the scatter around it, all in log odds.
intercept = cv.GaussianPrior(mean=0.0, sigma=2.0)
variety_73 = cv.GaussianPrior(mean=0.0, sigma=2.0)
cucumber = cv.GaussianPrior(mean=0.0, sigma=2.0)
interaction = cv.GaussianPrior(mean=0.0, sigma=2.0)
scatter = cv.HalfNormalPrior(sigma=1.0)


def factor(dataset):
    """A plate's log odds are drawn around what its two factors, columns of datasets.tsv, predict."""
    predicted = intercept + variety_73 * dataset.variety + cucumber * dataset.extract
    predicted = predicted + interaction * (dataset.variety * dataset.extract)
    plates = cv.HierarchicalFactor(cv.GaussianPrior, mean=predicted, sigma=scatter)
    plate = cv.Model(Plate, log_odds=plates.drawn_variable())
    return cv.AnalysisFactor(prior_model=cv.Collection(plate=plate), analysis=Analysis(**dataset.load()))
