"""Pareto smoothing: shapes recovered, degenerate weights, normalisation."""

import numpy as np
import pytest

from cavity.numerics.weights import effective_sample_size, generalised_pareto_fit, log_sum_exp, psis


def test_log_sum_exp_of_nothing_but_minus_infinity_is_minus_infinity():
    assert log_sum_exp(np.full((2, 3), -np.inf)).tolist() == [-np.inf, -np.inf]
    assert log_sum_exp(np.log([[1.0, 2.0], [3.0, 4.0]]), axis=0) == pytest.approx(np.log([4.0, 6.0]))


@pytest.mark.parametrize("shape", [-0.3, 0.0001, 0.4, 0.9])
def test_the_fit_finds_the_shape_and_scale_of_generalised_pareto_draws(shape):
    unit = (np.arange(4000) + 0.5) / 4000
    k, sigma = generalised_pareto_fit(2.0 * ((1 - unit) ** -shape - 1) / shape)
    assert k == pytest.approx(shape, abs=0.03)
    assert sigma == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("ratio, low, high", [(1.0, -1.01, -0.99), (1.5, -np.inf, 0.3), (0.5, 0.6, 2.0)])
def test_k_hat_tells_a_wide_proposal_from_a_narrow_one(ratio, low, high):
    x = ratio * np.random.default_rng(1).normal(size=4000)
    log_weights = -0.5 * x**2 + 0.5 * (x / ratio) ** 2
    smoothed, k = psis(log_weights)
    assert low < k < high
    assert np.exp(smoothed).sum() == pytest.approx(1.0)


def test_weights_that_vanish_stay_zero_and_the_normalisation_does_not_matter():
    log_weights = np.random.default_rng(2).normal(size=500)
    log_weights[::7] = -np.inf
    smoothed, k = psis(log_weights + 800.0)
    again, k_again = psis(log_weights)
    assert np.isneginf(smoothed[::7]).all()
    assert k == pytest.approx(k_again)
    assert np.allclose(np.exp(smoothed), np.exp(again))


def test_too_few_or_no_finite_weights_are_not_trusted():
    assert psis(np.array([0.0, -1.0, -2.0]))[1] == np.inf
    assert psis(np.full(50, -np.inf))[1] == np.inf
    alone = np.full(200, -np.inf)
    alone[3] = 0.0
    assert psis(alone)[1] == np.inf


def test_a_plateau_of_equal_weights_is_fine():
    log_weights = np.zeros(1000)
    log_weights[:300] = -np.linspace(1, 5, 300)
    assert psis(log_weights)[1] == -1.0


def test_effective_sample_size():
    assert effective_sample_size(np.zeros(7)) == pytest.approx(7.0)
    assert effective_sample_size(np.log([0.5, 0.25, 0.25])) == pytest.approx(1 / 0.375)
