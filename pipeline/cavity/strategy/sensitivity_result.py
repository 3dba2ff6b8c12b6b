"""What a sensitivity map yields: evidence with and without the perturbation in every cell, and where it is detected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from cavity.errors import ResultError, SearchError
from cavity.numerics.types import Array
from cavity.posterior.store import samples_from_tree
from cavity.strategy.grid_cells import Axis, failures, make_cells

DETECTED = 5.0  # of log evidence: odds of 148 to 1


@dataclass(frozen=True, eq=False)
class SensitivityResult:
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

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of cells along each axis."""
        return tuple(len(axis) for axis in self.axes)

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
        """The arrays as a tree for :func:`cavity.posterior.store.save_tree`."""
        return {
            "axes": {
                axis.name: {"place": k, "lower": np.array(axis.lower), "upper": np.array(axis.upper), "truth": truth}
                for k, (axis, truth) in enumerate(zip(self.axes, self.truths, strict=True))
            },
            "base_log_evidence": self.base_log_evidence_values,
            "perturbed_log_evidence": self.perturbed_log_evidence_values,
            "log_evidence_difference": self.log_evidence_differences,
            "log_evidence_difference_error": self.log_evidence_difference_errors,
            "max_log_likelihood_difference": self.max_log_likelihood_differences,
            "calls": self.calls,
            "failed": dict(self.failed),
        }

    @classmethod
    def from_tree(cls, tree: dict) -> "SensitivityResult":
        """The inverse of :meth:`tree`."""
        stored = sorted(tree["axes"].items(), key=lambda item: item[1]["place"])
        return cls(
            axes=tuple(Axis(name, tuple(a["lower"].tolist()), tuple(a["upper"].tolist())) for name, a in stored),
            truths=tuple(a["truth"] for _, a in stored),
            base_log_evidence_values=tree["base_log_evidence"],
            perturbed_log_evidence_values=tree["perturbed_log_evidence"],
            log_evidence_difference_errors=tree["log_evidence_difference_error"],
            max_log_likelihood_differences=tree["max_log_likelihood_difference"],
            calls=tree["calls"],
            failed=dict(tree["failed"]),
        )


def collect_sensitivity(axes: Sequence[Axis], truths: Any, records: Mapping[str, dict]) -> SensitivityResult:
    """One result of the records of all cells.

    Parameters
    ----------
    axes, truths
        Of the grid: boxes, and what was simulated in each.
    records
        Cell -> tree of :func:`cavity.strategy.sensitivity.compare_in_cell`.

    Raises
    ------
    SearchError
        If every cell failed, or the search knows no evidence.
    ResultError
        If a cell has no record.
    """
    cells, shape = make_cells(axes), tuple(len(axis) for axis in axes)
    failed = failures(cells, records, "sensitivity")
    base, perturbed, error, height = (np.full(len(cells), np.nan) for _ in range(4))
    calls = np.zeros(len(cells), dtype=np.int64)
    for k, cell in enumerate(cells):
        if cell.name in failed:
            continue
        without, having = (samples_from_tree(records[cell.name][fit]) for fit in ("base", "perturbed"))
        if without.log_evidence is None or having.log_evidence is None:
            raise SearchError("sensitivity: the search knows no evidence; use a nested search or Laplace")
        base[k], perturbed[k] = without.log_evidence, having.log_evidence
        error[k] = np.hypot(
            *(np.nan if s.log_evidence_error is None else s.log_evidence_error for s in (without, having))
        )
        if without.log_likelihoods is not None and having.log_likelihoods is not None:
            height[k] = np.nanmax(having.log_likelihoods) - np.nanmax(without.log_likelihoods)
        calls[k] = without.calls + having.calls
    return SensitivityResult(
        axes=tuple(axes),
        truths=tuple(truths),
        base_log_evidence_values=base.reshape(shape),
        perturbed_log_evidence_values=perturbed.reshape(shape),
        log_evidence_difference_errors=error.reshape(shape),
        max_log_likelihood_differences=height.reshape(shape),
        calls=calls.reshape(shape),
        failed=failed,
        records=dict(records),
    )


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
