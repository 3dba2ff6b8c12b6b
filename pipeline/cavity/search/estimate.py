"""What a search will cost before it is run: one call timed, the calls a search needs, and whether threads hurt."""

import os
from time import perf_counter

import numpy as np

from cavity.search.dynesty import UNIFORM_UP_TO, walks_for

#: Accepted points per call of region samplers, as benchmarks/searches.py finds it below five parameters.
EFFICIENCY = 0.2


def seconds_per_call(call, calls=20, at_most=2.0):
    """The median time of ``call()``, after one that warms up; stops after ``at_most`` seconds."""
    call()
    times, start = [], perf_counter()
    while len(times) < calls and perf_counter() - start < at_most:
        before = perf_counter()
        call()
        times.append(perf_counter() - before)
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
        return int(17 * search.popsize * ndim**2)
    if name == "Emcee":
        return int(search.nwalkers * search.nsteps)
    if name == "Nautilus":
        return int(4 * search.n_live + search.n_live * information / 3 + search.n_eff)
    if name == "UltraNest":
        return int(search.min_num_live_points * (information + 5.0) * (search.nsteps or 1.0 / EFFICIENCY))
    walks = search.sample != "unif" and (search.sample != "auto" or ndim > UNIFORM_UP_TO)
    batches = 2 if name == "DynestyDynamic" else 1
    return int(batches * search.nlive * (information + 5.0) * (walks_for(ndim) if walks else 1.0 / EFFICIENCY))


def threads_slow_down(call, calls=20, factor=1.2):
    """Whether ``call()`` is slower with all threads of the linear algebra library than with one."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        alone = seconds_per_call(call, calls)
    with threadpool_limits(limits=os.cpu_count()):
        together = seconds_per_call(call, calls)
    return bool(together > factor * alone)


def duration(seconds):
    """'3.2 hours'."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds"
