"""Tables of shared parameters: modes, nodes, noise."""

import numpy as np
import pytest

from cavity.strategy import tables


def test_modes_within_five_nats_are_counted():
    x = np.linspace(-10, 10, 401)
    two = np.logaddexp(-0.5 * (x - 4) ** 2, -0.5 * (x + 4) ** 2 - 2.0)
    assert tables.count_modes(two) == 2
    assert tables.count_modes(np.logaddexp(-0.5 * (x - 4) ** 2, -0.5 * (x + 4) ** 2 - 7.0)) == 1


def test_modes_of_a_plane():
    x = np.linspace(-8, 8, 81)
    a, b = np.meshgrid(x, x, indexing="ij")
    assert tables.count_modes(-0.5 * (a**2 + b**2)) == 1


def test_nodes_cover_the_mass_and_are_denser_where_it_is():
    x = np.linspace(-10, 10, 801)
    nodes = tables.place_nodes([x], -0.5 * x**2, 41)[:, 0]
    assert nodes[0] < -4 and nodes[-1] > 4
    assert np.diff(nodes)[20] < np.diff(nodes)[0]


def test_moments_of_a_landscape():
    x = np.linspace(-10, 10, 2001)
    mean, covariance = tables.landscape_moments([x], -0.5 * ((x - 1.0) / 0.7) ** 2)
    assert mean[0] == pytest.approx(1.0, abs=1e-6) and covariance[0, 0] == pytest.approx(0.49, rel=1e-4)


def test_cells_of_a_tensor_grid_fill_the_volume():
    nodes = np.stack([a.ravel() for a in np.meshgrid([0.0, 1.0, 3.0], [0.0, 2.0], indexing="ij")], -1)
    widths = np.multiply.outer([1.0, 1.5, 2.0], [2.0, 2.0]).ravel()
    assert np.exp(tables._log_cells(nodes)) == pytest.approx(widths)
