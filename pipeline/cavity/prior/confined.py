"""Any prior restricted to a box, for families without a closed form of their own truncation."""

from dataclasses import dataclass, field

import numpy as np

from cavity.errors import PriorError
from cavity.prior.base import Prior, clipped, overlap, stored_number, supported


@dataclass(frozen=True, slots=True, eq=False)
class ConfinedPrior(Prior):
    """The density of another prior on [lower_limit, upper_limit], renormalised.

    Parameters
    ----------
    prior
        The distribution that is cut; only its density is used, it is not itself a parameter of the model.
    lower_limit, upper_limit
        The box, within the prior's own limits.

    Raises
    ------
    PriorError
        If no probability lies in the box.
    """

    prior: Prior
    lower_limit: float
    upper_limit: float
    _start: float = field(init=False, repr=False)
    _width: float = field(init=False, repr=False)

    def __post_init__(self):
        lower, upper = overlap(self.prior, self.lower_limit, self.upper_limit)
        start = float(self.prior.cdf(lower))
        width = float(self.prior.cdf(upper)) - start
        if not width > 1e-14:
            raise PriorError(f"{self.prior} has no probability between {lower} and {upper}")
        values = {"lower_limit": lower, "upper_limit": upper, "_start": start, "_width": width}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def value_for(self, unit):
        return clipped(self.prior.value_for(self._start + unit * self._width), self.lower_limit, self.upper_limit)

    def cdf(self, x):
        return (self.prior.cdf(np.clip(x, self.lower_limit, self.upper_limit)) - self._start) / self._width

    def log_prob(self, x):
        return supported(self, x, lambda x: self.prior.log_prob(x) - np.log(self._width))

    def moments(self):
        unbounded = not np.isfinite([self.lower_limit, self.upper_limit]).all()
        if unbounded and not np.isfinite(self.prior.moments()).all():
            return self.prior.moments()
        return quantile_moments(self)

    def confined(self, lower, upper):
        return ConfinedPrior(self.prior, *overlap(self, lower, upper))

    def to_dict(self, name_of=None):
        if name_of is not None:
            return {"variable": name_of(self)}
        return {
            "type": "ConfinedPrior",
            "prior": self.prior.to_dict(),
            "lower_limit": stored_number(self.lower_limit),
            "upper_limit": stored_number(self.upper_limit),
        }

    @classmethod
    def from_dict(cls, stored):
        from cavity.prior.stored import prior_from_dict

        return cls(prior_from_dict(stored["prior"]), float(stored["lower_limit"]), float(stored["upper_limit"]))


def quantile_moments(prior):
    """(mean, sd) by Gauss-Legendre quadrature of the quantile function, on panels that narrow towards both ends."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    lower_edges = np.concatenate([[0.0], np.geomspace(1e-12, 0.5, 40)])
    edges = np.concatenate([lower_edges, 1.0 - lower_edges[-2::-1]])
    half = 0.5 * np.diff(edges)[:, None]
    values = prior.value_for(edges[:-1, None] + half * (1.0 + nodes))
    mean = np.sum(half * weights * values)
    return mean, np.sqrt(np.sum(half * weights * (values - mean) ** 2))
