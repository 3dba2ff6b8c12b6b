"""A parameter whose distribution is its parent's: drawn from a population with hyperparameters of its own."""

import math
from dataclasses import dataclass

from cavity.errors import ModelError
from cavity.prior.base import Prior, require_numbers, stored_number


@dataclass(frozen=True, slots=True, eq=False)
class DrawnVariable(Prior):
    """A parameter drawn from a ``HierarchicalFactor``; made by its ``drawn_variable()``.

    Parameters
    ----------
    parent
        The factor whose density at the hyperparameters is this parameter's only prior.
    lower_limit, upper_limit
        Truncate the parent, its normaliser included.
    """

    parent: object
    lower_limit: float = -math.inf
    upper_limit: float = math.inf

    def __post_init__(self):
        require_numbers(self)

    def value_for(self, unit):
        raise ModelError(self._why())

    def cdf(self, x):
        raise ModelError(self._why())

    def log_prob(self, x):
        raise ModelError(self._why())

    def moments(self):
        raise ModelError(self._why())

    def confined(self, lower, upper):
        return DrawnVariable(self.parent, max(float(lower), self.lower_limit), min(float(upper), self.upper_limit))

    def arguments(self):
        return {"lower_limit": self.lower_limit, "upper_limit": self.upper_limit}

    def to_dict(self, name_of=None):
        if name_of is not None:
            return {"variable": name_of(self)}
        return {"type": "DrawnVariable", **{name: stored_number(value) for name, value in self.arguments().items()}}

    @classmethod
    def from_dict(cls, stored):
        return cls(None, float(stored["lower_limit"]), float(stored["upper_limit"]))

    def _why(self):
        return (
            "a drawn variable has no distribution before its parent's hyperparameters are known: fit it in a "
            "FactorGraphModel or a study, together with its HierarchicalFactor"
        )
