"""Collecting cells: arrays, sums and their errors, what is missing."""

import numpy as np
import pytest

import cavity as cv
from cavity.errors import ResultError, SearchError
from cavity.grid.cell_arrays import collect_cells
from cavity.grid.cells import make_axis, make_cells
from cavity.posterior.store import samples_tree

AXES = [make_axis("x", cv.UniformPrior(0.0, 1.0), 2), make_axis("y", cv.UniformPrior(0.0, 1.0), 2)]


def record(cell, log_evidence, error=0.1):
    samples = cv.Samples(
        names=("x", "y"),
        values=np.array([[0.1, 0.2], [0.3, 0.4]]),
        log_likelihoods=np.array([-1.0, -2.0]),
        log_evidence=log_evidence,
        log_evidence_error=error,
        calls=7,
    )
    return {"cell": cell.name, "log_mass": np.log(0.25), "samples": samples_tree(samples)}


def records(*log_evidences):
    return {cell.name: record(cell, z) for cell, z in zip(make_cells(AXES), log_evidences, strict=True)}


def test_shares_sum_to_the_whole_and_errors_add_in_quadrature():
    grid = collect_cells(AXES, records(0.0, 0.0, 0.0, 0.0))
    assert grid.log_evidence == pytest.approx(0.0)
    assert grid.log_evidence_error == pytest.approx(0.1 / 2.0)
    grid = collect_cells(AXES, records(5.0, -50.0, -50.0, -50.0))
    assert grid.best_index == (0, 0) and grid.log_evidence == pytest.approx(5.0 - np.log(4.0))
    assert grid.log_evidence_error == pytest.approx(0.1)


def test_arrays_have_the_shape_of_the_grid():
    grid = collect_cells(AXES, records(1.0, 2.0, 3.0, 4.0))
    assert grid.log_evidence_values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert grid.max_log_likelihood_values.tolist() == [[-1.0, -1.0], [-1.0, -1.0]]
    assert grid.calls.sum() == 28
    assert grid.best_cell.name == "1-1"
    odds = np.exp([[1.0, 2.0], [3.0, 4.0]])
    assert grid.probabilities == pytest.approx(odds / odds.sum())


def test_a_cell_without_a_record_is_named():
    found = records(0.0, 0.0, 0.0, 0.0)
    del found["1-0"]
    with pytest.raises(ResultError, match="cell 1-0 of 4 has not been fitted"):
        collect_cells(AXES, found)


def test_a_failed_cell_leaves_a_hole_and_no_sum():
    found = records(0.0, 1.0, 0.0, 0.0) | {"0-1": {"cell": "0-1", "failed": "cell y: broken"}}
    grid = collect_cells(AXES, found)
    assert np.isnan(grid.log_evidence_values[0, 1]) and np.isnan(grid.log_evidence)
    assert grid.probabilities.ravel().tolist() == pytest.approx([1 / 3, 0.0, 1 / 3, 1 / 3])
    assert "failed" in grid.table


def test_a_search_without_evidence_is_refused():
    found = records(0.0, 1.0, 0.0, 0.0)
    found["0-0"] = record(make_cells(AXES)[0], None, None)
    with pytest.raises(SearchError, match="the search knows no evidence"):
        collect_cells(AXES, found)


def test_a_grid_from_a_file_has_no_model():
    grid = collect_cells(AXES, records(0.0, 1.0, 0.0, 0.0))
    with pytest.raises(ResultError, match="no model"):
        assert grid.best_model
