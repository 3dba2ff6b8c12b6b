"""Gamma prior: positive x with a shape and a rate."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammainc, gammaincinv, gammaln, xlogy

from cavity.prior.base import Prior, require_numbers, supported


@dataclass(frozen=True, slots=True, eq=False)
class GammaPrior(Prior):
    """Density proportional to x^(alpha - 1) exp(-beta x) on x >= 0.

    Parameters
    ----------
    alpha
        Shape.
    beta
        Rate, in the inverse of the parameter's unit: the mean is alpha / beta.

    Raises
    ------
    PriorError
        If one is not positive.
    """

    lower_limit: ClassVar[float] = 0.0
    upper_limit: ClassVar[float] = math.inf
    alpha: float
    beta: float

    def __post_init__(self):
        require_numbers(self, positive=("alpha", "beta"))

    def value_for(self, unit):
        return gammaincinv(self.alpha, unit) / self.beta

    def cdf(self, x):
        return gammainc(self.alpha, self.beta * np.maximum(x, 0.0))

    def log_prob(self, x):
        norm = self.alpha * math.log(self.beta) - gammaln(self.alpha)
        return supported(self, x, lambda x: xlogy(self.alpha - 1.0, x) - self.beta * x + norm)

    def moments(self):
        return self.alpha / self.beta, math.sqrt(self.alpha) / self.beta
