import numpy as np
import pytest
from scipy import stats

from cavity.numerics.mixture import Mixture, fit_components, log_prior, normal_of, unit_of

MEANS = np.array([[-2.0, 0.0], [1.0, 1.0]])
COVARIANCES = np.array([[[0.3, 0.1], [0.1, 0.2]], [[0.5, -0.2], [-0.2, 0.4]]])


def test_the_density_is_that_of_scipy():
    proposal = Mixture.of([1.0, 3.0], MEANS, COVARIANCES, df=5.0, prior_fraction=0.2)
    z = np.random.default_rng(0).normal(size=(50, 2))
    expected = 0.2 * stats.multivariate_normal.pdf(z, np.zeros(2))
    for share, mean, covariance in zip((0.2, 0.6), MEANS, COVARIANCES):
        expected = expected + share * stats.multivariate_t.pdf(z, mean, covariance, df=5)
    assert proposal.log_density(z) == pytest.approx(np.log(expected))
    assert log_prior(z) == pytest.approx(stats.multivariate_normal.logpdf(z, np.zeros(2)))


def test_draws_follow_the_density():
    proposal = Mixture.of([1.0, 3.0], MEANS, COVARIANCES, df=5.0, prior_fraction=0.2)
    z = proposal.draws(2**13, np.random.default_rng(0))
    assert z.mean(0) == pytest.approx(0.2 * MEANS[0] + 0.6 * MEANS[1], abs=0.02)
    weights = np.exp(log_prior(z) - proposal.log_density(z))
    assert weights.mean() == pytest.approx(1.0, abs=0.02)


def test_the_same_check_fails_for_another_density():
    proposal = Mixture.of([1.0, 3.0], MEANS, COVARIANCES, df=5.0, prior_fraction=0.2)
    narrow = Mixture.of([1.0, 3.0], MEANS, 0.7 * COVARIANCES, df=5.0, prior_fraction=0.2)
    z = proposal.draws(2**13, np.random.default_rng(0))
    assert abs(np.exp(log_prior(z) - narrow.log_density(z)).mean() - 1.0) > 0.02


def test_the_unit_cube_is_left_and_entered_without_infinities():
    z = np.array([-50.0, -3.0, 0.0, 3.0, 50.0])
    unit = unit_of(z)
    assert (unit > 0).all() and (unit < 1).all()
    assert normal_of(unit_of(z[1:-1])) == pytest.approx(z[1:-1])
    assert np.isfinite(normal_of(np.array([0.0, 1.0]))).all()


def test_components_are_found_in_weighted_points():
    rng = np.random.default_rng(1)
    z = rng.normal(scale=3.0, size=(20_000, 2))
    target = np.logaddexp(
        np.log(0.3) + stats.multivariate_normal.logpdf(z, MEANS[0], 0.1 * COVARIANCES[0]),
        np.log(0.7) + stats.multivariate_normal.logpdf(z, MEANS[1], 0.1 * COVARIANCES[1]),
    )
    log_weights = target - stats.multivariate_normal.logpdf(z, np.zeros(2), 9.0 * np.eye(2))
    shares, means, covariances = fit_components(z, log_weights, 2, rng)
    order = np.argsort(means[:, 0])
    assert shares[order] == pytest.approx([0.3, 0.7], abs=0.06)
    assert means[order] == pytest.approx(MEANS, abs=0.1)
    assert covariances[order] == pytest.approx(0.1 * COVARIANCES, abs=0.02)


def test_few_points_give_few_components_and_no_singular_ones():
    z = np.random.default_rng(0).normal(size=(6, 3))
    shares, _, covariances = fit_components(z, np.zeros(6), 5, np.random.default_rng(0))
    assert len(shares) == 1
    assert np.linalg.eigvalsh(covariances[0]).min() > 0


def test_two_proposals_are_joined_in_equal_parts():
    one = Mixture.of([1.0], MEANS[:1], COVARIANCES[:1], prior_fraction=0.2)
    other = Mixture.of([1.0], MEANS[1:], COVARIANCES[1:], prior_fraction=0.1)
    z = np.random.default_rng(0).normal(size=(20, 2))
    expected = np.logaddexp(one.log_density(z), other.log_density(z)) - np.log(2.0)
    assert one.joined(other).log_density(z) == pytest.approx(expected)


def test_a_mixture_is_stored_and_read_to_the_bit():
    one = Mixture.of([1.0, 3.0], MEANS, COVARIANCES, df=7.0, prior_fraction=0.2)
    z = np.random.default_rng(0).normal(size=(20, 2))
    again = Mixture.from_tree({**one.to_tree(), "z": z})
    assert np.array_equal(again.log_density(z), one.log_density(z)) and again.df == 7.0
    plain = Mixture.from_tree({key: value.tolist() for key, value in one.to_tree().items()})
    assert np.array_equal(plain.draws(16, 0), one.draws(16, 0))
