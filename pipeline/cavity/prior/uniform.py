"""Uniform prior: flat in x between two limits."""

from dataclasses import dataclass

import numpy as np

from cavity.prior.base import Prior, clipped, overlap, require_numbers, supported


@dataclass(frozen=True, slots=True, eq=False)
class UniformPrior(Prior):
    """Constant density on [lower_limit, upper_limit].

    Raises
    ------
    PriorError
        If the limits are not finite or not in order.
    """

    lower_limit: float = 0.0
    upper_limit: float = 1.0

    def __post_init__(self):
        require_numbers(self, infinite=())

    def value_for(self, unit):
        value = self.lower_limit + unit * (self.upper_limit - self.lower_limit)
        return clipped(value, self.lower_limit, self.upper_limit)

    def cdf(self, x):
        inside = np.clip(x, self.lower_limit, self.upper_limit)
        return (inside - self.lower_limit) / (self.upper_limit - self.lower_limit)

    def log_prob(self, x):
        return supported(self, x, lambda x: -np.log(self.upper_limit - self.lower_limit))

    def moments(self):
        return 0.5 * (self.lower_limit + self.upper_limit), (self.upper_limit - self.lower_limit) / np.sqrt(12.0)

    def confined(self, lower, upper):
        return UniformPrior(*overlap(self, lower, upper))
