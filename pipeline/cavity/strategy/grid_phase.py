"""A grid search of a phase: cells of each dataset by itself, or of the whole joint or expectation propagation fit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from cavity.errors import CavityError, ResultError, SearchError, did_you_mean
from cavity.inference import ONE_BY_ONE
from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp
from cavity.posterior.samples import Samples
from cavity.posterior.store import samples_tree, tree_checksum
from cavity.rng import generator
from cavity.strategy.context import PhaseContext
from cavity.strategy.grid_cells import Axis, Cell, in_cell, make_axis
from cavity.strategy.grid_graph import ReplacedParents
from cavity.strategy.grid_result import GridSearchResult, collect_cells
from cavity.strategy.grid_search import chosen_priors, try_cell
from cavity.strategy.run import conclude, rounds_of

WHOLE = "all"  # the name of a fit of all datasets together
KEPT_DRAWS = 2000  # of the shared parameters, in a cell of a whole fit


@dataclass(frozen=True, eq=False)
class PhaseGrid:
    """The collected grid search of a phase.

    Attributes
    ----------
    name, phase, inference
        Of the grid search, the phase it fitted, and that phase's inference.
    fits
        Dataset -> GridSearchResult; one entry ``all`` for a joint or EP phase.
    """

    name: str
    phase: str
    inference: str
    fits: Mapping[str, GridSearchResult]

    @property
    def locals(self) -> dict[str, Samples]:
        """Dataset -> samples of its best cell."""
        return {fit: result.best_samples for fit, result in self.fits.items() if fit != WHOLE}

    @property
    def shared(self) -> Samples | None:
        """Samples of the shared parameters in the best cell of a fit of all datasets, else None."""
        return self.fits[WHOLE].best_samples if WHOLE in self.fits else None

    @property
    def log_evidence(self) -> float | None:
        """Of the best cell of a fit of all datasets, else None."""
        return None if self.shared is None else self.shared.log_evidence

    def of_dataset(self, dataset: str) -> "PhaseGrid":
        """What one dataset may see: its own grid, or that of all datasets together."""
        fit = WHOLE if WHOLE in self.fits else dataset
        if fit not in self.fits:
            raise ResultError(f"{self.name} has no grid of dataset {dataset}; fit it with dataset: all")
        return replace(self, fits={fit: self.fits[fit]})

    def tree(self) -> dict:
        """For :func:`cavity.posterior.store.save_tree`."""
        fits = {fit: result.tree() for fit, result in self.fits.items()}
        return {"name": self.name, "phase": self.phase, "inference": self.inference, "fits": fits}

    @classmethod
    def from_tree(cls, tree: dict) -> "PhaseGrid":
        """The inverse of :meth:`tree`."""
        fits = {fit: GridSearchResult.from_tree(part) for fit, part in tree["fits"].items()}
        return cls(tree["name"], tree["phase"], tree["inference"], fits)


def fits_of(context: PhaseContext, part: Any) -> tuple[str, ...]:
    """Names of the fits that a grid search makes: the datasets of a phase that fits each by itself, else ``all``.

    Parameters
    ----------
    context
        The phase.
    part
        The grid's configuration: ``name``, ``parameters`` (name -> cut), ``dataset`` (an id, or ``all``).

    Raises
    ------
    SearchError
        If there is no such dataset, or one is asked for where all are fitted together.
    """
    dataset = part.dataset
    if context.inference not in ONE_BY_ONE:
        if dataset != WHOLE:
            raise SearchError(
                f"{part.name}: phase {context.phase} is {context.inference} and fits all datasets together; its grid "
                f"cannot be of {dataset} alone, use dataset: all"
            )
        return (WHOLE,)
    if dataset == WHOLE:
        return context.datasets
    if dataset not in context.datasets:
        raise SearchError(f"dataset {dataset}: the table has no such dataset{did_you_mean(dataset, context.datasets)}")
    return (dataset,)


def axes_of(context: PhaseContext, part: Any, fit: str) -> list[Axis]:
    """The axes of one fit: a parameter is a path in the dataset's model, or for ``all`` a name as in the results."""
    if fit != WHOLE:
        return axes_in(context.view(fit).model, part)
    return _axes(_priors(context, part.parameters), part)


def axes_in(model: Any, part: Any) -> list[Axis]:
    """The axes of the grid of one dataset's model."""
    return _axes(chosen_priors(model, list(part.parameters)), part)


def _axes(priors, part):
    return [make_axis(name, priors[name], cut) for name, cut in part.parameters.items()]


def seen(context: PhaseContext, fit: str) -> str:
    """SHA-256 of what the models of a fit can see of earlier results."""
    return tree_checksum({dataset: context.factor.seen(dataset) for dataset in _datasets(context, fit)})


def _datasets(context, fit):
    return context.datasets if fit == WHOLE else (fit,)


def fit_cell(
    context: PhaseContext, part: Any, fit: str, cell: Cell, stream: Sequence, checkpoint: Path | None = None
) -> dict:
    """Fit one cell.

    Parameters
    ----------
    stream
        Keys of the cell's random numbers, beside the study's seed.

    Returns
    -------
    dict
        cell, log_mass, samples; or ``failed`` with the sentence.
    """
    if fit == WHOLE:
        return _fit_whole(context, cell, _priors(context, cell.boxes), stream)
    view = context.view(fit)
    priors = chosen_priors(view.model, list(cell.boxes))  # of this very model: each call of factor makes new ones
    if view.drawn:
        raise SearchError(f"dataset {fit}: {view.drawn[0].name} is drawn from a parent; use inference: ep or joint")
    search, rng = context.search_of(view), generator(context.seed, *stream)
    return try_cell(view.model, view.analysis, cell, priors, search, rng, fit, context.on_error, checkpoint)


def collect(context: PhaseContext, part: Any, records: Mapping[str, Mapping[str, dict]]) -> PhaseGrid:
    """The :class:`PhaseGrid` of the records {fit: {cell: record}}."""
    fits = {fit: collect_cells(axes_of(context, part, fit), records.get(fit, {})) for fit in fits_of(context, part)}
    return PhaseGrid(name=part.name, phase=context.phase, inference=context.inference, fits=fits)


def confined_context(context: PhaseContext, replacements: Mapping[str, Any]) -> PhaseContext:
    """The phase with shared or local parameters replaced.

    Parameters
    ----------
    replacements
        Name as in the results -> a prior or a value.
    """
    shared = {name: prior for prior, name in context.names.priors.items()}
    parents = ReplacedParents(
        context.names.parents, {shared[name]: new for name, new in replacements.items() if name in shared}
    )
    local = {name: new for name, new in replacements.items() if name not in shared}

    def factor(dataset):
        found = context.factor(dataset)
        model = found.prior_model
        own = {}
        for path, prior in zip(model.parameter_names, model.priors, strict=True):
            if f"{dataset}.{path}" in local:
                own[prior] = local[f"{dataset}.{path}"]
        return replace(found, prior_model=parents.model(model, own))

    return replace(context, factor=factor, names=parents.names(context.names), _seen={})


def _fit_whole(context, cell, priors, stream):
    replacements, log_mass = in_cell(cell, priors)
    by_name = {name: replacements[prior] for name, prior in priors.items()}
    confined = replace(confined_context(context, by_name), phase="/".join(str(key) for key in stream))
    confined = replace(confined, output=None, progress=None)
    try:
        result = conclude(confined, rounds_of(confined))
    except CavityError as error:
        return {"cell": cell.name, "failed": f"cell {cell.described()}: {error}"}
    samples = result.shared if result.shared is not None else next(iter(result.locals.values()))
    if len(samples) > KEPT_DRAWS:
        samples = samples.resampled(KEPT_DRAWS, generator(context.seed, *stream, "kept"))
    samples = replace(
        samples,
        log_evidence=result.log_evidence,
        log_evidence_error=result.log_evidence_error,
        calls=result.likelihood_evaluations["total"],
    )
    converged = bool(result.converged)
    return {"cell": cell.name, "log_mass": log_mass, "samples": samples_tree(samples), "converged": converged}


def _priors(context, names):
    """Name -> prior of the parameters on the axes of a fit of all datasets."""
    shared = {name: prior for prior, name in context.names.priors.items()}
    found, local = {}, {}
    for name in names:
        if name in shared:
            found[name] = shared[name]
            continue
        dataset = next((d for d in context.datasets if name.startswith(f"{d}.")), None)
        if dataset is not None and dataset not in local:
            model = context.view(dataset).model
            for path, prior in zip(model.parameter_names, model.priors, strict=True):
                local.setdefault(dataset, {})[f"{dataset}.{path}"] = prior
        known = local.get(dataset, {})
        if name not in known:
            hint = did_you_mean(name, [*shared, *known])
            raise SearchError(f"{name} is not a free parameter of phase {context.phase}{hint}")
        found[name] = known[name]
    return found


def plotted_arrays(result: GridSearchResult) -> Any:
    """(log evidence, errors, edges, labels) of a grid as the plot takes them: two axes, the others summed over."""
    axes, values, errors = result.axes[:2], result.log_share_values, result.log_evidence_errors
    if len(result.axes) <= 2:
        values = result.log_evidence_values
    else:
        values = log_sum_exp(values.reshape(*values.shape[:2], -1))
        errors = None
    return values, errors, [finite_edges(axis) for axis in axes], [axis.name for axis in axes]


def finite_edges(axis: Axis) -> Annotated[Array, "n+1"]:
    """(n + 1,) borders of an axis's cells for a plot; an infinite cell is as wide as its neighbour."""
    if axis.fixed:
        values = np.array(axis.lower)
        if len(values) == 1:
            return np.array([values[0] - 0.5, values[0] + 0.5])
        middle = 0.5 * (values[1:] + values[:-1])
        return np.array([2 * values[0] - middle[0], *middle, 2 * values[-1] - middle[-1]])
    edges = np.array([*axis.lower, axis.upper[-1]])
    inner = edges[np.isfinite(edges)]
    width = inner[1] - inner[0] if len(inner) > 1 else 1.0
    if math.isinf(edges[0]):
        edges[0] = inner[0] - width
    if math.isinf(edges[-1]):
        edges[-1] = inner[-1] + (inner[-1] - inner[-2] if len(inner) > 1 else 1.0)
    return edges
