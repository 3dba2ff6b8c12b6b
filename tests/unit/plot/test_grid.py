"""Evidence over a grid."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.plot.grid import plot_grid


def test_a_line_shows_the_difference_to_the_best_cell():
    ax = plot_grid([-10.0, -8.0, -9.0], [[0, 1, 2, 3]], ["x"], errors=[0.1, 0.1, 0.1])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [-2.0, 0.0, -1.0])
    assert ax.get_title(loc="left") == "best cell: log evidence -8.00 at 1.5"


def test_a_map_marks_the_best_cell_and_leaves_gaps_where_a_fit_is_missing():
    values = np.array([[-1.0, -2.0, np.nan], [-5.0, -50.0, -0.5]])
    ax = plot_grid(values, [[0, 1, 2], [0, 1, 2, 3]], ["x", "y"])
    assert ax.lines[0].get_xydata().tolist() == [[1.5, 2.5]]
    assert ax.collections[0].get_array().mask.sum() == 1


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ResultError, match="cells match"):
        plot_grid([1.0, 2.0], [[0, 1]], ["x"])
    with pytest.raises(ResultError, match="finite evidence"):
        plot_grid([np.nan], [[0, 1]], ["x"])
