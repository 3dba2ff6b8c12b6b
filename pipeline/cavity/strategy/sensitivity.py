"""Sensitivity mapping: for which perturbations would the data make us accept the model that has them?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cavity.errors import CavityError, ModelError, SearchError, StudyError
from cavity.model import Collection
from cavity.numerics.types import Array
from cavity.posterior.store import samples_tree
from cavity.rng import generator
from cavity.search import Search
from cavity.search.identity import content_hash
from cavity.search.model_problem import model_problem
from cavity.strategy.cores import map_cores
from cavity.strategy.grid_cells import Axis, Cell, make_axis, make_cells
from cavity.strategy.grid_search import chosen_priors
from cavity.strategy.polished import run_polished
from cavity.strategy.sensitivity_result import SensitivityResult, collect_sensitivity


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Simulate a dataset in every cell of a grid of perturbations, fit it with and without, compare the evidences.

    Parameters
    ----------
    search
        Any search with an evidence; both fits use it.
    base_model
        A Collection: the model without the perturbation.
    perturbation
        A Model. It joins the base model under ``name``; its priors are those of the fit, in every cell the same.
    simulate
        ``simulate(instance, rng) -> {key: array}``: a dataset made of an instance of the base model that has the
        perturbation as ``instance.<name>``.
    analysis
        A class or function: called with the simulated arrays as keywords, returns an Analysis. Its likelihood gets
        instances with and without the perturbation.
    number_of_steps
        As in :class:`SearchGridSearch`; the truth of a cell is the median of the prior in its box.
    number_of_cores
        Processes to work in.
    name
        What the perturbation is called.
    """

    search: Any
    base_model: Any
    perturbation: Any
    simulate: Callable
    analysis: Callable
    number_of_steps: object = 4
    number_of_cores: int = 1
    name: str = "perturbation"

    def fit(
        self, instance: Any = None, grid_priors: Any = None, seed: int = 1, like: Any = None, resume: Any = None
    ) -> SensitivityResult:
        """Map the evidence difference.

        Parameters
        ----------
        instance
            The base model's truth, such as a result's ``.instance``; its prior medians unless given.
        grid_priors
            Parameters of the perturbation on the axes, priors or paths; all of them unless given. The others are
            simulated at their prior median.
        seed
            An integer >= 0; each cell has streams of its own for data and fits.
        like
            {key: array} of a real dataset: what the simulation's keys and shapes must be.
        resume
            An earlier result: cells that did not fail and have the same content are kept.

        Returns
        -------
        SensitivityResult

        Raises
        ------
        StudyError
            If ``simulate`` returns something else than arrays, or arrays of other shapes than ``like`` or other cells.
        SearchError
            If an axis is wrong, or all cells fail.
        """
        if not isinstance(self.base_model, Collection):
            raise ModelError("Sensitivity: base_model must be a Collection, so that the perturbation can join it")
        instance = self.base_model.instance_from_prior_medians() if instance is None else instance
        axes = perturbation_axes(self.perturbation, grid_priors, self.number_of_steps)
        cells = make_cells(axes)
        identity = content_hash(
            self.base_model.to_dict(), self.perturbation.to_dict(), vars(instance), self.search.settings(), seed
        )
        like = like or self._data(cells[0], instance, axes, seed)
        known = _known(resume, identity, cells)

        def fit_cell(cell):
            data = self._data(cell, instance, axes, seed)
            check_simulated(data, like)
            return {"identity": identity, **self._fit_cell(cell, data, seed)}

        wanted = [cell for cell in cells if cell.name not in known]
        found = map_cores(fit_cell, wanted, self.number_of_cores)
        records = known | {cell.name: record for cell, record in zip(wanted, found, strict=True)}
        return collect_sensitivity(axes, truths_of(self.perturbation, axes), records)

    def perturbed_model(self) -> Collection:
        """The base model with the perturbation."""
        model = self.base_model.copy()
        model[self.name] = self.perturbation
        return model

    def _data(self, cell, instance, axes, seed):
        truth = perturbed_instance(instance, self.name, perturbation_at(self.perturbation, cell, axes))
        return simulated(self.simulate, truth, generator(seed, "sensitivity", cell.name, "data"), cell)

    def _fit_cell(self, cell, data, seed):
        return compare_in_cell(
            {"base": self.base_model, "perturbed": self.perturbed_model()},
            self.analysis(**data),
            cell,
            self.search,
            lambda fit: generator(seed, "sensitivity", cell.name, fit),
        )


def perturbation_axes(perturbation: Any, grid_priors: Any, number_of_steps: Any) -> list[Axis]:
    """The axes of a grid over a perturbation's parameters, all of them where ``grid_priors`` is None."""
    priors = chosen_priors(perturbation, perturbation.priors if grid_priors is None else grid_priors)
    steps = number_of_steps if isinstance(number_of_steps, (list, tuple)) else [number_of_steps] * len(priors)
    if len(steps) != len(priors):
        raise SearchError(f"number_of_steps has {len(steps)} entries for {len(priors)} axes; give one for each")
    return [make_axis(name, prior, cut) for (name, prior), cut in zip(priors.items(), steps, strict=True)]


def truths_of(perturbation: Any, axes: Sequence[Axis]) -> Any:
    """Per axis, (n,) what its cells are simulated with: the value, or the prior's median inside each box."""
    priors = dict(zip(perturbation.parameter_names, perturbation.priors, strict=True))
    found = []
    for axis in axes:
        prior, boxes = priors[axis.name], zip(axis.lower, axis.upper, strict=True)
        medians = [low if low == up else float(prior.confined(low, up).value_for(0.5)) for low, up in boxes]
        found.append(np.array(medians))
    return tuple(found)


def perturbation_at(perturbation: Any, cell: Cell, axes: Sequence[Axis]) -> Any:
    """The perturbation of a cell, an instance."""
    compiled = perturbation.compile()
    vector = compiled.vector([0.5] * compiled.ndim)
    for axis, truth, place in zip(axes, truths_of(perturbation, axes), cell.index, strict=True):
        vector[compiled.names.index(axis.name)] = truth[place]
    return compiled.instance(vector)


def perturbed_instance(instance: Any, name: str, perturbation: Any) -> Any:
    """An instance of the base model with the perturbation as one more part; the original stays as it is."""
    import copy

    joined = copy.copy(instance)
    joined.__dict__ = {**vars(instance), name: perturbation}
    return joined


def simulated(simulate: Callable, instance: Any, rng: np.random.Generator, cell: Cell) -> Any:
    """One simulated dataset: {key: array}.

    Raises
    ------
    StudyError
        If ``simulate`` raises or returns something else.
    """
    try:
        data = simulate(instance, rng)
    except CavityError:
        raise
    except Exception as error:
        raise StudyError(f"simulate failed at {cell.described()}: {type(error).__name__}: {error}") from error
    if not isinstance(data, Mapping) or not data:
        raise StudyError(f"simulate returned a {type(data).__name__}; return a dict of arrays, as dataset.load() does")
    return {str(key): np.asarray(value) for key, value in data.items()}


def check_simulated(data: Mapping[str, Array], like: Any) -> None:
    """StudyError where a simulated dataset has other keys or shapes than ``like``."""
    if set(data) != set(like):
        raise StudyError(f"simulate returned {', '.join(data)}; a dataset has {', '.join(like)}")
    for key, value in like.items():
        if np.shape(data[key]) != np.shape(value):
            raise StudyError(f"simulate returned {key} of shape {np.shape(data[key])}; a dataset has {np.shape(value)}")


def compare_in_cell(
    models: Any,
    analysis: Any,
    cell: Cell,
    search: Search,
    rng_of: Callable[[str], np.random.Generator],
    dataset: str = "",
    on_error: str = "raise",
    checkpoint: Path | None = None,
) -> dict:
    """Both fits of one cell.

    Parameters
    ----------
    models
        {"base": model, "perturbed": model}.
    rng_of
        Fit -> generator.

    Returns
    -------
    dict
        cell, and a tree of samples for each fit; or ``failed`` with the sentence.
    """
    record = {"cell": cell.name}
    for fit, model in models.items():
        try:
            problem = model_problem(model, analysis, dataset=dataset)
            at = None if checkpoint is None else checkpoint / fit
            record[fit] = samples_tree(run_polished(search, problem, rng_of(fit), at, on_error))
        except CavityError as error:
            return {"cell": cell.name, "failed": f"cell {cell.described()}, {fit} model: {error}"}
    return record


def _known(resume, identity, cells):
    if resume is None:
        return {}
    earlier = {cell.name: dict(cell.boxes) for cell in make_cells(resume.axes)}
    same = {cell.name for cell in cells if earlier.get(cell.name) == dict(cell.boxes)}
    kept = resume.records.items()
    return {name: r for name, r in kept if name in same and "failed" not in r and r["identity"] == identity}
