"""A prior from any frozen scipy.stats distribution."""

from dataclasses import dataclass, field

from cavity.errors import PriorError, did_you_mean
from cavity.prior.base import Prior, stored_number, supported


@dataclass(frozen=True, slots=True, eq=False)
class ScipyPrior(Prior):
    """The distribution of ``scipy.stats.<name>(*args, **kwds)``.

    Parameters
    ----------
    distribution
        Frozen and continuous: ``scipy.stats.skewnorm(4.0, loc=1.0)``.

    Raises
    ------
    PriorError
        If it is not a frozen continuous distribution of scipy.stats, or its arguments are not valid.
    """

    distribution: object
    lower_limit: float = field(init=False)
    upper_limit: float = field(init=False)

    def __post_init__(self):
        from scipy.stats import rv_continuous

        if not is_frozen_distribution(self.distribution) or not isinstance(self.distribution.dist, rv_continuous):
            raise PriorError(
                f"a prior needs a frozen continuous distribution such as scipy.stats.norm(0.0, 1.0), got "
                f"{self.distribution!r}"
            )
        lower, upper = (float(limit) for limit in self.distribution.support())
        if not lower < upper:
            raise PriorError(
                f"scipy.stats.{self.distribution.dist.name} has no support with the arguments "
                f"{self.distribution.args} {self.distribution.kwds}"
            )
        object.__setattr__(self, "lower_limit", lower)
        object.__setattr__(self, "upper_limit", upper)

    def value_for(self, unit):
        return self.distribution.ppf(unit)

    def cdf(self, x):
        return self.distribution.cdf(x)

    def log_prob(self, x):
        return supported(self, x, self.distribution.logpdf)

    def moments(self):
        return float(self.distribution.mean()), float(self.distribution.std())

    def to_dict(self, name_of=None):
        if name_of is not None:
            return {"variable": name_of(self)}
        frozen = self.distribution
        return {
            "type": "ScipyPrior",
            "distribution": frozen.dist.name,
            "args": [stored_number(float(arg)) for arg in frozen.args],
            "kwds": {name: stored_number(float(value)) for name, value in frozen.kwds.items()},
        }

    @classmethod
    def from_dict(cls, stored):
        import scipy.stats

        family = getattr(scipy.stats, stored["distribution"], None)
        if not isinstance(family, scipy.stats.rv_continuous):
            name = stored["distribution"]
            known = [key for key, value in vars(scipy.stats).items() if isinstance(value, scipy.stats.rv_continuous)]
            raise PriorError(f"scipy.stats has no continuous distribution {name}{did_you_mean(name, known)}")
        keywords = {name: float(value) for name, value in stored.get("kwds", {}).items()}
        return cls(family(*(float(arg) for arg in stored.get("args", ())), **keywords))

    def __str__(self):
        frozen = self.distribution
        arguments = [*map(str, frozen.args), *(f"{name} = {value}" for name, value in frozen.kwds.items())]
        return f"ScipyPrior, {frozen.dist.name}({', '.join(arguments)})"


def as_prior(distribution):
    """A prior from a prior, or from a frozen distribution of scipy.stats; one call makes one parameter."""
    return distribution if isinstance(distribution, Prior) else ScipyPrior(distribution)


def is_frozen_distribution(value):
    """Whether a value is a frozen distribution, told without importing scipy.stats."""
    return type(value).__module__.startswith("scipy.stats") and hasattr(value, "dist") and hasattr(value, "ppf")
