"""Weighted points against closed forms."""

import numpy as np
import pytest

from cavity.posterior.weighted import draw_indices, effective_sample_size, log_sum_exp, quantiles


def test_log_sum_exp_survives_huge_values():
    assert log_sum_exp(np.array([1000.0, 1000.0])) == pytest.approx(1000.0 + np.log(2.0))
    assert log_sum_exp(np.full(3, -np.inf)) == -np.inf


def test_quantiles_of_equal_weights_are_the_sample_quantiles():
    values = np.random.default_rng(1).normal(size=(5001, 2))
    expected = np.quantile(values, [0.05, 0.5, 0.9], axis=0, method="hazen")
    np.testing.assert_allclose(quantiles(values, np.full(5001, 1 / 5001), [0.05, 0.5, 0.9]), expected, atol=1e-12)


def test_an_integer_weight_is_a_repeated_point():
    values = np.arange(200.0)[:, None] ** 1.5
    counts = np.random.default_rng(2).integers(0, 5, size=200)
    repeated = np.repeat(values, counts, axis=0)
    q = np.array([0.16, 0.5, 0.84])
    difference = quantiles(values, counts, q) - quantiles(repeated, np.ones(len(repeated)), q)
    assert np.max(np.abs(difference)) < 1.5 * np.max(np.diff(values[:, 0]))


def test_quantiles_of_an_importance_weighted_gaussian():
    points = np.linspace(-8.0, 8.0, 20001)
    weights = np.exp(-0.5 * points**2)
    found = quantiles(points[:, None], weights, [0.158655, 0.5, 0.977250])[:, 0]
    np.testing.assert_allclose(found, [-1.0, 0.0, 2.0], atol=1e-4)


def test_a_point_without_weight_changes_nothing():
    values, weights = np.array([[0.0], [1.0], [1e9]]), np.array([0.5, 0.5, 0.0])
    assert quantiles(values, weights, 1.0) == 1.0


def test_effective_sample_size():
    assert effective_sample_size(np.ones(7)) == pytest.approx(7.0)
    assert effective_sample_size([1.0, 0.0]) == 1.0


def test_draws_repeat_each_row_by_its_weight_to_within_one():
    weights = np.array([0.1, 0.2, 0.0, 0.7])
    rows = draw_indices(weights, 1000, np.random.default_rng(3))
    np.testing.assert_allclose(np.bincount(rows, minlength=4), 1000 * weights, atol=1.0)
    assert np.any(np.diff(rows) < 0)
