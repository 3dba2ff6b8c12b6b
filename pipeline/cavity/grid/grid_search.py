"""A grid search of searches: one fit a cell, each with its parameters confined to the cell's box."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cavity.errors import CavityError, SearchError
from cavity.graph import FactorGraphModel
from cavity.grid.cell_arrays import GridSearchResult, collect_cells
from cavity.grid.cells import Cell, chosen_priors, in_cell, make_axes, make_cells
from cavity.grid.confine import graph_with
from cavity.grid.cores import fit_cells, going_on
from cavity.identity.content import content_hash
from cavity.posterior.result import Result
from cavity.posterior.store import samples_tree
from cavity.prior import Prior
from cavity.rng import generator
from cavity.search.model_problem import acceptance, model_problem
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
        grid = ModelCells(model, analysis, self.search, chosen_priors(model, grid_priors), on_error=on_error)
        axes = make_axes(grid.priors, self.number_of_steps)
        identity = content_hash(model.to_dict(), analysis, self.search.settings(), seed, on_error)

        def fit(cell, checkpoint):
            return grid.fit(cell, generator(seed, "grid", cell.name), checkpoint)

        records = fit_cells(make_cells(axes), fit, going_on(resume, identity), self.number_of_cores)
        result = collect_cells(axes, records)
        return replace(result, best_result=grid.result(result.best_cell, result.best_samples))


@dataclass(frozen=True, eq=False)
class ModelCells:
    """A model that is fitted in cells of a grid.

    Attributes
    ----------
    model, analysis, search
        What is fitted, and how.
    priors
        Name -> prior of the axes.
    dataset, on_error
        As in ``Search.run``.
    """

    model: Any
    analysis: Any
    search: Any
    priors: Mapping[str, Prior]
    dataset: str = ""
    on_error: str = "raise"

    def confined(self, cell: Cell) -> tuple[Any, Any, float]:
        """(model, analysis, log of the prior mass) in a cell; SearchError where ``priors`` are of another model."""
        if not set(self.priors.values()) <= set(self.model.priors):
            raise SearchError(f"cell {cell.described()}: its parameters are not those of the model")
        replacements, log_mass = in_cell(cell, self.priors)
        if isinstance(self.analysis, FactorGraphModel):
            graph = graph_with(self.analysis, replacements)
            return graph.global_prior_model, graph, log_mass
        return self.model.replacing(replacements), self.analysis, log_mass

    def fit(self, cell: Cell, rng: np.random.Generator, checkpoint: Path | None = None) -> dict:
        """The record of one cell.

        Returns
        -------
        dict
            cell, log_mass, samples; with assertions, the mass is that of the cell among what they accept. Where the
            cell cannot be fitted: ``failed``, the sentence of the error.
        """
        try:
            confined, analysis, log_mass = self.confined(cell)
            problem = model_problem(confined, analysis, dataset=self.dataset)
            if self.model.assertions:
                log_mass += problem.log_acceptance - acceptance(self.model.compile())[0]
            samples = run_polished(self.search, problem, rng, checkpoint, self.on_error)
        except CavityError as error:
            return {"cell": cell.name, "failed": f"cell {cell.described()}: {error}"}
        return {"cell": cell.name, "log_mass": float(log_mass), "samples": samples_tree(samples)}

    def result(self, cell: Cell, samples: Any) -> Any:
        """A cell's fit as ``search.fit`` would return it."""
        confined, analysis, _ = self.confined(cell)
        make_result = getattr(analysis, "make_result", None)
        return Result(samples, confined, search=self.search) if make_result is None else make_result(samples, confined)
