"""Log-uniform prior: flat in log x between two positive limits."""

from dataclasses import dataclass

import numpy as np

from cavity.errors import PriorError
from cavity.prior.base import Prior, clipped, overlap, require_numbers, supported


@dataclass(frozen=True, slots=True, eq=False)
class LogUniformPrior(Prior):
    """Density proportional to 1/x on [lower_limit, upper_limit].

    Raises
    ------
    PriorError
        If a limit is not positive or the limits are not in order.
    """

    lower_limit: float = 1e-6
    upper_limit: float = 1.0

    def __post_init__(self):
        require_numbers(self, infinite=())
        if self.lower_limit <= 0.0:
            raise PriorError(
                f"LogUniformPrior.lower_limit must be above 0, got {self.lower_limit}: log x has no lower "
                f"end at 0; choose the smallest value that matters, such as 1e-6"
            )

    def value_for(self, unit):
        value = self.lower_limit * (self.upper_limit / self.lower_limit) ** unit
        return clipped(value, self.lower_limit, self.upper_limit)

    def cdf(self, x):
        return np.log(np.clip(x, self.lower_limit, self.upper_limit) / self.lower_limit) / self._log_ratio

    def log_prob(self, x):
        return supported(self, x, lambda x: -np.log(x) - np.log(self._log_ratio))

    def moments(self):
        mean = (self.upper_limit - self.lower_limit) / self._log_ratio
        square = 0.5 * (self.upper_limit - self.lower_limit) * (self.upper_limit + self.lower_limit) / self._log_ratio
        return mean, np.sqrt(max(square - mean**2, 0.0))

    def confined(self, lower, upper):
        return LogUniformPrior(*overlap(self, lower, upper))

    @property
    def _log_ratio(self):
        return np.log(self.upper_limit / self.lower_limit)
