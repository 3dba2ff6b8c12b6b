"""Smooth means of positive draws: no bias, honest noise, at and between nodes."""

import numpy as np
import pytest

from cavity.numerics.smooth import smooth_log_mean

PARTS = 4
SEEDS = range(30)


def curve(position, shape):
    """A smooth function of where in the grid."""
    return sum(np.sin(4.0 * x / n) for x, n in zip(position.T, shape))


def fitted(shape, seed, n=1024, between=False, scatter=0.7):
    """Errors [K] of a fit to gamma draws, less the bias of any logarithm of a noisy mean, and the fit."""
    rng = np.random.default_rng(seed)
    position = np.stack([rng.integers(0, count, n) for count in shape], axis=1).astype(float)
    if between:
        position = np.stack([rng.uniform(0, count - 1, n) for count in shape], axis=1)
    log_w = np.log(rng.gamma(1 / scatter, scatter, n)) + curve(position, shape) + 1234.5
    fit = smooth_log_mean(log_w, position, shape, np.zeros(n, int), np.arange(n) % PARTS)
    nodes = np.stack([a.ravel() for a in np.meshgrid(*map(np.arange, shape), indexing="ij")], axis=-1)
    return fit.value + 0.5 * (fit.noise**2).sum(0) - 1234.5 - curve(nodes.astype(float), shape), fit


@pytest.mark.parametrize("shape, n, between", [((61,), 1024, False), ((61,), 1024, True), ((11, 13), 4096, False)])
def test_the_mean_has_no_bias_and_its_stated_noise(shape, n, between):
    errors, stated = [], []
    for seed in SEEDS:
        error, fit = fitted(shape, seed, n, between)
        errors.append(error.mean())
        stated.append((fit.noise.mean(1) ** 2).sum())
    expected = np.sqrt(np.mean(stated))
    assert abs(np.mean(errors)) < 3 * expected / np.sqrt(len(SEEDS))
    assert 0.7 < np.sqrt(np.mean(np.square(errors))) / expected < 1.4


def test_the_logarithm_of_each_nodes_own_mean_has_the_bias_that_the_fit_has_not():
    """17 draws a node, scatter .7: -.02 at every node."""
    own = []
    for seed in SEEDS:
        draws = np.random.default_rng(seed).gamma(1 / 0.7, 0.7, (61, 17))
        own.append(np.log(draws.mean(1)).mean())
    assert np.mean(own) < -0.015


def test_noise_falls_with_the_draws():
    few, many = (np.sqrt((fitted((61,), 1, n)[1].noise ** 2).sum(0).mean()) for n in (256, 4096))
    assert 2.0 < few / many < 8.0


def test_a_batch_of_heavy_weights_counts_for_little():
    """The second batch has ten times the scatter of the first, and as many draws."""
    rng, n = np.random.default_rng(0), 600
    position = rng.integers(0, 31, 2 * n)[:, None].astype(float)
    scatter = np.repeat([0.3, 3.0], n)
    log_w = np.log(rng.gamma(1 / scatter, scatter))
    batch = np.repeat([0, 1], n)
    fit = smooth_log_mean(log_w, position, (31,), batch, 2 * batch + np.arange(2 * n) % 2)
    assert np.median(fit.weights[:n]) > 4 * np.median(fit.weights[n:])


def test_impossible_draws_are_part_of_the_mean():
    rng, n = np.random.default_rng(1), 2000
    position = rng.integers(0, 31, n)[:, None].astype(float)
    log_w = np.where(rng.random(n) < 0.5, -np.inf, 0.0)
    fit = smooth_log_mean(log_w, position, (31,), np.zeros(n, int), np.arange(n) % PARTS)
    assert fit.value.mean() == pytest.approx(np.log(0.5), abs=0.06)
