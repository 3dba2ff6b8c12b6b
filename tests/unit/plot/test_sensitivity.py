"""Sensitivity maps: what is detected is told apart, and the contour is at the level."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.plot.sensitivity import plot_sensitivity


def test_a_line_tells_detected_from_not():
    ax = plot_sensitivity([-1.0, 3.0, 9.0], [[1, 2, 3]], ["size"], level=5.0, errors=[0.1, 0.1, 0.1])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["not detected", "detected"]


def test_a_map_has_its_contour_and_gaps():
    values = np.array([[-1.0, 3.0, 9.0], [0.0, 8.0, np.nan]])
    ax = plot_sensitivity(values, [[1, 2], [1, 2, 3]], ["width", "size"], level=5.0)
    assert ax.collections[0].get_array().mask.sum() == 1
    assert "at 5" in ax.get_title(loc="left")


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ResultError, match="match the values"):
        plot_sensitivity([1.0, 2.0], [[1]], ["x"])
    with pytest.raises(ResultError, match="finite difference"):
        plot_sensitivity([np.nan], [[1]], ["x"])
