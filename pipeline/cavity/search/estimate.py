"""What a search will cost before it is run: one call timed, the calls a search needs, and whether threads hurt."""

import os
from time import perf_counter
from typing import NamedTuple

import numpy as np

from cavity.search.guard import Guard

#: Accepted points per call of region samplers, as benchmarks/searches.py finds it up to five parameters.
EFFICIENCY = 0.2


class Estimate(NamedTuple):
    """The cost of one search."""

    seconds_per_call: float
    calls: int
    seconds: float

    def __str__(self):
        return f"{self.seconds_per_call * 1e3:.3g} ms a call, about {self.calls:,} calls, {_duration(self.seconds)}"


def seconds_per_call(problem, rng, calls=20, at_most=2.0):
    """The median time of one likelihood call at points of the prior; stops after ``at_most`` seconds.

    Raises
    ------
    LikelihoodError
        Where a call is bad: found here before anything runs.
    """
    guard = Guard(problem)
    times, start = [], perf_counter()
    for unit in rng.random((calls, problem.ndim)):
        vector = problem.prior_transform(unit)
        before = perf_counter()
        guard(vector)
        times.append(perf_counter() - before)
        if perf_counter() - start > at_most:
            break
    return float(np.median(times))


def expected_calls(search, ndim, information=None):
    """A rough number of likelihood calls.

    Parameters
    ----------
    search
        Any search of this package.
    ndim
        Free parameters.
    information
        How much smaller the posterior is than the prior, in nats; 3 a parameter without.
    """
    information = 3.0 * ndim if information is None else information
    name = type(search).__name__
    if name == "Laplace":
        newton = min(search.max_iterations, 6) * (1 + 2 * ndim + ndim * (ndim - 1) // 2)
        return int(search.n_scan + search.n_starts * newton + 2 * search.n_adapt + search.n_draws)
    if name == "LBFGS":
        return int(search.n_scan + search.n_starts * 30 * (2 * ndim + 1))
    if name == "DifferentialEvolution":
        return int(search.popsize * ndim * 100)
    if name == "Emcee":
        return int(search.nwalkers * search.nsteps)
    if name == "Nautilus":
        return int(4 * search.n_live + search.n_live * information / 3 + search.n_eff)
    nlive = getattr(search, "nlive", None) or search.min_num_live_points
    steps = getattr(search, "nsteps", None) or (25 + ndim if ndim >= 10 else 1.0 / EFFICIENCY)
    batches = 4 if name == "DynestyDynamic" else 1
    return int(batches * nlive * (information + 5.0) * steps)


def estimate(search, problem, rng):
    """Time one call and say what the search will cost."""
    seconds = seconds_per_call(problem, rng)
    calls = expected_calls(search, problem.ndim)
    return Estimate(seconds, calls, seconds * calls)


def threads_slow_down(problem, rng, calls=20, factor=1.2):
    """Whether the likelihood is slower with all BLAS threads than with one; None where this cannot be measured.

    One process a job is the workflow's parallelism, so OMP_NUM_THREADS=1 is right wherever this is not False.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return None
    seed = int(rng.integers(2**32))
    with threadpool_limits(limits=1):
        alone = seconds_per_call(problem, np.random.default_rng(seed), calls)
    with threadpool_limits(limits=os.cpu_count()):
        together = seconds_per_call(problem, np.random.default_rng(seed), calls)
    return bool(together > factor * alone)


def _duration(seconds):
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds"
