"""One dataset after the other, in the order of the table: each sees the fit of the dataset before it."""

import json

import numpy as np

from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.posterior.store import samples_from_tree
from cavity.strategy.independent import aggregate, decide, fit_view, phase_result, plan_round, refuse_drawn

__all__ = ["aggregate", "decide", "plan_round", "rehearsed", "search_site", "summarise"]

REHEARSAL_DRAWS = 64
NOTHING_KNOWN = {"log_likelihoods": np.zeros(REHEARSAL_DRAWS), "log_evidence": 0.0, "log_evidence_error": 0.0}


def search_site(context, dataset, plan, previous=None, checkpoint=None):
    """Fit one dataset with its own model.

    Parameters
    ----------
    previous
        The tree of the dataset before it, None for the first.

    Raises
    ------
    GraphError
        If a parameter is drawn from a parent: sequential fits have no parents.
    """
    view = after(context, previous).view(dataset)
    stored = stored_form(view)  # before the search: what cannot be stored is said before the work, not after
    return {**fit_view(context, view, checkpoint), "model": json.dumps(stored)}


def summarise(context, sites, states):
    """All datasets' posteriors as one result of the phase."""
    return phase_result(context, sites, states[-1], {name: json.loads(tree["model"]) for name, tree in sites.items()})


def after(context, previous):
    """The phase as the next dataset sees it, given the tree of the dataset before it, or None."""
    if previous is None:
        return context
    samples, model = samples_from_tree(previous["samples"]), json.loads(previous["model"])
    return context.seeing(one_fit(context, previous["dataset"], samples, model))


def one_fit(context, dataset, samples, model):
    """A PhaseResult of one dataset, its model as :func:`stored_form` gives it."""
    return PhaseResult(
        study=context.study,
        phase=context.phase,
        inference=context.inference,
        locals={dataset: samples},
        models={dataset: model},
    )


def stored_form(view):
    """A dataset's model as plain data, and which of its parameters are shared: path -> name."""
    names = view.compiled.names
    return {**view.model.to_dict(), "shared": {names[index]: name for index, name in view.shared}}


def rehearsed(context, datasets):
    """Views of datasets as their searches will see them, before there is any fit.

    The fit before a dataset is stood in for by draws around the middle of that model's priors. A parameter keeps the
    draws from where it first appears, so that a chain of passed priors gets neither wider nor narrower.
    """
    views, found, columns = [], None, {}
    rng = np.random.default_rng(0)
    for dataset in datasets:
        place = context.datasets.index(dataset)
        if found is not None:
            found = one_fit(context, context.datasets[place - 1], *found)
        view = context.seeing(found).view(dataset)
        refuse_drawn(context, view)
        units = rng.uniform(0.45, 0.55, (REHEARSAL_DRAWS, view.compiled.ndim))
        drawn = np.array([view.compiled.vector(unit) for unit in units])
        for name, column in zip(view.compiled.names, drawn.T, strict=True):
            columns.setdefault(name, column)
        values = np.stack([columns[name] for name in view.compiled.names], axis=1)
        found = Samples(tuple(view.compiled.names), values, **NOTHING_KNOWN), stored_form(view)
        views.append(view)
    return views
