"""LBFGS: the maximum of the posterior by a quasi-Newton method (scipy; Byrd et al. 1995)."""

from typing import ClassVar

import numpy as np

from cavity.errors import NoStartError
from cavity.numerics.differences import both_ways, slopes
from cavity.numerics.mixture import normal_of, unit_of
from cavity.numerics.sobol import sobol_uniform
from cavity.search.base import Search
from cavity.search.guard import FLOOR
from cavity.search.importance import gradients
from cavity.search.optimum import objective, optimum_samples
from cavity.search.settings import adapter, check_integer, check_number

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
