"""Maps of evidence differences: contours, holes, files."""

import numpy as np
import pytest

import cavity as cv
from cavity.errors import ResultError, SearchError
from cavity.grid.cell_arrays import SensitivityResult, collect_sensitivity
from cavity.grid.cells import make_axis, make_cells
from cavity.posterior.store import load_tree, samples_tree, save_tree

AXES = [make_axis("place", cv.UniformPrior(0.0, 2.0), 2), make_axis("size", cv.UniformPrior(0.0, 3.0), 3)]

TRUTHS = tuple(axis.centres for axis in AXES)


def fit(log_evidence):
    values = np.array([[0.1], [0.2]])
    samples = cv.Samples(
        names=("a",),
        values=values,
        log_likelihoods=np.array([0.0, 1.0]),
        log_evidence=log_evidence,
        log_evidence_error=None if log_evidence is None else 0.3,
        calls=5,
    )
    return samples_tree(samples)


def records(differences):
    return {
        cell.name: {"cell": cell.name, "base": fit(1.0), "perturbed": fit(1.0 + difference)}
        for cell, difference in zip(make_cells(AXES), differences, strict=True)
    }


def test_the_contour_is_where_the_difference_crosses_the_level():
    found = collect_sensitivity(AXES, TRUTHS, records([-2.0, 4.0, 10.0, -2.0, -1.0, 3.0]))
    assert found.shape == (2, 3)
    threshold = found.threshold(5.0, "size")
    assert threshold[0] == pytest.approx(1.5 + 1.0 / 6.0) and np.isnan(threshold[1])
    assert found.threshold(1.0, 0).shape == (3,)
    assert found.detected().tolist() == [[False, False, True], [False, False, False]]
    assert found.log_evidence_difference_errors == pytest.approx(np.full((2, 3), 0.3 * np.sqrt(2.0)))
    assert found.calls.sum() == 60
    with pytest.raises(ResultError, match="no axis sise; it has place, size"):
        found.threshold(axis="sise")


def test_a_failed_cell_is_a_hole_that_the_contour_steps_over():
    entries = records([-2.0, 4.0, 10.0, 0.0, 0.0, 0.0]) | {"0-1": {"cell": "0-1", "failed": "cell: broken"}}
    found = collect_sensitivity(AXES, TRUTHS, entries)
    assert list(found.failed) == ["0-1"]
    assert found.threshold(5.0)[0] == pytest.approx(0.5 + 2.0 * 7.0 / 12.0)


def test_the_map_comes_back_from_a_file(tmp_path):
    found = collect_sensitivity(AXES, TRUTHS, records(range(6)))
    save_tree(tmp_path / "map.h5", found.tree())
    back = SensitivityResult.from_tree(load_tree(tmp_path / "map.h5"))
    assert back.axes == found.axes and back.truths[1].tolist() == [0.5, 1.5, 2.5]
    np.testing.assert_array_equal(back.log_evidence_differences, found.log_evidence_differences)


def test_missing_failed_and_evidenceless_cells_are_one_sentence():
    entries = records(range(6))
    entries.pop("1-2")
    with pytest.raises(ResultError, match="cell 1-2 of 6 has not been fitted"):
        collect_sensitivity(AXES, TRUTHS, entries)
    with pytest.raises(SearchError, match="every cell failed; the first: a"):
        collect_sensitivity(AXES, TRUTHS, {cell.name: {"failed": "a"} for cell in make_cells(AXES)})
    with pytest.raises(SearchError, match="knows no evidence"):
        collect_sensitivity(AXES, TRUTHS, records(range(6)) | {"0-0": {"base": fit(None), "perturbed": fit(1.0)}})
