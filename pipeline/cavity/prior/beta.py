"""Beta prior, stretched to two limits."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv, betaln, xlog1py, xlogy

from cavity.prior.base import Prior, clipped, require_numbers, supported


@dataclass(frozen=True, slots=True, eq=False)
class BetaPrior(Prior):
    """Density proportional to t^(alpha - 1) (1 - t)^(beta - 1), where t is the fraction of the way from limit to limit.

    The limits stretch the distribution, they do not cut it; ``confined`` cuts.

    Raises
    ------
    PriorError
        If alpha or beta is not positive, or the limits are not finite or not in order.
    """

    alpha: float
    beta: float
    lower_limit: float = 0.0
    upper_limit: float = 1.0

    def __post_init__(self):
        require_numbers(self, positive=("alpha", "beta"), infinite=())

    def value_for(self, unit):
        value = self.lower_limit + self._length * betaincinv(self.alpha, self.beta, unit)
        return clipped(value, self.lower_limit, self.upper_limit)

    def cdf(self, x):
        return betainc(self.alpha, self.beta, self._fraction(np.clip(x, self.lower_limit, self.upper_limit)))

    def log_prob(self, x):
        def log_density(x):
            t = self._fraction(x)
            return xlogy(self.alpha - 1.0, t) + xlog1py(self.beta - 1.0, -t) - norm

        norm = betaln(self.alpha, self.beta) + math.log(self._length)
        return supported(self, x, log_density)

    def moments(self):
        total = self.alpha + self.beta
        sd = math.sqrt(self.alpha * self.beta / (total + 1.0)) / total
        return self.lower_limit + self._length * self.alpha / total, self._length * sd

    @property
    def _length(self):
        return self.upper_limit - self.lower_limit

    def _fraction(self, x):
        return (x - self.lower_limit) / self._length
