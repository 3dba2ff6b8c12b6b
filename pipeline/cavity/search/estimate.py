"""What a search will cost before it is run: one call timed, the calls a search needs, and whether threads hurt."""

import os
from time import perf_counter, process_time

import numpy as np

from cavity.search.dynesty import UNIFORM_UP_TO, walks_for

#: Newton steps of a start for each parameter: 12 in six, 23 in eleven and 30 in seventeen, of the lenses in config/.
NEWTON_STEPS = 2
#: Accepted points per call of region samplers, as benchmarks/searches.py finds it below five parameters.
EFFICIENCY = 0.2
#: CPU seconds besides the likelihood: of an iteration of dynesty (bounds, a walk), of a call of
#: the others (the prior's transform), of a search.
PER_ITERATION, PER_CALL, STARTED = 3.5e-4, 1.4e-5, 0.005
#: CPU seconds of the loop in :func:`pace` on the machine where these and those of study/forecast.py were measured.
REFERENCE = 3.1e-3


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
        steps = min(search.max_iterations, max(6, NEWTON_STEPS * ndim))
        newton = steps * (1 + 2 * ndim + ndim * (ndim - 1) // 2)
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
    batches = 2 if name == "DynestyDynamic" else 1
    return int(batches * search.nlive * (information + 5.0) * _calls_of_an_iteration(search, ndim))


def _calls_of_an_iteration(search, ndim):
    """Of dynesty: steps of a walk, its own number of them where it is asked for by name, or tries in the bounds."""
    if search.sample == "unif" or (search.sample == "auto" and ndim <= UNIFORM_UP_TO):
        return 1.0 / EFFICIENCY
    return search.walks or (walks_for(ndim) if search.sample == "auto" else 20 + ndim)


def own_seconds(search, ndim, calls):
    """CPU seconds of a search besides its likelihood calls, on the reference machine of :func:`pace`."""
    if not hasattr(search, "walks"):
        return STARTED + PER_CALL * calls
    return PER_ITERATION * calls / _calls_of_an_iteration(search, ndim)


def pace():
    """How many times slower than the reference machine this one is: small arrays in a Python loop."""
    grid, seconds = np.linspace(0.0, 1.0, 100), []
    for _ in range(12):  # the least of them: what else the machine does is no part of it
        start, found = process_time(), 0.0
        for _ in range(1000):
            found += float(np.sum(np.exp(-0.5 * ((grid - 1e-9 * found) / 0.3) ** 2)))
        seconds.append(process_time() - start)
    return min(seconds) / REFERENCE


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
