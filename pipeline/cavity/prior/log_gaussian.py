"""Log-Gaussian prior: Gaussian in log x."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr

from cavity.errors import PriorError
from cavity.prior.base import Prior, clipped, overlap, require_numbers, supported
from cavity.prior.gaussian import GaussianPrior


@dataclass(frozen=True, slots=True, eq=False)
class LogGaussianPrior(Prior):
    """log x is Gaussian, cut at the limits and renormalised.

    Parameters
    ----------
    mean, sigma
        Of the natural logarithm of x.
    lower_limit, upper_limit
        Of x itself, not of its logarithm.

    Raises
    ------
    PriorError
        If sigma is not positive, lower_limit is negative, or the limits are not in order.
    """

    mean: float
    sigma: float
    lower_limit: float = 0.0
    upper_limit: float = math.inf
    _log: GaussianPrior = field(init=False, repr=False)  # the distribution of log x

    def __post_init__(self):
        require_numbers(self, positive=("sigma",))
        if self.lower_limit < 0.0:
            raise PriorError(f"LogGaussianPrior.lower_limit must be at least 0, got {self.lower_limit}")
        logs = [math.log(limit) if limit > 0.0 else -math.inf for limit in (self.lower_limit, self.upper_limit)]
        object.__setattr__(self, "_log", GaussianPrior(self.mean, self.sigma, *logs))

    def value_for(self, unit):
        return clipped(np.exp(self._log.value_for(unit)), self.lower_limit, self.upper_limit)

    def cdf(self, x):
        with np.errstate(divide="ignore"):
            return self._log.cdf(np.log(np.clip(x, self.lower_limit, self.upper_limit)))

    def log_prob(self, x):
        def log_density(x):
            log_x = np.log(x)
            return np.where(x > 0.0, self._log.log_prob(log_x) - log_x, -np.inf)

        return supported(self, x, log_density)

    def moments(self):
        z = (np.array([self._log.lower_limit, self._log.upper_limit]) - self.mean) / self.sigma
        power = np.array([1.0, 2.0])
        mass = np.abs(np.diff(ndtr(self._log._tail * (z[:, None] - power * self.sigma)), axis=0)[0] / self._log._width)
        mean, square = np.exp(power * self.mean + 0.5 * (power * self.sigma) ** 2) * mass
        return mean, np.sqrt(max(square - mean**2, 0.0))

    def confined(self, lower, upper):
        return LogGaussianPrior(self.mean, self.sigma, *overlap(self, lower, upper))
