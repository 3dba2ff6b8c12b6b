"""Sensitivity mapping: for which perturbations would the data make us accept the model that has them?"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from cavity.errors import CavityError, ModelError, StudyError
from cavity.grid.cell_arrays import SensitivityResult, collect_sensitivity
from cavity.grid.cells import Axis, Cell, chosen_priors, make_axes, make_cells
from cavity.grid.cores import fit_cells, going_on
from cavity.identity.content import content_hash
from cavity.model import Collection
from cavity.numerics.types import Array
from cavity.posterior.store import samples_tree
from cavity.rng import generator
from cavity.search.model_problem import model_problem
from cavity.strategy.polished import run_polished


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
        perturbed = self.perturbed_model()
        instance = self.base_model.instance_from_prior_medians() if instance is None else instance
        axes = perturbation_axes(self.perturbation, grid_priors, self.number_of_steps)
        cells = make_cells(axes)
        identity = content_hash(
            self.base_model.to_dict(), self.perturbation.to_dict(), vars(instance), self.search.settings(), seed
        )

        def compose(arrays):
            return {"base": self.base_model, "perturbed": perturbed}, self.analysis(**arrays), self.search

        def rng_of(cell):
            return partial(generator, seed, "sensitivity", cell.name)

        grid = PerturbedCells(self.perturbation, self.name, instance, self.simulate, compose, like)
        if not like:
            grid = replace(grid, like=grid.simulated(cells[0], rng_of(cells[0])))

        def fit(cell, checkpoint):
            return grid.compare(cell, rng_of(cell), checkpoint)

        records = fit_cells(cells, fit, going_on(resume, identity), self.number_of_cores)
        return collect_sensitivity(axes, truths_of(self.perturbation, axes), records)

    def perturbed_model(self) -> Collection:
        """The base model with the perturbation."""
        return joined(self.base_model, self.name, self.perturbation, "Sensitivity: base_model")


@dataclass(frozen=True, eq=False)
class PerturbedCells:
    """A dataset that is simulated in cells of a grid of perturbations, and fitted without and with one.

    Attributes
    ----------
    perturbation
        A Model.
    name
        What it is called in an instance.
    instance
        The base model's truth.
    simulate
        ``simulate(instance, rng) -> {key: array}``.
    compose
        arrays -> ({"base": model, "perturbed": model}, analysis, search).
    like
        {key: array}: what the keys and shapes of simulated arrays must be.
    dataset, on_error
        As in ``Search.run``.
    """

    perturbation: Any
    name: str
    instance: Any
    simulate: Callable
    compose: Callable
    like: Mapping[str, Array] | None
    dataset: str = ""
    on_error: str = "raise"

    def simulated(self, cell: Cell, rng_of: Callable[[str], np.random.Generator]) -> dict[str, Array]:
        """The arrays of a cell.

        Parameters
        ----------
        rng_of
            What for ("data", "base", "perturbed") -> generator.

        Raises
        ------
        StudyError
            If ``simulate`` raises, or returns something else than arrays like those that it should.
        """
        truth = copy.copy(self.instance)
        truth.__dict__ = {**vars(truth), self.name: perturbation_at(self.perturbation, cell)}
        try:
            data = self.simulate(truth, rng_of("data"))
        except CavityError:
            raise
        except Exception as error:
            raise StudyError(f"simulate failed at {cell.described()}: {type(error).__name__}: {error}") from error
        if not isinstance(data, Mapping) or not data:
            raise StudyError(
                f"simulate returned a {type(data).__name__}; return a dict of arrays, as dataset.load() does"
            )
        arrays = {str(key): np.asarray(value) for key, value in data.items()}
        _refuse_other_shapes(arrays, self.like or arrays)
        return arrays

    def compare(self, cell: Cell, rng_of: Callable[[str], np.random.Generator], checkpoint: Path | None = None) -> dict:
        """Both fits of a cell.

        Returns
        -------
        dict
            cell, and a tree of samples for each fit; or ``failed`` with the sentence.
        """
        models, analysis, search = self.compose(self.simulated(cell, rng_of))
        record = {"cell": cell.name}
        for fit, model in models.items():
            try:
                problem = model_problem(model, analysis, dataset=self.dataset)
                at = None if checkpoint is None else checkpoint / fit
                record[fit] = samples_tree(run_polished(search, problem, rng_of(fit), at, self.on_error))
            except CavityError as error:
                return {"cell": cell.name, "failed": f"cell {cell.described()}, {fit} model: {error}"}
        return record


def joined(base: Any, name: str, perturbation: Any, what: str) -> Collection:
    """A base model with the perturbation as one more part; ModelError where it is no Collection, ``what`` it is."""
    if not isinstance(base, Collection):
        raise ModelError(f"{what} must be a Collection, so that the perturbation can join it")
    model = base.copy()
    model[name] = perturbation
    return model


def perturbation_axes(perturbation: Any, grid_priors: Any, steps: Any) -> list[Axis]:
    """The axes of a grid over a perturbation's parameters, all of them where ``grid_priors`` is None."""
    return make_axes(chosen_priors(perturbation, perturbation.priors if grid_priors is None else grid_priors), steps)


def truths_of(perturbation: Any, axes: Sequence[Axis]) -> tuple[Annotated[Array, "n"], ...]:
    """Per axis, (n,) what its cells are simulated with: the value, or the prior's median inside each box."""
    priors = dict(zip(perturbation.parameter_names, perturbation.priors, strict=True))
    boxes = (zip(axis.lower, axis.upper, strict=True) for axis in axes)
    return tuple(np.array([_truth(priors[a.name], *box) for box in of]) for a, of in zip(axes, boxes, strict=True))


def perturbation_at(perturbation: Any, cell: Cell) -> Any:
    """The perturbation of a cell, an instance; parameters on no axis are at their prior's median."""
    compiled = perturbation.compile()
    vector = compiled.vector([0.5] * compiled.ndim)
    for name, box in cell.boxes.items():
        place = compiled.names.index(name)
        vector[place] = _truth(compiled.priors[place], *box)
    return compiled.instance(vector)


def _truth(prior, lower, upper):
    return lower if lower == upper else float(prior.confined(lower, upper).value_for(0.5))


def _refuse_other_shapes(data, like):
    if set(data) != set(like):
        raise StudyError(f"simulate returned {', '.join(data)}; a dataset has {', '.join(like)}")
    for key, value in like.items():
        if np.shape(data[key]) != np.shape(value):
            raise StudyError(f"simulate returned {key} of shape {np.shape(data[key])}; a dataset has {np.shape(value)}")
