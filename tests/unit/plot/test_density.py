"""Smooth densities against known ones."""

import numpy as np
import pytest

from cavity.plot.density import density_1d, density_2d, levels_holding, plot_range


def test_density_of_a_weighted_gaussian():
    values = np.random.default_rng(1).normal(size=40_000) * 2.0
    weights = np.exp(-0.375 * values**2)
    weights /= weights.sum()
    x, density = density_1d(values, weights, -5.0, 5.0)
    assert density.sum() * (x[1] - x[0]) == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(density, np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi), atol=0.02)


def test_a_density_does_not_fall_at_a_hard_limit():
    values = np.random.default_rng(2).exponential(size=20_000)
    _, density = density_1d(values, np.full(20_000, 1 / 20_000), 0.0, 6.0)
    assert density[0] > 0.85


def test_pairs_hold_the_mass_of_a_gaussian():
    values = np.random.default_rng(3).multivariate_normal([0, 0], [[1.0, 0.9], [0.9, 1.0]], size=20_000)
    weights = np.full(20_000, 1 / 20_000)
    x, y, density = density_2d(values[:, 0], values[:, 1], weights, (-5, 5), (-5, 5))
    cell = (x[1] - x[0]) * (y[1] - y[0])
    assert density.sum() * cell == pytest.approx(1.0, abs=1e-3)
    low, high = levels_holding(density, (0.393, 0.865))
    assert low < high
    assert density[density >= low].sum() * cell == pytest.approx(0.865, abs=0.01)
    correlation = (density * np.outer(x, y)).sum() * cell
    assert correlation == pytest.approx(0.9, abs=0.05)


def test_the_range_holds_the_weight_and_not_the_outliers():
    values = np.append(np.random.default_rng(4).normal(size=2000), 1e6)
    weights = np.append(np.ones(2000), 1e-12)
    low, high = plot_range(values, weights / weights.sum())
    assert -5.0 < low < -2.5 and 2.5 < high < 5.0
    low, high = plot_range(np.ones(5), np.full(5, 0.2))
    assert low < 1.0 < high
