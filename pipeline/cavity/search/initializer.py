"""Where the walkers of an MCMC start."""

from dataclasses import dataclass

import numpy as np

from cavity.errors import SearchError
from cavity.search.base import part


@part
@dataclass(frozen=True)
class InitializerBall:
    """Uniform in a box of the unit cube, around the priors' medians for limits around 0.5.

    Parameters
    ----------
    lower_limit, upper_limit
        In (0, 1), the same for every parameter.
    """

    lower_limit: float = 0.49
    upper_limit: float = 0.51

    def __post_init__(self):
        if not 0.0 <= self.lower_limit < self.upper_limit <= 1.0:
            limits = f"{self.lower_limit} and {self.upper_limit}"
            raise SearchError(f"InitializerBall needs 0 <= lower_limit < upper_limit <= 1, got {limits}")

    def unit(self, n, problem, rng):
        """n starts (n, ndim) in the unit cube."""
        return rng.uniform(self.lower_limit, self.upper_limit, (n, problem.ndim))


@part
@dataclass(frozen=True)
class InitializerPrior:
    """Draws from the whole prior."""

    def unit(self, n, problem, rng):
        """n starts (n, ndim) in the unit cube."""
        return rng.uniform(size=(n, problem.ndim))


@dataclass(frozen=True, eq=False)
class InitializerSamples:
    """Draws from an earlier result's posterior.

    Parameters
    ----------
    samples
        Samples, or a Result that has them, of a model with the same parameter names.
    """

    samples: object

    def unit(self, n, problem, rng):
        """n starts (n, ndim) in the unit cube; a parameter the result lacks is an error."""
        samples = getattr(self.samples, "samples", self.samples)
        if tuple(samples.names) != tuple(problem.names):
            raise SearchError(
                f"InitializerSamples: the samples have the parameters {', '.join(samples.names)}, the model "
                f"has {', '.join(problem.names)}"
            )
        if problem.unit_from is None:
            raise SearchError("InitializerSamples: this problem has no map from parameters to the unit cube")
        rows = rng.choice(len(samples.values), size=n, p=np.exp(samples.log_weights))
        unit = np.array([problem.unit_from(vector) for vector in samples.values[rows]])
        return np.clip(unit + rng.normal(0.0, 1e-6, unit.shape), 1e-9, 1.0 - 1e-9)
