"""LBFGS and DifferentialEvolution: the density that they climb, and one point as Samples."""

from typing import ClassVar

import numpy as np

from cavity.errors import NoStartError
from cavity.numerics.differences import both_ways, slopes
from cavity.numerics.mixture import ALMOST_ONE, normal_of, unit_of
from cavity.numerics.sobol import sobol_uniform
from cavity.search.guard import FLOOR
from cavity.search.importance import gradients
from cavity.search.search import Search, make_samples
from cavity.search.settings import adapter, check_choice, check_integer, check_number


def objective(problem, guard):
    """Unit cube (n, ndim) -> log likelihood plus log prior density of the parameters (n,), -inf floored.

    A problem without ``log_prior`` is climbed in the likelihood alone.
    """

    def log_posterior(unit):
        values = problem.vectors(unit)
        log_likelihoods = guard.batch(values)
        if problem.log_prior is not None:
            log_likelihoods = log_likelihoods + np.array([float(problem.log_prior(vector)) for vector in values])
        return np.maximum(np.nan_to_num(log_likelihoods, nan=FLOOR, neginf=FLOOR), FLOOR)

    return log_posterior


def optimum_samples(problem, guard, unit, log_posterior, info):
    """One sample of weight 1 at the optimum; its log likelihood is calculated once more."""
    unit = np.asarray(unit, dtype=float)
    vector = np.asarray(problem.prior_transform(unit), dtype=float)
    return make_samples(
        problem,
        guard,
        values=vector[None],
        unit=unit[None],
        log_weights=np.zeros(1),
        log_likelihoods=np.array([guard(vector)]),
        info={**info, "log_posterior": float(log_posterior)},
    )


#: The optimiser stays within so many standard deviations of z = Phi^-1(unit cube).
EDGE = 7.0


@adapter
class LBFGS(Search):
    """L-BFGS-B from the best points of a scan of the prior. One sample: the maximum; no evidence.

    Climbs log likelihood + log prior density in z = Phi^-1(unit cube). The gradient is the problem's where it has one
    (the prior's part by differences), else by central differences, in one batch of 2 D calls.

    Parameters
    ----------
    maxcor, ftol, gtol, maxfun, maxiter, maxls
        As in ``scipy.optimize.minimize(method="L-BFGS-B")``.
    n_scan, n_starts
        Points of the prior to look at, and how many of them to climb from.
    eps
        Step of the differences, in z.
    """

    maxcor: int = 10
    ftol: float = 1e-11
    gtol: float = 1e-6
    maxfun: int = 15000
    maxiter: int = 15000
    maxls: int = 20
    n_scan: int = 64
    n_starts: int = 3
    eps: float = 1e-5

    libraries: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self):
        check_integer(self, "maxcor", "maxfun", "maxiter", "maxls", "n_scan", "n_starts")
        check_number(self, "ftol", "gtol", least=0)
        check_number(self, "eps", above=0)

    def search(self, problem, guard, rng):
        """Scan, climb from the best, return the highest."""
        from scipy.optimize import minimize

        log_posterior = objective(problem, guard)
        scan = np.vstack([np.full(problem.ndim, 0.5), sobol_uniform(self.n_scan, problem.ndim, rng)])
        heights = log_posterior(scan)
        finite = np.flatnonzero(heights > FLOOR)
        if not len(finite):
            raise NoStartError(
                f"LBFGS: none of {len(scan)} points of the prior has a finite likelihood; narrow the priors "
                "or use DifferentialEvolution"
            )
        best = None
        options = {key: getattr(self, key) for key in ("maxcor", "ftol", "gtol", "maxfun", "maxiter", "maxls")}
        for row in sorted(finite, key=lambda row: -heights[row])[: self.n_starts]:
            start = np.clip(normal_of(scan[row]), -EDGE, EDGE)
            downhill = self._downhill(problem, guard, log_posterior, heights[row])
            found = minimize(
                downhill, start, jac=True, method="L-BFGS-B", bounds=[(-EDGE, EDGE)] * problem.ndim, options=options
            )
            if best is None or found.fun < best.fun:
                best = found
        info = {"search": self.settings(), "converged": bool(best.success), "message": str(best.message)}
        return optimum_samples(problem, guard, unit_of(best.x), -best.fun, info)

    def _downhill(self, problem, guard, log_posterior, start):
        """z -> (value, gradient) to minimise. A floored value is set far below the start, but not so far that the
        line search cannot come back."""
        lowest = start - 1e6 - 1e3 * abs(start)

        def by_differences(z):
            points = np.vstack([z, *both_ways(z, self.eps)])
            values = -np.maximum(log_posterior(unit_of(points)), lowest)
            return values[0], slopes(values[1:].reshape(2, -1), self.eps)

        def by_gradient(z):
            value = -max(log_posterior(unit_of(z)[None])[0], lowest)
            gradient = gradients(problem, guard, z[None])[0]
            if problem.log_prior is not None:
                around = np.vstack(both_ways(z, self.eps))
                priors = np.array([float(problem.log_prior(vector)) for vector in problem.vectors(unit_of(around))])
                gradient = gradient + slopes(priors.reshape(2, -1), self.eps)
            return value, -gradient

        return by_differences if problem.gradient is None else by_gradient


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
