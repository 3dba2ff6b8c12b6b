"""Half-normal prior: a Gaussian around 0, folded to positive x."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import erf, erfinv

from cavity.prior.base import Prior, overlap, require_numbers, supported
from cavity.prior.gaussian import GaussianPrior


@dataclass(frozen=True, slots=True, eq=False)
class HalfNormalPrior(Prior):
    """Density proportional to exp(-x^2 / 2 sigma^2) on x >= 0: the usual prior of a population's spread.

    Raises
    ------
    PriorError
        If sigma is not positive.
    """

    lower_limit: ClassVar[float] = 0.0
    upper_limit: ClassVar[float] = math.inf
    sigma: float

    def __post_init__(self):
        require_numbers(self, positive=("sigma",))

    def value_for(self, unit):
        return math.sqrt(2.0) * self.sigma * erfinv(unit)

    def cdf(self, x):
        return erf(np.maximum(x, 0.0) / (math.sqrt(2.0) * self.sigma))

    def log_prob(self, x):
        norm = math.log(self.sigma) + 0.5 * math.log(0.5 * math.pi)
        return supported(self, x, lambda x: -0.5 * (x / self.sigma) ** 2 - norm)

    def moments(self):
        return self.sigma * math.sqrt(2.0 / math.pi), self.sigma * math.sqrt(1.0 - 2.0 / math.pi)

    def confined(self, lower, upper):
        return GaussianPrior(0.0, self.sigma, *overlap(self, lower, upper))
