"""Half-Cauchy prior: heavy-tailed on positive x."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cavity.prior.base import Prior, require_numbers, supported


@dataclass(frozen=True, slots=True, eq=False)
class HalfCauchyPrior(Prior):
    """Density proportional to 1 / (1 + (x/scale)^2) on x >= 0 (Gelman 2006, Bayesian Analysis 1, 515).

    Raises
    ------
    PriorError
        If scale is not positive.
    """

    lower_limit: ClassVar[float] = 0.0
    upper_limit: ClassVar[float] = math.inf
    scale: float

    def __post_init__(self):
        require_numbers(self, positive=("scale",))

    def value_for(self, unit):
        return self.scale * np.tan(0.5 * math.pi * unit)

    def cdf(self, x):
        return 2.0 / math.pi * np.arctan(np.maximum(x, 0.0) / self.scale)

    def log_prob(self, x):
        norm = math.log(0.5 * math.pi * self.scale)
        return supported(self, x, lambda x: -np.log1p((x / self.scale) ** 2) - norm)

    def moments(self):
        return math.inf, math.inf
