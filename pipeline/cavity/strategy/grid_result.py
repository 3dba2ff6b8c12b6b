"""What a grid search yields: arrays over the cells, the whole evidence, the best cell, and the cells that failed."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cavity.errors import ResultError, SearchError
from cavity.numerics.weights import log_sum_exp
from cavity.posterior.store import samples_from_tree
from cavity.strategy.grid_cells import Axis, failures, make_cells


@dataclass(frozen=True, eq=False)
class GridSearchResult:
    """One fit per cell of a grid.

    Attributes
    ----------
    axes
        One :class:`Axis` a dimension; arrays below have their lengths as shape.
    log_evidence_values, log_evidence_errors
        Of each cell with the prior confined to it; NaN where the cell failed.
    log_mass_values
        Log of the prior mass in each cell (log density where an axis fixes values), assertions included.
    max_log_likelihood_values
        The highest log likelihood found in each cell.
    medians
        Parameter -> marginal median in each cell.
    calls
        Likelihood calls of each cell.
    failed
        Cell -> the sentence of its error.
    best_samples
        Samples of the cell with the highest share of the evidence.
    records
        Cell -> tree of its fit, for going on from here; empty when read from a file.
    """

    axes: tuple[Axis, ...]
    log_evidence_values: np.ndarray
    log_evidence_errors: np.ndarray
    log_mass_values: np.ndarray
    max_log_likelihood_values: np.ndarray
    medians: dict
    calls: np.ndarray
    failed: dict
    best_samples: Any
    best_result: Any = None
    records: dict = field(default_factory=dict, repr=False)

    @property
    def shape(self):
        """Number of cells along each axis."""
        return tuple(len(axis) for axis in self.axes)

    @cached_property
    def cells(self):
        """Every cell, the last axis fastest."""
        return make_cells(self.axes)

    @property
    def log_share_values(self):
        """Log evidence plus log prior mass of each cell: what it contributes to the whole."""
        return self.log_evidence_values + self.log_mass_values

    @property
    def log_evidence(self):
        """Of the whole model over all cells: the sum of the shares. NaN where a cell failed."""
        _refuse_values(self.axes, "the evidence of the whole")
        return float(log_sum_exp(self.log_share_values, axis=None)) if not self.failed else float("nan")

    @property
    def log_evidence_error(self):
        """Standard error of :attr:`log_evidence`."""
        _refuse_values(self.axes, "the evidence of the whole")
        return float(
            np.sqrt(np.sum((np.exp(self.log_share_values - self.log_evidence) * self.log_evidence_errors) ** 2))
        )

    @property
    def probabilities(self):
        """Posterior probability of each cell among those that did not fail; the sum is one."""
        share = np.where(np.isfinite(self.log_share_values), self.log_share_values, -np.inf)
        return np.exp(share - log_sum_exp(share, axis=None))

    @property
    def best_index(self):
        """Index of the cell with the highest posterior probability."""
        return tuple(int(i) for i in np.unravel_index(np.argmax(self.probabilities), self.shape))

    @property
    def best_cell(self):
        """The :class:`Cell` with the highest posterior probability."""
        return self.cells[int(np.argmax(self.probabilities))]

    @property
    def best_model(self):
        """The best cell's model with its posterior as priors: where a next search starts."""
        if self.best_result is None:
            raise ResultError("this grid was read from a file, so it has no model; make it from the study's factor")
        return self.best_result.model

    @property
    def table(self):
        """Text: the cells in the order of their probability."""
        from cavity.posterior.table import aligned

        order = np.argsort(-self.probabilities.ravel(), kind="stable")
        rows = [("cell", "log evidence", "error", "max log likelihood", "probability")]
        for k in order:
            cell = self.cells[k]
            if cell.name in self.failed:
                rows.append((cell.described(), "failed", "", "", ""))
                continue
            numbers = (self.log_evidence_values.flat[k], self.log_evidence_errors.flat[k])
            height, share = self.max_log_likelihood_values.flat[k], self.probabilities.flat[k]
            rows.append((cell.described(), *(f"{x:.3f}" for x in numbers), f"{height:.2f}", f"{share:.3g}"))
        return aligned(rows)

    def tree(self):
        """The arrays and the best cell's samples as a tree for :func:`cavity.posterior.store.save_tree`."""
        from cavity.posterior.store import samples_tree

        return {
            "axes": {
                axis.name: {"place": k, "lower": np.array(axis.lower), "upper": np.array(axis.upper)}
                for k, axis in enumerate(self.axes)
            },
            "log_evidence": self.log_evidence_values,
            "log_evidence_error": self.log_evidence_errors,
            "log_mass": self.log_mass_values,
            "max_log_likelihood": self.max_log_likelihood_values,
            "medians": dict(self.medians),
            "calls": self.calls,
            "failed": dict(self.failed),
            "best_samples": samples_tree(self.best_samples),
        }

    @classmethod
    def from_tree(cls, tree):
        """The inverse of :meth:`tree`."""
        stored = sorted(tree["axes"].items(), key=lambda item: item[1]["place"])
        return cls(
            axes=tuple(
                Axis(name, tuple(axis["lower"].tolist()), tuple(axis["upper"].tolist())) for name, axis in stored
            ),
            log_evidence_values=tree["log_evidence"],
            log_evidence_errors=tree["log_evidence_error"],
            log_mass_values=tree["log_mass"],
            max_log_likelihood_values=tree["max_log_likelihood"],
            medians=dict(tree["medians"]),
            calls=tree["calls"],
            failed=dict(tree["failed"]),
            best_samples=samples_from_tree(tree["best_samples"]),
        )


def collect_cells(axes, records):
    """One result of the records of all cells.

    Parameters
    ----------
    axes
        Of the grid.
    records
        Cell -> tree of :func:`cavity.strategy.grid_search.search_cell`.

    Raises
    ------
    SearchError
        If every cell failed.
    ResultError
        If a cell has no record.
    """
    cells, shape = make_cells(axes), tuple(len(axis) for axis in axes)
    failed = failures(cells, records, "grid search")
    arrays = {key: np.full(len(cells), np.nan) for key in ("evidence", "error", "mass", "height")}
    calls, medians, kept = np.zeros(len(cells), dtype=np.int64), {}, {}
    for k, cell in enumerate(cells):
        if cell.name in failed:
            continue
        record = records[cell.name]
        samples = kept[k] = samples_from_tree(record["samples"])
        if samples.log_evidence is None:
            raise SearchError("grid search: the search knows no evidence; use a nested search or Laplace")
        arrays["evidence"][k] = samples.log_evidence
        arrays["error"][k] = np.nan if samples.log_evidence_error is None else samples.log_evidence_error
        arrays["mass"][k] = record["log_mass"]
        if samples.log_likelihoods is not None:
            arrays["height"][k] = np.nanmax(samples.log_likelihoods)
        calls[k] = samples.calls
        for name, median in zip(samples.names, samples.median_pdf_vector, strict=True):
            medians.setdefault(name, np.full(len(cells), np.nan))[k] = median
    arrays = {key: array.reshape(shape) for key, array in arrays.items()}
    share = np.where(np.isfinite(arrays["evidence"]), arrays["evidence"] + arrays["mass"], -np.inf)
    return GridSearchResult(
        axes=tuple(axes),
        log_evidence_values=arrays["evidence"],
        log_evidence_errors=arrays["error"],
        log_mass_values=arrays["mass"],
        max_log_likelihood_values=arrays["height"],
        medians={name: array.reshape(shape) for name, array in medians.items()},
        calls=calls.reshape(shape),
        failed=failed,
        best_samples=kept[int(np.argmax(share))],
        records=dict(records),
    )


def _refuse_values(axes, what):
    fixed = [axis.name for axis in axes if axis.fixed]
    if fixed:
        raise ResultError(f"a grid that fixes {fixed[0]} to values does not cover its prior, so {what} is not known")
