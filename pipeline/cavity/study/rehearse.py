"""Making what a phase's searches are given, without a search: what they would refuse is refused before they run."""

import numpy as np

from cavity.graph import link_of
from cavity.propagate.link import Link
from cavity.search.model_problem import model_problem
from cavity.strategy.joint import graph_of
from cavity.strategy.tilted import Interim, Tilted

_NOTHING = Interim(mean=np.empty(0), sd=np.empty(0), shared=None)


def rehearse(context, views):
    """Compose the problems of a phase's searches.

    Parameters
    ----------
    context
        The phase.
    views
        Its datasets' factors.

    Raises
    ------
    CavityError
        What the searches would raise: a parent whose family cannot be propagated, an assertion that is never true or
        about shared parameters, a search that cannot have so many parameters.
    """
    if context.inference == "joint":
        graph = graph_of(context)
        context.search.refuse(model_problem(graph.global_prior_model, graph).ndim)
        return
    for view in views:
        if context.inference == "ep":
            Tilted(view, Link(link_of(view, context.coordinates), context.space), context.space, _NOTHING)
        else:
            model_problem(view.model, view.analysis, dataset=view.dataset)
        context.search_of(view).refuse(view.compiled.ndim)
