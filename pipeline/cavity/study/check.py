"""Looking at a phase before it runs: every model composed, every likelihood called once, and what it will cost."""

import numpy as np

from cavity.inference import ONE_BY_ONE, SEQUENTIAL
from cavity.strategy.context import check_graph
from cavity.strategy.one_by_one import refuse_drawn, rehearsed
from cavity.study.check_axes import check_axes
from cavity.study.cost import price

MOST = 1000  # datasets that are looked at; more than that are sampled evenly
STAND_IN = "each dataset after the first was looked at with a stand-in for the fit of the one before it"


def check_phase(study, context):
    """The models, the graph and the cost of a phase, as text.

    Raises
    ------
    CavityError
        The first thing that would stop the fit: a factor that cannot be composed, a shared parameter that no dataset
        uses, a likelihood that is not a number at the middle of the prior, an axis of a grid over no parameter.
    """
    datasets = _sample(context.datasets)
    sequential = context.inference == SEQUENTIAL
    views = rehearsed(context, datasets) if sequential else [context.view(dataset) for dataset in datasets]
    if context.inference in ONE_BY_ONE:
        for view in views:
            refuse_drawn(context, view)
    elif len(views) == len(context.datasets):
        check_graph(context, views)
    check_axes(study, context, views)
    cost = price(context, views, middle)
    note = [STAND_IN, ""] if sequential else []
    return "\n".join([_title(study, context), "", views[0].model.info, "", *_graph(context, views), "", *note, cost])


def _sample(datasets):
    """At most MOST of them, evenly spaced."""
    if len(datasets) <= MOST:
        return datasets
    return tuple(datasets[index] for index in np.linspace(0, len(datasets) - 1, MOST).astype(int))


def middle(view):
    """The vector of a factor's parameters at the median of every prior, drawn ones at their parent's median."""
    vector = np.array([np.nan] * view.compiled.ndim)
    parents = {drawn.index: drawn for drawn in view.drawn}
    for index, prior in enumerate(view.compiled.priors):
        vector[index] = _drawn_median(parents[index]) if index in parents else prior.value_for(0.5)
    return vector


def _drawn_median(drawn):
    """The median of the parent with its hyperparameters at their medians, inside the variable's limits."""
    values = {variable: variable.value_for(0.5) for variable in drawn.parent.variables}
    median = drawn.parent.parent(**drawn.parent.arguments(values)).value_for(0.5)
    return float(np.clip(median, drawn.prior.lower_limit, drawn.prior.upper_limit))


def _title(study, context):
    return f"{study.name}, phase {context.phase}: {len(context.datasets)} datasets, {context.inference}"


def _graph(context, views):
    """Lines that say which parameters are shared, drawn and local, and in how many datasets."""
    lines = [f"shared   {name:<28} {prior!r}" for prior, name in context.names.priors.items()]
    names = {parent: name for parent, name in context.names.parents.items()}
    drawn = _count((drawn.name, names.get(drawn.parent, "a parent")) for view in views for drawn in view.drawn)
    lines += [f"drawn    {path:<28} from {parent}, in {count} datasets" for (path, parent), count in drawn.items()]
    local = _count(path for view in views for _, path, _ in view.local)
    return lines + [f"local    {path:<28} in {count} datasets" for path, count in local.items()]


def _count(items):
    found = {}
    for item in items:
        found[item] = found.get(item, 0) + 1
    return found
