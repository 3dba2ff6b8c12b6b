"""Student's t prior: a Gaussian with heavier tails, truncated where limits are given."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaln, stdtr, stdtrit

from cavity.errors import PriorError
from cavity.prior.base import Prior, clipped, overlap, quantile_moments, require_numbers, supported


@dataclass(frozen=True, slots=True, eq=False)
class StudentTPrior(Prior):
    """Density of ``mean + sigma t`` with ``df`` degrees of freedom, cut at the limits and renormalised.

    Parameters
    ----------
    df
        Degrees of freedom; 1 is a Cauchy density, many a Gaussian.
    mean, sigma
        Centre and scale before it is cut, in the parameter's own unit; sigma is not the standard deviation.
    lower_limit, upper_limit
        Where it is cut; infinite if it is not.

    Raises
    ------
    PriorError
        If df or sigma is not positive, the limits are not in order, or nothing is left between them.
    """

    df: float
    mean: float = 0.0
    sigma: float = 1.0
    lower_limit: float = -math.inf
    upper_limit: float = math.inf
    _tail: float = field(init=False, repr=False)  # -1, the upper tail mirrored, where the limits lie above the mean
    _start: float = field(init=False, repr=False)  # cdf at the lower limit, in that tail
    _width: float = field(init=False, repr=False)  # from there to the upper limit

    def __post_init__(self):
        require_numbers(self, positive=("df", "sigma"))
        tail = -1.0 if self.lower_limit > self.mean else 1.0
        start = float(stdtr(self.df, tail * (self.lower_limit - self.mean) / self.sigma))
        end = float(stdtr(self.df, tail * (self.upper_limit - self.mean) / self.sigma))
        if abs(end - start) < 1e-290:
            raise PriorError(
                f"StudentTPrior with mean {self.mean} and sigma {self.sigma} has no probability between "
                f"{self.lower_limit} and {self.upper_limit}"
            )
        object.__setattr__(self, "_tail", tail)
        object.__setattr__(self, "_start", start)
        object.__setattr__(self, "_width", end - start)

    def value_for(self, unit):
        value = self.mean + self.sigma * self._tail * stdtrit(self.df, self._start + unit * self._width)
        return clipped(value, self.lower_limit, self.upper_limit)

    def cdf(self, x):
        t = (np.clip(x, self.lower_limit, self.upper_limit) - self.mean) / self.sigma
        return (stdtr(self.df, self._tail * t) - self._start) / self._width

    def log_prob(self, x):
        half = 0.5 * (self.df + 1.0)
        norm = (
            gammaln(half)
            - gammaln(0.5 * self.df)
            - 0.5 * math.log(math.pi * self.df)
            - math.log(self.sigma)
            - math.log(abs(self._width))
        )
        return supported(self, x, lambda x: norm - half * np.log1p(((x - self.mean) / self.sigma) ** 2 / self.df))

    def moments(self):
        ends = sum(math.isfinite(limit) for limit in (self.lower_limit, self.upper_limit))
        if ends == 2 or (ends == 1 and self.df > 2.0):
            return quantile_moments(self)
        if self.df > 2.0:
            return self.mean, self.sigma * math.sqrt(self.df / (self.df - 2.0))
        return (self.mean if ends == 0 and self.df > 1.0 else math.nan), math.inf

    def confined(self, lower, upper):
        return StudentTPrior(self.df, self.mean, self.sigma, *overlap(self, lower, upper))
