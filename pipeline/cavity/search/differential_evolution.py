"""DifferentialEvolution: the maximum of the posterior by a population (scipy; Storn & Price 1997)."""

from typing import ClassVar

import numpy as np

from cavity.errors import NoStartError
from cavity.numerics.mixture import ALMOST_ONE
from cavity.search.base import Search
from cavity.search.guard import FLOOR
from cavity.search.optimum import objective, optimum_samples
from cavity.search.settings import adapter, check_choice, check_integer, check_number

STRATEGIES = tuple(
    f"{base}{count}{cross}"
    for base in ("best", "rand", "randtobest", "currenttobest")
    for count in (1, 2)
    for cross in ("bin", "exp")
    if base in ("best", "rand") or count == 1
)


@adapter
class DifferentialEvolution(Search):
    """A global optimiser over the unit cube, without gradients. One sample: the maximum; no evidence.

    Parameters
    ----------
    strategy, maxiter, popsize, tol, atol, mutation, recombination, init
        As in ``scipy.optimize.differential_evolution``; the population is evaluated in batches.
    """

    strategy: str = "best1bin"
    maxiter: int = 1000
    popsize: int = 15
    tol: float = 0.001
    atol: float = 0.0
    mutation: float | tuple = (0.5, 1.0)
    recombination: float = 0.7
    init: str = "sobol"

    libraries: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self):
        check_integer(self, "maxiter", "popsize")
        check_number(self, "tol", "atol", least=0)
        check_number(self, "recombination", least=0, most=1)
        check_choice(self, "strategy", STRATEGIES)
        check_choice(self, "init", ("latinhypercube", "sobol", "halton", "random"))

    def search(self, problem, guard, rng):
        """Evolve until the population agrees."""
        from scipy.optimize import differential_evolution

        log_posterior = objective(problem, guard)
        found = differential_evolution(
            lambda points: -log_posterior(points.T),
            [(1e-12, ALMOST_ONE)] * problem.ndim,
            strategy=self.strategy,
            maxiter=self.maxiter,
            popsize=self.popsize,
            tol=self.tol,
            atol=self.atol,
            recombination=self.recombination,
            mutation=tuple(self.mutation) if np.ndim(self.mutation) else self.mutation,
            init=self.init,
            rng=rng,
            polish=False,
            updating="deferred",
            vectorized=True,
        )
        if -found.fun <= FLOOR:
            raise NoStartError(
                f"DifferentialEvolution: no point of {problem.dataset or 'the problem'} has a finite likelihood"
            )
        info = {"search": self.settings(), "converged": bool(found.success), "message": str(found.message)}
        return optimum_samples(problem, guard, found.x, -found.fun, info)
