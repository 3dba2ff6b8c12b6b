"""A grid search of searches: one fit a cell, each with its parameters confined to the cell's box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cavity.errors import CavityError, SearchError, did_you_mean
from cavity.graph import FactorGraphModel
from cavity.posterior.store import samples_tree
from cavity.prior import Prior
from cavity.rng import generator
from cavity.search import Search
from cavity.search.identity import content_hash
from cavity.search.model_problem import acceptance, model_problem
from cavity.strategy.cores import map_cores
from cavity.strategy.grid_cells import Cell, in_cell, make_axis, make_cells
from cavity.strategy.grid_graph import graph_with
from cavity.strategy.grid_result import GridSearchResult, collect_cells
from cavity.strategy.polished import run_polished


@dataclass(frozen=True, eq=False)
class SearchGridSearch:
    """Fit a model once in every cell of a grid over some of its parameters.

    A cell keeps the prior's own density inside its box, so the cells' evidences, each times its share of the prior, add
    up to the evidence of the whole model.

    Parameters
    ----------
    search
        Any search with an evidence.
    number_of_steps
        Steps along every axis, boxes of equal prior mass; or one entry for each of ``grid_priors``: a number, a
        list of edges, or ``{"values": [...]}``.
    number_of_cores
        Processes to fit cells in; the numbers do not depend on it.
    """

    search: object
    number_of_steps: object = 4
    number_of_cores: int = 1

    def fit(
        self, model: Any, analysis: Any, grid_priors: Any, seed: int = 1, resume: Any = None, on_error: str = "raise"
    ) -> GridSearchResult:
        """Fit every cell.

        Parameters
        ----------
        model, analysis
            As in ``search.fit``; for a factor graph its ``global_prior_model`` and the graph.
        grid_priors
            The parameters of the axes: priors of the model, or their paths.
        seed
            An integer >= 0; each cell has a stream of its own.
        resume
            An earlier result: cells that are in it, did not fail and have the same content are not fitted again.
        on_error
            As in ``search.fit``.

        Returns
        -------
        GridSearchResult

        Raises
        ------
        SearchError
            If an axis is not over a free parameter or has no steps, or if all cells fail; a cell that fails alone is
            named in ``result.failed``.
        """
        priors = chosen_priors(model, grid_priors)
        axes = [
            make_axis(name, prior, cut) for (name, prior), cut in zip(priors.items(), self._cuts(priors), strict=True)
        ]
        cells = make_cells(axes)
        identity = content_hash(model.to_dict(), analysis, self.search.settings(), seed, on_error)
        known = _known(resume, identity, cells)

        def fit_cell(cell):
            rng = generator(seed, "grid", cell.name)
            return {
                "identity": identity,
                **try_cell(model, analysis, cell, priors, self.search, rng, on_error=on_error),
            }

        wanted = [cell for cell in cells if cell.name not in known]
        found = map_cores(fit_cell, wanted, self.number_of_cores)
        records = known | {cell.name: record for cell, record in zip(wanted, found, strict=True)}
        result = collect_cells(axes, records)
        return replace(
            result, best_result=_result(model, analysis, result.best_cell, priors, result.best_samples, self.search)
        )

    def _cuts(self, priors):
        """One cut for each axis."""
        steps = self.number_of_steps
        if not isinstance(steps, Sequence) or isinstance(steps, str):
            return [steps] * len(priors)
        if len(steps) != len(priors):
            raise SearchError(
                f"number_of_steps has {len(steps)} entries for {len(priors)} grid_priors; give one for each"
            )
        return list(steps)


def chosen_priors(model: Any, grid_priors: Any) -> dict[str, Prior]:
    """Name -> prior of the axes.

    Raises
    ------
    SearchError
        If one is fixed or not in the model, or is there twice.
    """
    compiled = model.compile()
    by_name = dict(zip(compiled.names, compiled.priors, strict=True))
    name_of = {prior: name for name, prior in by_name.items()}
    if not len(grid_priors):
        raise SearchError("grid_priors is empty; give at least one parameter of the model")
    found = {}
    for number, entry in enumerate(grid_priors):
        name = entry if isinstance(entry, str) else name_of.get(entry) if not _is_number(entry) else None
        if name is None:
            what = f"fixed to {entry}" if _is_number(entry) else "not a free parameter of the model"
            raise SearchError(f"grid_priors[{number}] is {what}; choose among {', '.join(by_name)}")
        if name not in by_name:
            raise SearchError(f"{name} is not a free parameter of the model{did_you_mean(name, by_name)}")
        if name in found:
            raise SearchError(f"{name} is on two axes of the grid; give each axis a parameter of its own")
        found[name] = by_name[name]
    return found


def cell_problem(model: Any, analysis: Any, cell: Cell, priors: Mapping[str, Prior]) -> Any:
    """(model, analysis, log of the prior mass) of one cell; SearchError where ``priors`` are of another model."""
    if not set(priors.values()) <= set(model.priors):
        raise SearchError(f"cell {cell.described()}: its parameters are not those of the model")
    replacements, log_mass = in_cell(cell, priors)
    if isinstance(analysis, FactorGraphModel):
        graph = graph_with(analysis, replacements)
        return graph.global_prior_model, graph, log_mass
    return model.replacing(replacements), analysis, log_mass


def search_cell(
    model: Any,
    analysis: Any,
    cell: Cell,
    priors: Mapping[str, Prior],
    search: Search,
    rng: np.random.Generator,
    dataset: str = "",
    on_error: str = "raise",
    checkpoint: Path | None = None,
) -> dict:
    """Fit one cell.

    Parameters
    ----------
    cell
        A :class:`~cavity.strategy.grid_cells.Cell`.
    priors
        Name -> prior of the axes.
    search, rng, dataset, on_error, checkpoint
        As in ``Search.run``.

    Returns
    -------
    dict
        cell, log_mass, samples; with assertions, the mass is that of the cell among what they accept.
    """
    confined, analysis, log_mass = cell_problem(model, analysis, cell, priors)
    problem = model_problem(confined, analysis, dataset=dataset)
    if model.assertions:
        log_mass += problem.log_acceptance - acceptance(model.compile())[0]
    samples = run_polished(search, problem, rng, checkpoint, on_error)
    return {"cell": cell.name, "log_mass": float(log_mass), "samples": samples_tree(samples)}


def try_cell(
    model: Any,
    analysis: Any,
    cell: Cell,
    priors: Mapping[str, Prior],
    search: Search,
    rng: np.random.Generator,
    dataset: str = "",
    on_error: str = "raise",
    checkpoint: Path | None = None,
) -> dict:
    """The same, with ``failed`` and the sentence of the error where the cell cannot be fitted."""
    try:
        return search_cell(model, analysis, cell, priors, search, rng, dataset, on_error, checkpoint)
    except CavityError as error:
        return {"cell": cell.name, "failed": f"cell {cell.described()}: {error}"}


def _known(resume, identity, cells):
    """Records of an earlier result that belong to the same content and the same boxes."""
    if resume is None:
        return {}
    earlier = {cell.name: dict(cell.boxes) for cell in resume.cells}
    same = {cell.name for cell in cells if earlier.get(cell.name) == dict(cell.boxes)}
    return {
        name: record
        for name, record in resume.records.items()
        if name in same and "failed" not in record and record["identity"] == identity
    }


def _result(model, analysis, cell, priors, samples, search):
    """The best cell's fit as ``search.fit`` would return it."""
    from cavity.posterior.result import Result

    confined, analysis, _ = cell_problem(model, analysis, cell, priors)
    make_result = getattr(analysis, "make_result", None)
    return Result(samples, confined, search=search) if make_result is None else make_result(samples, confined)


def _is_number(value):
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
