"""Figures over cells: the best one is marked; what is detected is told apart, and the contour is at the level."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.plot.cell_maps import plot_grid, plot_sensitivity


def test_a_line_shows_the_difference_to_the_best_cell():
    ax = plot_grid([-10.0, -8.0, -9.0], [[0, 1, 2, 3]], ["x"], errors=[0.1, 0.1, 0.1])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [-2.0, 0.0, -1.0])
    assert ax.get_title(loc="left") == "best cell: log evidence -8.00 at 1.5"


def test_a_map_marks_the_best_cell_and_leaves_gaps_where_a_fit_is_missing():
    values = np.array([[-1.0, -2.0, np.nan], [-5.0, -50.0, -0.5]])
    ax = plot_grid(values, [[0, 1, 2], [0, 1, 2, 3]], ["x", "y"])
    assert ax.lines[0].get_xydata().tolist() == [[1.5, 2.5]]
    assert ax.collections[0].get_array().mask.sum() == 1


def test_shapes_of_a_grid_that_do_not_fit_are_refused():
    with pytest.raises(ResultError, match="cells match"):
        plot_grid([1.0, 2.0], [[0, 1]], ["x"])
    with pytest.raises(ResultError, match="finite evidence"):
        plot_grid([np.nan], [[0, 1]], ["x"])


def test_a_line_tells_detected_from_not():
    ax = plot_sensitivity([-1.0, 3.0, 9.0], [[1, 2, 3]], ["size"], level=5.0, errors=[0.1, 0.1, 0.1])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["not detected", "detected"]


def test_a_map_has_its_contour_and_gaps():
    values = np.array([[-1.0, 3.0, 9.0], [0.0, 8.0, np.nan]])
    ax = plot_sensitivity(values, [[1, 2], [1, 2, 3]], ["width", "size"], level=5.0)
    assert ax.collections[0].get_array().mask.sum() == 1
    assert "at 5" in ax.get_title(loc="left")


def test_shapes_of_a_map_that_do_not_fit_are_refused():
    with pytest.raises(ResultError, match="match the values"):
        plot_sensitivity([1.0, 2.0], [[1]], ["x"])
    with pytest.raises(ResultError, match="finite difference"):
        plot_sensitivity([np.nan], [[1]], ["x"])
