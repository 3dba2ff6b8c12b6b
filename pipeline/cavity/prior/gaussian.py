"""Gaussian prior, truncated where limits are given."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri

from cavity.errors import PriorError
from cavity.prior.base import Prior, clipped, overlap, require_numbers, supported

LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class GaussianPrior(Prior):
    """Normal density, cut at the limits and renormalised.

    Parameters
    ----------
    mean, sigma
        Of the Gaussian before it is cut, in the parameter's own unit.
    lower_limit, upper_limit
        Where it is cut; infinite if it is not.

    Raises
    ------
    PriorError
        If sigma is not positive, the limits are not in order, or they lie so far in a tail that nothing is left.
    """

    mean: float
    sigma: float
    lower_limit: float = -math.inf
    upper_limit: float = math.inf
    _tail: float = field(init=False, repr=False)  # -1, the upper tail mirrored, where the limits lie above the mean
    _scale: float = field(init=False, repr=False)  # sigma times that sign
    _start: float = field(init=False, repr=False)  # Gaussian cdf at the lower limit, in that tail
    _width: float = field(init=False, repr=False)  # from there to the upper limit

    def __post_init__(self):
        require_numbers(self, positive=("sigma",))
        tail = -1.0 if self.lower_limit > self.mean else 1.0
        start = float(ndtr(tail * (self.lower_limit - self.mean) / self.sigma))
        end = float(ndtr(tail * (self.upper_limit - self.mean) / self.sigma))
        if abs(end - start) < 1e-290:
            raise PriorError(
                f"{type(self).__name__} with mean {self.mean} and sigma {self.sigma} has no probability "
                f"between {self.lower_limit} and {self.upper_limit}"
            )
        object.__setattr__(self, "_tail", tail)
        object.__setattr__(self, "_scale", tail * self.sigma)
        object.__setattr__(self, "_start", start)
        object.__setattr__(self, "_width", end - start)

    def value_for(self, unit):
        value = self.mean + self._scale * ndtri(self._start + unit * self._width)
        return clipped(value, self.lower_limit, self.upper_limit)

    def cdf(self, x):
        z = (np.clip(x, self.lower_limit, self.upper_limit) - self.mean) / self.sigma
        return (ndtr(self._tail * z) - self._start) / self._width

    def log_prob(self, x):
        norm = math.log(self.sigma) + LOG_SQRT_2PI + math.log(abs(self._width))
        return supported(self, x, lambda x: -0.5 * ((x - self.mean) / self.sigma) ** 2 - norm)

    def moments(self):
        limits = np.array([self.lower_limit, self.upper_limit])
        z = (limits - self.mean) / self.sigma
        density = np.exp(-0.5 * z**2 - LOG_SQRT_2PI) / abs(self._width)
        shift = density[0] - density[1]
        edge = np.where(np.isfinite(z), z, 0.0) * density
        return self.mean + self.sigma * shift, self.sigma * np.sqrt(max(1.0 + edge[0] - edge[1] - shift**2, 0.0))

    def confined(self, lower, upper):
        return type(self)(self.mean, self.sigma, *overlap(self, lower, upper))


class TruncatedGaussianPrior(GaussianPrior):
    """A :class:`GaussianPrior` under the name that says that its limits matter."""

    __slots__ = ()
