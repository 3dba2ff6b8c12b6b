"""What a grid yields: arrays over its cells, what they add up to, and the cells that failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from cavity.errors import ResultError, SearchError
from cavity.grid.cells import Axis, Cell, make_cells
from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp
from cavity.posterior.store import samples_from_tree, samples_tree

DETECTED = 5.0  # of log evidence: odds of 148 to 1


class CellArrays:
    """Arrays over the cells of ``axes``, and their places in a file."""

    ARRAYS: ClassVar[Mapping[str, str]]  # attribute -> its name in the file

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of cells along each axis."""
        return tuple(len(axis) for axis in self.axes)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, the last axis fastest."""
        return make_cells(self.axes)

    def tree(self) -> dict:
        """For :func:`cavity.posterior.store.save_tree`."""
        axes = {
            axis.name: {"place": k, "lower": np.array(axis.lower), "upper": np.array(axis.upper)}
            for k, axis in enumerate(self.axes)
        }
        arrays = {key: getattr(self, name) for name, key in self.ARRAYS.items()}
        return {"axes": axes, **arrays, "failed": dict(self.failed)}

    @classmethod
    def from_tree(cls, tree: dict, **others: Any) -> Self:
        """The inverse of :meth:`tree`."""
        axes = (Axis(name, tuple(a["lower"].tolist()), tuple(a["upper"].tolist())) for name, a in _in_order(tree))
        arrays = {name: tree[key] for name, key in cls.ARRAYS.items()}
        return cls(axes=tuple(axes), failed=dict(tree["failed"]), **arrays, **others)


@dataclass(frozen=True, eq=False)
class GridSearchResult(CellArrays):
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
    log_evidence_values: Annotated[Array, "..."]
    log_evidence_errors: Annotated[Array, "..."]
    log_mass_values: Annotated[Array, "..."]
    max_log_likelihood_values: Annotated[Array, "..."]
    medians: dict
    calls: Annotated[Array, "..."]
    failed: dict
    best_samples: Any
    best_result: Any = None
    records: dict = field(default_factory=dict, repr=False)

    ARRAYS = {
        "log_evidence_values": "log_evidence",
        "log_evidence_errors": "log_evidence_error",
        "log_mass_values": "log_mass",
        "max_log_likelihood_values": "max_log_likelihood",
        "calls": "calls",
    }

    @property
    def log_share_values(self) -> Annotated[Array, "..."]:
        """Log evidence plus log prior mass of each cell: what it contributes to the whole."""
        return self.log_evidence_values + self.log_mass_values

    @property
    def log_evidence(self) -> float:
        """Of the whole model over all cells: the sum of the shares. NaN where a cell failed."""
        _refuse_values(self.axes, "the evidence of the whole")
        return float(log_sum_exp(self.log_share_values, axis=None)) if not self.failed else float("nan")

    @property
    def log_evidence_error(self) -> float:
        """Standard error of :attr:`log_evidence`."""
        _refuse_values(self.axes, "the evidence of the whole")
        return float(
            np.sqrt(np.sum((np.exp(self.log_share_values - self.log_evidence) * self.log_evidence_errors) ** 2))
        )

    @property
    def probabilities(self) -> Annotated[Array, "..."]:
        """Posterior probability of each cell among those that did not fail; the sum is one."""
        share = np.where(np.isfinite(self.log_share_values), self.log_share_values, -np.inf)
        return np.exp(share - log_sum_exp(share, axis=None))

    @property
    def best_index(self) -> tuple[int, ...]:
        """Index of the cell with the highest posterior probability."""
        return tuple(int(i) for i in np.unravel_index(np.argmax(self.probabilities), self.shape))

    @property
    def best_cell(self) -> Cell:
        """The :class:`Cell` with the highest posterior probability."""
        return self.cells[int(np.argmax(self.probabilities))]

    @property
    def best_model(self) -> Any:
        """The best cell's model with its posterior as priors: where a next search starts."""
        if self.best_result is None:
            raise ResultError("this grid was read from a file, so it has no model; make it from the study's factor")
        return self.best_result.model

    @property
    def table(self) -> str:
        """Text: the cells in the order of their probability."""
        from cavity.posterior.printed import aligned

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

    def tree(self) -> dict:
        """The same with the best cell's samples."""
        return {**super().tree(), "medians": dict(self.medians), "best_samples": samples_tree(self.best_samples)}

    @classmethod
    def from_tree(cls, tree: dict) -> "GridSearchResult":
        """The inverse of :meth:`tree`."""
        best = samples_from_tree(tree["best_samples"])
        return super().from_tree(tree, medians=dict(tree["medians"]), best_samples=best)


@dataclass(frozen=True, eq=False)
class SensitivityResult(CellArrays):
    """Evidence differences over a grid of perturbations.

    Attributes
    ----------
    axes
        One :class:`Axis` a dimension of the arrays.
    truths
        Per axis, (n,) the values that the cells were simulated with.
    base_log_evidence_values, perturbed_log_evidence_values
        Without and with the perturbation; NaN where the cell failed.
    log_evidence_difference_errors
        Standard errors of :attr:`log_evidence_differences`.
    max_log_likelihood_differences
        Perturbed minus base, of the highest log likelihoods.
    calls
        Likelihood calls of both fits.
    failed
        Cell -> the sentence of its error.
    records
        Cell -> tree of its fits, for going on from here; empty when read from a file.
    """

    axes: tuple[Axis, ...]
    truths: tuple[Annotated[Array, "n"], ...]
    base_log_evidence_values: Annotated[Array, "..."]
    perturbed_log_evidence_values: Annotated[Array, "..."]
    log_evidence_difference_errors: Annotated[Array, "..."]
    max_log_likelihood_differences: Annotated[Array, "..."]
    calls: Annotated[Array, "..."]
    failed: dict
    records: dict = field(default_factory=dict, repr=False)

    ARRAYS = {
        "base_log_evidence_values": "base_log_evidence",
        "perturbed_log_evidence_values": "perturbed_log_evidence",
        "log_evidence_difference_errors": "log_evidence_difference_error",
        "max_log_likelihood_differences": "max_log_likelihood_difference",
        "calls": "calls",
    }

    @property
    def log_evidence_differences(self) -> Annotated[Array, "..."]:
        """Perturbed minus base: positive where the perturbation is believed."""
        return self.perturbed_log_evidence_values - self.base_log_evidence_values

    def detected(self, level: float = DETECTED) -> Annotated[Array, "..."]:
        """Where the difference is above ``level``; False where the cell failed."""
        return np.nan_to_num(self.log_evidence_differences, nan=-np.inf) > level

    def threshold(self, level: float = DETECTED, axis: int = -1) -> Annotated[Array, "..."]:
        """The detection contour: where along one axis the difference crosses ``level`` for the last time.

        Parameters
        ----------
        level
            Of log evidence.
        axis
            Number or name of the axis; the difference should rise along it.

        Returns
        -------
        array
            Over the other axes, in the axis's unit, by linear interpolation between the simulated values; -inf where
            even the first cell is above the level, nan where the last one is not.
        """
        names = [entry.name for entry in self.axes]
        if isinstance(axis, str) and axis not in names:
            raise ResultError(f"the map has no axis {axis}; it has {', '.join(names)}")
        number = names.index(axis) if isinstance(axis, str) else axis
        curves = np.moveaxis(self.log_evidence_differences, number, -1)
        x = self.truths[number]
        found = [_last_crossing(x, curve, level) for curve in curves.reshape(-1, len(x))]
        return np.array(found).reshape(curves.shape[:-1])[()]

    def tree(self) -> dict:
        """The same with what was simulated, and the differences themselves."""
        tree = super().tree()
        for axis, truth in zip(self.axes, self.truths, strict=True):
            tree["axes"][axis.name]["truth"] = truth
        return {**tree, "log_evidence_difference": self.log_evidence_differences}

    @classmethod
    def from_tree(cls, tree: dict) -> "SensitivityResult":
        """The inverse of :meth:`tree`."""
        return super().from_tree(tree, truths=tuple(axis["truth"] for _, axis in _in_order(tree)))


def collect_cells(axes: Sequence[Axis], records: Mapping[str, dict]) -> GridSearchResult:
    """One result of the records of all cells.

    Parameters
    ----------
    axes
        Of the grid.
    records
        Cell -> tree of :meth:`cavity.grid.grid_search.ModelCells.fit`.

    Raises
    ------
    SearchError
        If every cell failed, or the search knows no evidence.
    ResultError
        If a cell has no record.
    """

    def figures(record):
        samples = samples_from_tree(record["samples"])
        return {
            "log_evidence_values": _evidence(samples, "grid search"),
            "log_evidence_errors": _error(samples),
            "log_mass_values": record["log_mass"],
            "max_log_likelihood_values": _highest(samples),
            "calls": samples.calls,
            **{(name,): median for name, median in zip(samples.names, samples.median_pdf_vector, strict=True)},
        }

    arrays, failed = _gathered(axes, records, "grid search", figures)
    medians = {name[0]: arrays.pop(name) for name in [*arrays] if isinstance(name, tuple)}
    share = arrays["log_evidence_values"] + arrays["log_mass_values"]
    best = make_cells(axes)[int(np.argmax(np.where(np.isfinite(share), share, -np.inf)))]
    samples = samples_from_tree(records[best.name]["samples"])
    return GridSearchResult(
        tuple(axes), **arrays, medians=medians, failed=failed, best_samples=samples, records=dict(records)
    )


def collect_sensitivity(axes: Sequence[Axis], truths: Any, records: Mapping[str, dict]) -> SensitivityResult:
    """The same of a sensitivity map.

    Parameters
    ----------
    axes, truths
        Of the grid: boxes, and what was simulated in each.
    records
        Cell -> tree of :meth:`cavity.grid.sensitivity.Perturbed.compare`.
    """

    def figures(record):
        base, perturbed = (samples_from_tree(record[fit]) for fit in ("base", "perturbed"))
        return {
            "base_log_evidence_values": _evidence(base, "sensitivity"),
            "perturbed_log_evidence_values": _evidence(perturbed, "sensitivity"),
            "log_evidence_difference_errors": np.hypot(_error(base), _error(perturbed)),
            "max_log_likelihood_differences": _highest(perturbed) - _highest(base),
            "calls": base.calls + perturbed.calls,
        }

    arrays, failed = _gathered(axes, records, "sensitivity", figures)
    return SensitivityResult(tuple(axes), tuple(truths), **arrays, failed=failed, records=dict(records))


def _gathered(axes, records, what, figures):
    """({figure: array}, {cell: sentence of its error}) of all cells; ``figures(record)`` is {figure: number}."""
    cells, shape = make_cells(axes), tuple(len(axis) for axis in axes)
    missing = [cell.name for cell in cells if cell.name not in records]
    if missing:
        raise ResultError(f"{what}: cell {missing[0]} of {len(cells)} has not been fitted; run its job")
    failed = {cell.name: records[cell.name]["failed"] for cell in cells if "failed" in records[cell.name]}
    if len(failed) == len(cells):
        raise SearchError(f"{what}: every cell failed; the first: {next(iter(failed.values()))}")
    arrays = {}
    for k, cell in enumerate(cells):
        for key, number in figures(records[cell.name]).items() if cell.name not in failed else ():
            arrays.setdefault(key, np.full(len(cells), np.nan))[k] = number
    arrays["calls"] = np.nan_to_num(arrays["calls"]).astype(np.int64)
    return {key: array.reshape(shape) for key, array in arrays.items()}, failed


def _evidence(samples, what):
    if samples.log_evidence is None:
        raise SearchError(f"{what}: the search knows no evidence; use a nested search or Laplace")
    return samples.log_evidence


def _error(samples):
    return np.nan if samples.log_evidence_error is None else samples.log_evidence_error


def _highest(samples):
    """The highest log likelihood, nan where none is known."""
    return np.nan if samples.log_likelihoods is None else np.nanmax(samples.log_likelihoods)


def _in_order(tree):
    """(name, arrays) of the axes in a file, by their place."""
    return sorted(tree["axes"].items(), key=lambda item: item[1]["place"])


def _refuse_values(axes, what):
    fixed = [axis.name for axis in axes if axis.fixed]
    if fixed:
        raise ResultError(f"a grid that fixes {fixed[0]} to values does not cover its prior, so {what} is not known")


def _last_crossing(x, values, level):
    """Where a curve through the finite points rises above the level for good."""
    known = np.isfinite(values)
    x, values = x[known], values[known]
    if not len(x) or values[-1] <= level:
        return np.nan
    below = np.flatnonzero(values <= level)
    if not len(below):
        return -np.inf
    k = below[-1]
    return x[k] + (level - values[k]) / (values[k + 1] - values[k]) * (x[k + 1] - x[k])
