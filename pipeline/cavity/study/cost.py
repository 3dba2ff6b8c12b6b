"""What a phase will cost: likelihoods called and timed, the calls its searches need, and whether threads hurt."""

import os
from functools import partial
from time import perf_counter

import numpy as np

from cavity.search.estimate import duration, expected_calls, seconds_per_call, threads_slow_down
from cavity.search.guard import Guard
from cavity.search.likelihood import likelihood_of
from cavity.search.problem import Problem
from cavity.study.look import look, middle

#: Seconds of likelihood calls after which no further dataset's is called.
PATIENCE = 60.0
#: Datasets whose likelihood is timed; the times may differ.
TIMED = 5
#: Batches of importance draws a dataset in the rounds of expectation propagation, as the example studies need them;
#: each draw is moved to so many places along every shared parameter.
BATCHES, PLACES = 2, 4


def price(study, context, views):
    """Call the likelihoods and say what the phase will cost.

    Parameters
    ----------
    study
        Whose files a failing likelihood's data are looked for in, or None.
    context
        The phase.
    views
        Its datasets' factors.

    Returns
    -------
    str

    Raises
    ------
    LikelihoodError
        A likelihood is not a number in the middle of its prior, or nowhere finite.
    """
    calls, warnings, start = [], [], perf_counter()
    for view in views:
        calls.append(call_of(context, view))
        warnings.append(look(study, context, view, calls[-1].func))
        if perf_counter() - start > PATIENCE:
            break
    timed = [calls[row] for row in np.unique(np.linspace(0, len(calls) - 1, TIMED).astype(int))]
    seconds, needed = seconds_of(timed), _calls(context, views)
    total = duration(seconds * needed * len(context.datasets))
    lines = [
        f"a likelihood takes {1e3 * seconds:.3g} ms; with about {needed:,} calls of each of {len(context.datasets)} "
        f"datasets that is {total} of likelihoods on one core"
    ]
    if context.inference == "ep" and views[0].shared:
        lines.append("(up to twenty times that where a shared parameter is broad or has several modes)")
    if len(calls) < len(views):
        lines.append(f"the likelihoods of {len(calls)} of {len(views)} datasets were called, the others only composed")
    if os.cpu_count() > 1 and threads_slow_down(timed[0]):
        lines.append(
            f"warning: a likelihood is slower with {os.cpu_count()} threads than with one; the workflow's jobs have "
            "one, set OMP_NUM_THREADS=1 in a notebook"
        )
    return "\n".join([*lines, *filter(None, warnings)])


def call_of(context, view):
    """A dataset's likelihood in the middle of its prior, as a function of nothing."""
    problem = Problem(
        names=view.compiled.names,
        prior_transform=None,
        log_likelihood=likelihood_of(view.model, view.compiled, view.analysis).one,
        dataset=view.dataset,
    )
    return partial(Guard(problem, on_error=context.on_error), middle(view))


def seconds_of(calls):
    """The median time of several datasets' likelihoods."""
    return float(np.median([seconds_per_call(call, calls=5, at_most=0.5) for call in calls]))


def first_calls(context, views):
    """(parameters, likelihood calls) of one dataset's first search, roughly; of a joint phase's one search."""
    own = [len(view.drawn) + len(view.local) for view in views]
    ndim = int(np.median([view.compiled.ndim for view in views]))
    if context.inference == "joint":
        ndim = len(context.names.priors) + int(np.mean(own) * len(context.datasets))
    return ndim, expected_calls(context.search_of(views[0]), ndim)


def later_calls(context, views):
    """Likelihood calls of one dataset in a later round of expectation propagation."""
    return context.ep.n_draws * (1 + PLACES * len(views[0].shared))


def _calls(context, views):
    """Likelihood calls of one dataset, roughly."""
    calls = first_calls(context, views)[1]
    return calls + BATCHES * later_calls(context, views) if context.inference == "ep" else calls
