"""Looking at a phase before it runs: every model composed, every likelihood called once, and what it will cost."""

import numpy as np

from cavity.config.part_keys import CellsConfig
from cavity.errors import CavityError
from cavity.grid.cells import WHOLE
from cavity.inference import ONE_BY_ONE, SEQUENTIAL
from cavity.prior import DrawnVariable
from cavity.search.search import require_libraries
from cavity.strategy.one_by_one import refuse_drawn, rehearsed
from cavity.strategy.phase_context import check_graph
from cavity.study.cost import price
from cavity.study.derived import cells_in
from cavity.study.rehearse import rehearse

MOST = 1000  # datasets that are looked at; more than that are sampled evenly
OWN = "a parent of its own"  # one made inside factor or inside a plate's function, which has no name
STAND_IN = "each dataset after the first was looked at with a stand-in for the fit of the one before it"


def check_phase(study, context):
    """The models, the graph and the cost of a phase, as text.

    Raises
    ------
    CavityError
        The first thing that would stop the fit: a factor that cannot be composed, a shared parameter that no dataset
        uses, a likelihood that is not a number at the middle of the prior, a search whose library is not there, an axis
        of a grid over no parameter.
    """
    datasets = _sample(context.datasets)
    sequential = context.inference == SEQUENTIAL
    views = rehearsed(context, datasets) if sequential else [context.view(dataset) for dataset in datasets]
    if context.inference in ONE_BY_ONE:
        for view in views:
            refuse_drawn(context, view)
    elif len(views) == len(context.datasets):
        check_graph(context, views)
    searches = (*map(study.search, study.config.phases), *map(context.search_of, views))
    for search in {type(search): search for search in searches}.values():
        require_libraries(search)
    rehearse(context, views)
    check_axes(study, context, views)
    cost = price(study, context, views)
    note = [STAND_IN, ""] if sequential else []
    return "\n".join([_title(study, context), "", views[0].model.info, "", *_graph(context, views), "", *note, cost])


def check_axes(study, context, views):
    """The error of the first axis, of a grid search or a sensitivity map of this phase, that cannot be cut."""
    models = {view.dataset: view.model for view in views}
    for part in study.config.derived.values():
        if isinstance(part, CellsConfig) and part.phase == context.phase:
            try:
                cells = cells_in(study, part, context, {})
                fits = cells.fits
                for fit in [fit for fit in fits if fit == WHOLE or fit in models] or fits[:1]:
                    cells.axes(fit, models.get(fit))
            except CavityError as error:
                raise type(error)(f"{study.path}: {part.name}: {error}") from error


def _sample(datasets):
    """At most MOST of them, evenly spaced."""
    if len(datasets) <= MOST:
        return datasets
    return tuple(datasets[index] for index in np.linspace(0, len(datasets) - 1, MOST).astype(int))


def _title(study, context):
    return f"{study.name}, phase {context.phase}: {len(context.datasets)} datasets, {context.inference}"


def _graph(context, views):
    """Lines that say which parameters are shared, drawn and local, and in how many datasets."""
    parents = context.names.parents
    lines = [f"shared   {name:<28} {_origin(prior, parents)}" for prior, name in context.names.priors.items()]
    drawn = _count((drawn.name, parents.get(drawn.parent, OWN)) for view in views for drawn in view.drawn)
    lines += [f"drawn    {path:<28} from {parent}, in {count} datasets" for (path, parent), count in drawn.items()]
    local = _count(path for view in views for _, path, _ in view.local)
    return lines + [f"local    {path:<28} in {count} datasets" for path, count in local.items()]


def _origin(prior, parents):
    """A shared parameter's prior, or where a group's is drawn from."""
    return f"drawn from {parents.get(prior.parent, OWN)}" if isinstance(prior, DrawnVariable) else repr(prior)


def _count(items):
    found = {}
    for item in items:
        found[item] = found.get(item, 0) + 1
    return found
