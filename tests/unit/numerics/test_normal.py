"""Gaussians in natural parameters against moments computed directly."""

import numpy as np
import pytest
from scipy import stats

from cavity.numerics.normal import Gaussian, weighted_moments


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 3))
    return (rng.normal(size=3), a @ a.T + np.eye(3)), (rng.normal(size=3), b @ b.T + np.eye(3))


def test_moments_survive_the_round_trip(pair):
    (mean, covariance), _ = pair
    gaussian = Gaussian.from_moments(mean, covariance)
    assert np.allclose(gaussian.mean, mean)
    assert np.allclose(gaussian.covariance, covariance)


def test_ratio_undoes_product(pair):
    one, two = (Gaussian.from_moments(*moments) for moments in pair)
    back = one.product(two).ratio(two)
    assert np.allclose(back.mean, one.mean)
    assert np.allclose(back.covariance, one.covariance)


def test_log_density_is_normalised_and_log_factor_differs_by_a_constant(pair):
    gaussian = Gaussian.from_moments(np.array([0.3]), np.array([[0.5]]))
    x = np.linspace(-8, 8, 4001)[:, None]
    assert np.exp(gaussian.log_density(x)).sum() * (x[1, 0] - x[0, 0]) == pytest.approx(1.0)
    full = Gaussian.from_moments(*pair[0])
    x = np.random.default_rng(1).normal(size=(5, 3))
    assert np.ptp(full.log_density(x) - full.log_factor(x)) < 1e-10
    assert full.log_density(x) == pytest.approx(stats.multivariate_normal.logpdf(x, *pair[0]))


def test_a_stack_is_evaluated_member_by_member(pair):
    members = [Gaussian.from_moments(*moments) for moments in pair]
    stack = Gaussian(*(np.stack(parts) for parts in zip(*members)))
    x = np.random.default_rng(1).normal(size=(5, 3))
    assert np.allclose(stack.log_factor(x), np.stack([member.log_factor(x) for member in members], 1))
    assert np.allclose(stack.total().precision, members[0].product(members[1]).precision)
    assert np.allclose(stack.mean, np.stack([member.mean for member in members]))


def test_a_ratio_may_be_improper(pair):
    gaussian = Gaussian.from_moments(*pair[0])
    assert gaussian.is_proper
    assert not Gaussian.flat(3).is_proper
    assert not gaussian.ratio(gaussian.power(2.0)).is_proper


def test_weighted_moments_of_equal_weights():
    x = np.random.default_rng(3).normal(size=(2, 50, 3))
    mean, covariance = weighted_moments(x, np.full((2, 50), -700.0))
    assert np.allclose(mean, x.mean(1))
    assert np.allclose(covariance[1], np.cov(x[1].T, bias=True))


def test_weighted_moments_are_those_of_repeated_points():
    rng = np.random.default_rng(3)
    x, counts = rng.normal(size=(50, 3)), rng.integers(0, 5, size=50)
    with np.errstate(divide="ignore"):
        mean, covariance = weighted_moments(x, np.log(counts) + 3.0)
    repeated = np.repeat(x, counts, axis=0)
    assert np.allclose(mean, repeated.mean(0)) and np.allclose(covariance, np.cov(repeated.T, bias=True))
