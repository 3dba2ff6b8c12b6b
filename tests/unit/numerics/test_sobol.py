"""Sobol points: deterministic, balanced, scrambled."""

import numpy as np

from cavity.numerics.sobol import sobol_normal, sobol_uniform


def test_the_same_seed_gives_the_same_points():
    assert (sobol_uniform(64, 3, 5) == sobol_uniform(64, 3, 5)).all()
    assert (sobol_uniform(64, 3, 5) != sobol_uniform(64, 3, 6)).any()


def test_a_power_of_two_is_balanced_in_every_dimension():
    counts = [np.histogram(column, 16, (0, 1))[0] for column in sobol_uniform(256, 4, 1).T]
    assert (np.array(counts) == 16).all()


def test_normal_points_are_standard_and_finite():
    points = sobol_normal(1000, 2, 2)
    assert np.isfinite(points).all()
    assert np.allclose(points.mean(0), 0, atol=0.01)
    assert np.allclose(np.cov(points.T), np.eye(2), atol=0.03)


def test_no_dimensions():
    assert sobol_normal(8, 0, 1).shape == (8, 0)
