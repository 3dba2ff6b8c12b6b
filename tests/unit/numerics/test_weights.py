"""Weighted points against closed forms; Pareto smoothing: shapes recovered, degenerate weights, normalisation."""

import numpy as np
import pytest

from cavity.numerics.weights import (
    effective_number,
    effective_sample_size,
    generalised_pareto_fit,
    log_leverage,
    log_sum_exp,
    psis,
    quantiles,
    resampled,
    systematic,
    tempered,
)


def test_log_sum_exp_of_nothing_but_minus_infinity_is_minus_infinity():
    assert log_sum_exp(np.full((2, 3), -np.inf)).tolist() == [-np.inf, -np.inf]
    assert log_sum_exp(np.log([[1.0, 2.0], [3.0, 4.0]]), axis=0) == pytest.approx(np.log([4.0, 6.0]))
    assert log_sum_exp(np.log([[1.0, 2.0], [3.0, 4.0]]), axis=None) == pytest.approx(np.log(10.0))


def test_log_sum_exp_survives_huge_values_and_nothing_and_passes_a_nan_on():
    assert log_sum_exp(np.array([1000.0, 1000.0])) == pytest.approx(1000.0 + np.log(2.0))
    assert log_sum_exp(np.empty(0)) == -np.inf and np.isnan(log_sum_exp(np.array([0.0, np.nan])))


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
    assert effective_sample_size([0.0, -np.inf]) == 1.0


def test_weights_are_tempered_until_enough_draws_matter():
    log_weights = np.append(-50.0 * np.random.default_rng(0).random(200), -np.inf)
    assert effective_sample_size(log_weights) < 20
    assert effective_sample_size(tempered(log_weights, 20.0)) == pytest.approx(20.0, rel=1e-3)
    assert tempered(log_weights, 20.0)[-1] == -np.inf
    enough = 1.05 * effective_sample_size(log_weights)
    assert effective_sample_size(tempered(log_weights, enough)) == pytest.approx(enough, rel=1e-3)
    assert np.array_equal(tempered(log_weights, 1.0), log_weights)


def test_weights_that_are_bounded_have_no_tail():
    rng = np.random.default_rng(3)
    weights = np.concatenate([rng.uniform(0.0, 0.59, 900), np.full(90, 0.6) + 1e-4 * rng.random(90), [0.9, 1.0, 0.8]])
    assert psis(np.log(weights))[1] == -1.0
    heavy = np.concatenate([weights, weights.max() * (1 - rng.random(10)) ** -0.9])
    assert psis(np.log(heavy))[1] > 0.5


def test_no_smoothed_weight_is_above_the_largest_raw_one():
    capped = 0
    for seed in range(20):
        raw = np.random.default_rng(seed).normal(size=200)
        smoothed = psis(raw)[0]
        lowest = np.argmin(raw)  # not in the tail: only normalised
        highest = smoothed.max() - smoothed[lowest] + raw[lowest]
        assert highest < raw.max() + 1e-12
        capped += highest > raw.max() - 1e-12
    assert 0 < capped < 20


@pytest.mark.parametrize("tail", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("n", [400, 10_000])
def test_smoothed_weights_are_those_of_arviz(n, tail):
    import arviz  # seconds

    log_weights = tail * np.random.default_rng(n).standard_t(5, size=n)
    smoothed, k = psis(log_weights)
    expected, k_expected = arviz.psislw(log_weights)
    assert k == pytest.approx(float(k_expected), abs=1e-9)
    assert smoothed == pytest.approx(np.asarray(expected), abs=1e-9)


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


def test_rows_repeat_by_their_weight_to_within_one_and_are_shuffled():
    weights = np.array([0.1, 0.2, 0.0, 0.7])
    with np.errstate(divide="ignore"):
        rows = resampled(np.log(weights) + 50.0, 1000, np.random.default_rng(3))
    np.testing.assert_allclose(np.bincount(rows, minlength=4), 1000 * weights, atol=1.0)
    assert np.any(np.diff(rows) < 0)
    counts = np.bincount(resampled(np.log([0.5, 0.25, 0.25]), 1000, np.random.default_rng(0)))
    assert counts.tolist() == [500, 250, 250]


class Fixed:
    """A generator whose one uniform number is known."""

    def __init__(self, start):
        self.start = start

    def random(self):
        return self.start


def shares(log_weights, n=3, starts=4000):
    """How often each row is drawn, over all starts."""
    rows = [systematic(log_weights, n, Fixed((k + 0.5) / starts)) for k in range(starts)]
    return np.bincount(np.concatenate(rows)) / (n * starts)


def test_systematic_rows_are_unbiased_however_few_are_drawn():
    weights = np.array([0.05, 0.5, 0.13, 0.32])
    assert shares(np.log(weights)) == pytest.approx(weights, abs=2e-4)


def test_the_same_check_fails_for_weights_raised_to_a_power():
    weights = np.array([0.05, 0.5, 0.13, 0.32])
    with pytest.raises(AssertionError):
        assert shares(1.02 * np.log(weights)) == pytest.approx(weights, abs=2e-4)


@pytest.mark.parametrize("start", [0.0, 1 - 2**-53])
def test_a_row_without_weight_is_never_drawn(start):
    rows = systematic(np.array([-np.inf, 0.0, -np.inf, -1.0, -np.inf]), 7, Fixed(start))
    assert set(rows) == {1, 3}


def test_the_effective_number_of_weights_is_that_of_their_logarithms():
    log_weights = np.random.default_rng(2).normal(size=(3, 50))
    w = np.exp(log_weights - log_sum_exp(log_weights)[:, None])
    assert effective_number(w) == pytest.approx(effective_sample_size(log_weights))
    assert effective_number(np.zeros(4)) == 0.0


def test_leverage_is_what_each_point_adds_to_the_variance_of_the_columns_with_heavy_tails():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(size=400), rng.standard_t(2.1, size=400), np.full(400, 3.0)], axis=1)
    log_weights = rng.normal(scale=0.3, size=400)
    weights = np.exp(log_weights - log_sum_exp(log_weights))
    mean = weights @ values[:, 1]
    added = weights * (values[:, 1] - mean) ** 2
    found = np.exp(log_leverage(values, log_weights, 12.0))
    assert found / found.sum() == pytest.approx(added / added.sum())
    assert log_leverage(values[:, ::2], log_weights, 12.0) is None
