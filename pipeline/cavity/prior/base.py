"""What every prior is, a parameter of a model together with its probability distribution; families by their names."""

import math
from dataclasses import dataclass, field, fields

import numpy as np

from cavity.errors import PriorError, did_you_mean
from cavity.prior.expression import Expression

FAMILIES = {}  # name -> class: every family adds itself


class Prior(Expression):
    """A free parameter and its distribution on [lower_limit, upper_limit].

    A prior is a variable: the same object in two places is one parameter, two equal objects are two parameters.
    Subclasses are frozen dataclasses with the methods ``value_for``, ``cdf``, ``log_prob``, ``moments`` in this order;
    all take a float or an array of any shape, in the parameter's own unit.
    """

    __slots__ = ()

    def __init_subclass__(cls):
        known = FAMILIES.setdefault(cls.__name__, cls)
        if known.__module__ == cls.__module__:  # a dataclass with slots is made twice; no other module takes the name
            FAMILIES[cls.__name__] = cls

    def value_for(self, unit):
        """Quantile function: unit in [0, 1] -> x."""
        raise NotImplementedError

    def cdf(self, x):
        """The probability below x; 0 under the lower limit, 1 above the upper."""
        raise NotImplementedError

    def log_prob(self, x):
        """Normalised log density; -inf outside the limits."""
        raise NotImplementedError

    def moments(self):
        """(mean, standard deviation); inf or nan where they do not exist."""
        raise NotImplementedError

    @property
    def is_scale(self):
        """Whether it is never negative: a candidate for the log transform."""
        return self.lower_limit >= 0.0

    def confined(self, lower, upper):
        """A new parameter with the same density restricted to [lower, upper] and renormalised.

        Raises
        ------
        PriorError
            If no probability lies in the box.
        """
        return ConfinedPrior(self, *overlap(self, lower, upper))

    def log_mass(self, lower, upper):
        """Log of the probability inside [lower, upper]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(np.maximum(self.cdf(upper) - self.cdf(lower), 0.0))[()]

    def variables(self):
        return (self,)

    def evaluate(self, values):
        return values[self]

    def substituted(self, replacements):
        return replacements.get(self, self)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def arguments(self):
        """Constructor arguments by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.init}

    def to_dict(self, name_of=None):
        """JSON form of the distribution; with ``name_of`` a reference to the parameter, as every expression has."""
        if name_of is not None:
            return {"variable": name_of(self)}
        return {"type": type(self).__name__, **{name: stored_number(value) for name, value in self.arguments().items()}}

    @classmethod
    def from_dict(cls, stored):
        """The inverse of ``to_dict``; numbers may be text, as YAML has 1e-6 and inf."""
        arguments = {key: value for key, value in stored.items() if key != "type"}
        known = [field.name for field in fields(cls) if field.init]
        for name in arguments:
            if name not in known:
                raise PriorError(f"{cls.__name__} has no argument {name}{did_you_mean(name, known)}")
        try:
            return cls(**{name: float(value) for name, value in arguments.items()})
        except (TypeError, ValueError) as error:
            raise PriorError(f"{cls.__name__} cannot be made from {arguments}: {error}") from None

    def __str__(self):
        shown = {name: value for name, value in self.arguments().items() if not is_infinite(value)}
        return ", ".join([type(self).__name__, *(f"{name} = {value}" for name, value in shown.items())])


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


def prior_from_dict(stored):
    """The inverse of ``Prior.to_dict``; the type may be written without its ``Prior``.

    Raises
    ------
    PriorError
        If the type or an argument is unknown, with the nearest known one.
    """
    name = stored.get("type")
    family = FAMILIES.get(name) or FAMILIES.get(f"{name}Prior")
    if family is None:
        raise PriorError(f"{name} is not a type of prior{did_you_mean(name, FAMILIES)}")
    return family.from_dict(stored)


def require_numbers(prior, *, positive=(), infinite=("lower_limit", "upper_limit")):
    """Turn a prior's arguments into floats.

    Raises
    ------
    PriorError
        If one is not a number, not finite (but for ``infinite``), or not above 0 (for ``positive``), or if the
        limits are not in order.
    """
    family = type(prior).__name__
    for name, value in prior.arguments().items():
        if isinstance(value, Expression):
            raise PriorError(
                f"{family}.{name} must be a number, got a parameter: a prior that depends on parameters "
                f"is a HierarchicalFactor({family}, {name}=...)"
            )
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise PriorError(f"{family}.{name} must be a number, got {value!r}") from None
        if math.isnan(number) or (math.isinf(number) and name not in infinite):
            raise PriorError(f"{family}.{name} must be finite, got {number}")
        if name in positive and not number > 0.0:
            raise PriorError(f"{family}.{name} must be above 0, got {number}")
        object.__setattr__(prior, name, number)
    if not prior.lower_limit < prior.upper_limit:
        raise PriorError(f"{family} needs lower_limit < upper_limit, got {prior.lower_limit} and {prior.upper_limit}")


def overlap(prior, lower, upper):
    """The part of [lower, upper] that the prior's own limits leave."""
    lower, upper = max(float(lower), prior.lower_limit), min(float(upper), prior.upper_limit)
    if not lower < upper:
        raise PriorError(f"{prior} has no probability between {lower} and {upper}")
    return lower, upper


def clipped(x, lower, upper):
    """``np.clip`` that is quick for a scalar and makes it a Python float, on which arithmetic is thrice as fast."""
    if type(x) is np.ndarray:
        return np.clip(x, lower, upper)
    return lower if x < lower else upper if x > upper else float(x)


def supported(prior, x, log_density):
    """``log_density(x)`` inside the limits, -inf outside."""
    if isinstance(x, float):
        with np.errstate(all="ignore"):
            return float(log_density(x)) if prior.lower_limit <= x <= prior.upper_limit else -math.inf
    inside = np.clip(x, prior.lower_limit, prior.upper_limit)
    with np.errstate(all="ignore"):
        return np.where(inside == x, log_density(inside), -np.inf)[()]


def is_infinite(value):
    return isinstance(value, float) and math.isinf(value)


def stored_number(value):
    """A float as JSON has it: infinities as text."""
    return repr(value) if is_infinite(value) else value
