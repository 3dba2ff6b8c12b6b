"""Tables: splines as matrices, node placement."""

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.propagate.table_site import (
    axes_of,
    build_table,
    cardinal_splines,
    tempered_ticks,
    tensor_nodes,
)

LINK = {"drawn": [], "shared": ["a"]}


def test_splines_reproduce_a_cubic_and_its_derivatives():
    ticks, x = np.linspace(-1, 2, 7), np.linspace(-1, 2, 20)
    values = ticks**3 - ticks
    found = cardinal_splines(ticks, x) @ values
    assert np.allclose(found, [x**3 - x, 3 * x**2 - 1, 6 * x])


def test_nodes_must_be_a_grid():
    nodes = tensor_nodes([0.0, 1.0, 2.0], [5.0, 6.0])
    assert [axis.tolist() for axis in axes_of(nodes)] == [[0.0, 1.0, 2.0], [5.0, 6.0]]
    with pytest.raises(PropagationError, match="tensor grid"):
        axes_of(nodes[[0, 2, 1, 3, 4, 5]])


def test_ticks_gather_where_the_density_is():
    x = np.linspace(-6, 6, 2001)
    ticks = tempered_ticks(x, -0.5 * ((x - 1) / 0.1) ** 2, 41)
    assert (np.diff(ticks) > 0).all() and ticks[0] == -6 and ticks[-1] == 6
    assert (np.abs(ticks - 1) < 1).sum() > 20


def test_values_are_averages_over_particles():
    log_l = np.log(np.array([[1.0, 2.0, 3.0, 1.0, 1.0], [3.0, 4.0, 1.0, 1.0, 0.5]]))
    site = build_table("d", LINK, np.arange(5.0)[:, None], log_l, np.full(2, -np.log(2)), np.zeros((2, 1)), ("b",))
    assert np.allclose(np.exp(site.log_l), [2.0, 3.0, 2.0, 1.0, 0.75])
    assert site.info["ess"] == pytest.approx(1.6) and site.payload_names == ("b",)


def test_impossible_nodes_are_put_below_the_others():
    log_l = np.array([[0.0, -1.0, -2.0, -np.inf, -np.inf]])
    site = build_table("d", LINK, np.arange(5.0)[:, None], log_l, np.zeros(1))
    assert site.log_l.tolist() == [0.0, -1.0, -2.0, -12.0, -12.0]


def test_errors_name_the_dataset():
    with pytest.raises(PropagationError, match="d3: a table is for one or two shared"):
        build_table("d3", LINK, np.zeros((4, 2)), np.zeros((2, 4)), np.zeros(2))
    with pytest.raises(PropagationError, match="d3: its likelihood is zero"):
        build_table("d3", LINK, np.arange(5.0)[:, None], np.full((2, 5), -np.inf), np.zeros(2))
