"""The cells of a study's phase: a grid search or a sensitivity map of its datasets, or of the whole fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from cavity.errors import CavityError, ResultError, SearchError, StudyError, did_you_mean
from cavity.grid.cell_arrays import CellArrays, GridSearchResult, SensitivityResult, collect_cells, collect_sensitivity
from cavity.grid.cells import WHOLE, Axis, Cell, chosen_priors, fits_of, in_cell, make_axes
from cavity.grid.confine import confined_context
from cavity.grid.grid_search import ModelCells
from cavity.grid.sensitivity import PerturbedCells, joined, perturbation_axes, truths_of
from cavity.inference import ONE_BY_ONE
from cavity.model import Collection, Model
from cavity.numerics.types import Array
from cavity.posterior.samples import Samples
from cavity.posterior.store import samples_tree, tree_checksum
from cavity.rng import generator
from cavity.strategy.loop import conclude, rounds_of
from cavity.strategy.phase_context import PhaseContext

KEPT_DRAWS = 2000  # of the shared parameters, in a cell of a whole fit
NAME = "perturbation"

# --- what is collected -----------------------------------------------------------------------------------------------


class PhaseArrays:
    """The collected cells of a phase: ``fits`` is {dataset: arrays over the cells}."""

    ARRAYS: ClassVar[type[CellArrays]]

    def tree(self) -> dict:
        """For :func:`cavity.posterior.store.save_tree`."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**own, "fits": {fit: result.tree() for fit, result in self.fits.items()}}

    @classmethod
    def from_tree(cls, tree: dict) -> Self:
        """The inverse of :meth:`tree`."""
        own = {field.name: tree[field.name] for field in fields(cls)}
        return cls(**{**own, "fits": {fit: cls.ARRAYS.from_tree(part) for fit, part in tree["fits"].items()}})


@dataclass(frozen=True, eq=False)
class PhaseGrid(PhaseArrays):
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

    ARRAYS = GridSearchResult

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


@dataclass(frozen=True, eq=False)
class PhaseSensitivity(PhaseArrays):
    """The collected sensitivity map of a phase.

    Attributes
    ----------
    name, phase
        Of the map, and the phase whose model is the base.
    level
        Difference of log evidence that counts as a detection.
    fits
        Dataset -> SensitivityResult.
    """

    name: str
    phase: str
    level: float
    fits: Mapping[str, SensitivityResult]

    ARRAYS = SensitivityResult


# --- what is fitted --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class GridCells:
    """The cells of a grid search of a phase.

    Attributes
    ----------
    context
        The phase.
    part
        The configuration: ``name``, ``phase``, ``parameters`` (name -> cut), ``dataset`` (an id, or ``all``).
    """

    context: PhaseContext
    part: Any

    @property
    def fits(self) -> tuple[str, ...]:
        """Names of the fits; see :func:`cavity.grid.cells.fits_of`."""
        return fits_of(self.part, self.context.inference, self.context.datasets)

    def axes(self, fit: str, model: Any = None) -> list[Axis]:
        """The axes of a fit: a parameter is a path in the dataset's model, or for ``all`` a name as in the results.

        Parameters
        ----------
        model
            The dataset's model where it has been composed already.
        """
        names, cuts = list(self.part.parameters), list(list(self.part.parameters.values()))
        if fit == WHOLE:
            return make_axes(_priors(self.context, names), cuts)
        return make_axes(chosen_priors(model or self.context.view(fit).model, names), cuts)

    def seen(self, fit: str) -> str:
        """SHA-256 of what the models of a fit can see of earlier results."""
        datasets = self.context.datasets if fit == WHOLE else (fit,)
        return tree_checksum({dataset: self.context.factor.seen(dataset) for dataset in datasets})

    def fit_cell(self, fit: str, cell: Cell, stream: Sequence, checkpoint: Path | None = None) -> dict:
        """The record of a cell: cell, log_mass, samples; or ``failed`` with the sentence.

        Parameters
        ----------
        stream
            Keys of the cell's random numbers, beside the study's seed.
        """
        context = self.context
        if fit == WHOLE:
            return _fit_whole(context, cell, stream)
        view = context.view(fit)
        priors = chosen_priors(view.model, list(cell.boxes))  # of this very model: each call of factor makes new ones
        if view.drawn:
            raise SearchError(f"dataset {fit}: {view.drawn[0].name} is drawn from a parent; use inference: ep or joint")
        grid = ModelCells(view.model, view.analysis, context.search_of(view), priors, fit, context.on_error)
        return grid.fit(cell, generator(context.seed, *stream), checkpoint)

    def collect(self, records: Mapping[str, Mapping[str, dict]]) -> PhaseGrid:
        """The :class:`PhaseGrid` of the records {fit: {cell: record}}."""
        fits = {fit: collect_cells(self.axes(fit), records.get(fit, {})) for fit in self.fits}
        return PhaseGrid(self.part.name, self.context.phase, self.context.inference, fits)


def _fit_whole(context, cell, stream):
    priors = _priors(context, cell.boxes)
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


class SimulatedDataset:
    """A dataset of the table with other arrays: what ``factor`` gets in place of it."""

    def __init__(self, dataset: Any, arrays: Mapping[str, Array]):
        self._dataset = dataset
        self._arrays = dict(arrays)

    def __getattr__(self, name):
        return getattr(self._dataset, name)

    def load(self) -> dict[str, Array]:
        """The simulated arrays."""
        return dict(self._arrays)


@dataclass(frozen=True, eq=False)
class MapCells:
    """The cells of a sensitivity map of a phase: simulate a dataset, compose its model as the study does, fit twice.

    Attributes
    ----------
    context, part
        As those of :class:`GridCells`, and ``part.level``.
    dataset
        Id -> dataset with ``load()``.
    compose
        (dataset object) -> AnalysisFactor: the phase's factor for arrays of its choice.
    fitted
        Id -> EarlierPhase: what the phase's own fit found, its ``instance`` is the truth of the base model.
    simulate
        ``simulate(instance, dataset, rng) -> {key: array}``, of study.py.
    perturbation
        ``perturbation(dataset) -> Model``, of study.py.
    """

    context: PhaseContext
    part: Any
    dataset: Callable
    compose: Callable
    fitted: Callable
    simulate: Callable
    perturbation: Callable

    @property
    def fits(self) -> tuple[str, ...]:
        """The datasets that are mapped; SearchError where the phase does not fit each by itself."""
        if self.context.inference not in ONE_BY_ONE:
            raise SearchError(
                f"{self.part.name}: phase {self.context.phase} is {self.context.inference}; map the sensitivity of an "
                "independent phase"
            )
        return fits_of(self.part, self.context.inference, self.context.datasets)

    def axes(self, fit: str, model: Any = None) -> list[Axis]:
        """The axes of one dataset's map, over parameters of its perturbation."""
        return perturbation_axes(
            self._perturbation(fit), list(self.part.parameters), list(self.part.parameters.values())
        )

    def seen(self, fit: str) -> str:
        """SHA-256 of what a dataset's truth and its models can see of earlier results."""
        return tree_checksum({"models": self.context.factor.seen(fit), "truth": self.fitted(fit).checksum})

    def fit_cell(self, fit: str, cell: Cell, stream: Sequence, checkpoint: Path | None = None) -> dict:
        """The record of a cell, see :meth:`cavity.grid.sensitivity.PerturbedCells.compare`."""
        context, dataset, perturbation = self.context, self.dataset(fit), self._perturbation(fit)

        def simulate(instance, rng):
            return self.simulate(instance, dataset, rng)

        def compose(arrays):
            factor = self.compose(SimulatedDataset(dataset, arrays))
            base = factor.prior_model
            perturbed = joined(base, NAME, perturbation, f"{self.part.name}: the model of dataset {fit}")
            return {"base": base, "perturbed": perturbed}, factor.analysis, factor.optimiser or context.search

        truth, like = self.fitted(fit).instance, dataset.load()
        grid = PerturbedCells(perturbation, NAME, truth, simulate, compose, like, fit, context.on_error)
        return grid.compare(cell, partial(generator, context.seed, *stream), checkpoint)

    def collect(self, records: Mapping[str, Mapping[str, dict]]) -> PhaseSensitivity:
        """The :class:`PhaseSensitivity` of the records {fit: {cell: record}}."""
        fits = {}
        for fit in self.fits:
            axes = self.axes(fit)
            fits[fit] = collect_sensitivity(axes, truths_of(self._perturbation(fit), axes), records.get(fit, {}))
        return PhaseSensitivity(self.part.name, self.context.phase, self.part.level, fits)

    def _perturbation(self, fit):
        found = self.perturbation(self.dataset(fit))
        if not isinstance(found, (Model, Collection)):
            raise StudyError(f"the perturbation for dataset {fit} is a {type(found).__name__}; return a cavity.Model")
        return found
