"""A sensitivity map of a phase: simulate a dataset in every cell, compose its model as the study does, fit twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cavity.errors import ModelError, SearchError, StudyError, did_you_mean
from cavity.inference import ONE_BY_ONE
from cavity.model import Collection, Model
from cavity.numerics.types import Array
from cavity.posterior.store import tree_checksum
from cavity.rng import generator
from cavity.strategy.grid_cells import Axis, Cell
from cavity.strategy.sensitivity import (
    check_simulated,
    compare_in_cell,
    perturbation_at,
    perturbation_axes,
    perturbed_instance,
    simulated,
    truths_of,
)
from cavity.strategy.sensitivity_result import SensitivityResult, collect_sensitivity

NAME = "perturbation"


@dataclass(frozen=True, eq=False)
class PhaseSensitivity:
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

    def tree(self) -> dict:
        """For :func:`cavity.posterior.store.save_tree`."""
        fits = {fit: result.tree() for fit, result in self.fits.items()}
        return {"name": self.name, "phase": self.phase, "level": self.level, "fits": fits}

    @classmethod
    def from_tree(cls, tree: dict) -> "PhaseSensitivity":
        """The inverse of :meth:`tree`."""
        fits = {fit: SensitivityResult.from_tree(part) for fit, part in tree["fits"].items()}
        return cls(tree["name"], tree["phase"], float(tree["level"]), fits)


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
class MapContext:
    """A sensitivity map's inputs: the phase's context, and what study.py and the earlier results give.

    Attributes
    ----------
    context
        The phase's.
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

    context: object
    dataset: object
    compose: object
    fitted: object
    simulate: object
    perturbation: object


def fits_of(inputs: "MapContext", part: Any) -> tuple[str, ...]:
    """The datasets that are mapped.

    Raises
    ------
    SearchError
        If the phase does not fit each dataset by itself, or there is no such dataset.
    """
    context = inputs.context
    if context.inference not in ONE_BY_ONE:
        raise SearchError(
            f"{part.name}: phase {context.phase} is {context.inference}; map the sensitivity of an independent phase"
        )
    if part.dataset == "all":
        return context.datasets
    if part.dataset not in context.datasets:
        hint = did_you_mean(part.dataset, context.datasets)
        raise SearchError(f"{part.name}: the table has no dataset {part.dataset}{hint}")
    return (part.dataset,)


def axes_of(inputs: "MapContext", part: Any, fit: str) -> list[Axis]:
    """The axes of one dataset's map, over parameters of its perturbation."""
    return perturbation_axes(_perturbation(inputs, fit), list(part.parameters), list(part.parameters.values()))


def seen(inputs: "MapContext", fit: str) -> str:
    """SHA-256 of what a dataset's truth and its models can see of earlier results."""
    return tree_checksum({"models": inputs.context.factor.seen(fit), "truth": inputs.fitted(fit).checksum})


def fit_cell(
    inputs: "MapContext", part: Any, fit: str, cell: Cell, stream: Sequence, checkpoint: Path | None = None
) -> dict:
    """Simulate and fit one cell; see :func:`cavity.strategy.sensitivity.compare_in_cell`.

    Raises
    ------
    StudyError
        If ``simulate`` returns something else than arrays shaped as the dataset's own.
    """
    context, dataset = inputs.context, inputs.dataset(fit)
    perturbation = _perturbation(inputs, fit)
    found = perturbation_at(perturbation, cell, axes_of(inputs, part, fit))
    instance = perturbed_instance(inputs.fitted(fit).instance, NAME, found)
    rng = generator(context.seed, *stream, "data")
    arrays = simulated(lambda truth, rng: inputs.simulate(truth, dataset, rng), instance, rng, cell)
    check_simulated(arrays, dataset.load())
    factor = inputs.compose(SimulatedDataset(dataset, arrays))
    base = factor.prior_model
    if not isinstance(base, Collection):
        raise ModelError(
            f"{part.name}: the model of dataset {fit} must be a Collection, so that the perturbation can join it"
        )
    perturbed = base.copy()
    perturbed[NAME] = perturbation
    search = factor.optimiser or context.search
    return compare_in_cell(
        {"base": base, "perturbed": perturbed},
        factor.analysis,
        cell,
        search,
        lambda which: generator(context.seed, *stream, which),
        dataset=fit,
        on_error=context.on_error,
        checkpoint=checkpoint,
    )


def collect(inputs: "MapContext", part: Any, records: Mapping[str, Mapping[str, dict]]) -> PhaseSensitivity:
    """The :class:`PhaseSensitivity` of the records {fit: {cell: record}}."""
    fits = {}
    for fit in fits_of(inputs, part):
        axes = axes_of(inputs, part, fit)
        fits[fit] = collect_sensitivity(axes, truths_of(_perturbation(inputs, fit), axes), records.get(fit, {}))
    return PhaseSensitivity(name=part.name, phase=inputs.context.phase, level=part.level, fits=fits)


def _perturbation(inputs, fit):
    found = inputs.perturbation(inputs.dataset(fit))
    if not isinstance(found, (Model, Collection)):
        raise StudyError(f"the perturbation for dataset {fit} is a {type(found).__name__}; return a cavity.Model")
    return found
