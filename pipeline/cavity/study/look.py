"""One likelihood call of every dataset in the middle of its prior, and what is said where it is no finite number."""

import math
from time import perf_counter

import numpy as np

from cavity.errors import LikelihoodError, NotFiniteError
from cavity.numerics.sobol import sobol_uniform
from cavity.prior import DrawnVariable
from cavity.search.guard import PATIENCE, describe
from cavity.study.suspects import cells_named, suspects

SECONDS = 10.0  # of likelihood calls in search of a point where it is finite


def middle(view):
    """The vector of a factor's parameters at the median of every prior, drawn ones at their parent's median."""
    return place(view, np.full(view.compiled.ndim, 0.5))


def place(view, unit):
    """The vector (D,) of a factor's parameters at quantiles (D,) of their priors; their parents stay at the medians."""
    vector = np.array([np.nan] * view.compiled.ndim)
    parents = {drawn.index: drawn.parent for drawn in view.drawn}
    for index, prior in enumerate(view.compiled.priors):
        vector[index] = _quantile(prior, unit[index], parents.get(index))
    return vector


def look(study, context, view, call):
    """Call one dataset's likelihood in the middle of its prior.

    Parameters
    ----------
    study, context, view
        The study, the phase, the dataset's factor.
    call
        vector -> log likelihood, guarded.

    Returns
    -------
    str or None
        A warning where it is -inf there and finite elsewhere.

    Raises
    ------
    LikelihoodError
        It is not a number there, or -inf at as many points of the prior as the search would look at.
    """
    with cells_named(study, view.dataset), np.errstate(all="ignore"):
        vector = middle(view)
        if call(vector) > -math.inf:
            return None
        most, tried = _points(context.search_of(view)), 1
        at, start = f"at {describe(view.compiled.names, vector)}", perf_counter()
        for unit in sobol_uniform(most - 1, view.compiled.ndim, 0):
            tried += 1
            if _value(call, place(view, unit)) > -math.inf:
                break
            if perf_counter() - start > SECONDS:
                break
        else:
            raise NotFiniteError(
                f"dataset {view.dataset}: the likelihood is -inf in the middle of the prior, {at}, and finite at none "
                f"of {most:,} points of it; correct the data, or the priors"
            )
    return (
        f"warning: dataset {view.dataset}: the likelihood is -inf in the middle of the prior, {at}"
        f"{suspects(study, view.dataset)}"
    )


def _points(search):
    """How many points of the prior a search looks at before it gives up."""
    return search.n_scan + 1 if hasattr(search, "n_scan") else PATIENCE - 1


def _value(call, vector):
    try:
        return call(vector)
    except LikelihoodError:
        return -math.inf


def _quantile(prior, unit, parent=None):
    """A quantile of a prior; of a drawn one its parent's with hyperparameters at their medians, inside its limits."""
    parent = parent or (prior.parent if isinstance(prior, DrawnVariable) else None)
    if parent is None:
        return prior.value_for(unit)
    values = {variable: _quantile(variable, 0.5) for variable in parent.variables}
    value = parent.parent(**parent.arguments(values)).value_for(unit)
    return float(np.clip(value, prior.lower_limit, prior.upper_limit))
