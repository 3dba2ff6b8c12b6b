import numpy as np
import pytest
from scipy import stats

from cavity.numerics.mixture import (
    Mixture,
    expectation_maximisation,
    fit_components,
    log_prior,
    normal_of,
    refitted,
    split_modes,
    unit_of,
)
from cavity.numerics.normal import weighted_moments
from cavity.numerics.weights import effective_sample_size, systematic

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


def test_one_component_has_the_moments_of_the_points_that_were_resampled():
    z = np.random.default_rng(0).normal(size=(500, 2))
    log_weights = z[:, 0]
    drawn = z[systematic(log_weights, 40, np.random.default_rng(1))]
    shares, means, covariances = fit_components(z, log_weights, 1, np.random.default_rng(1), n_resample=40)
    assert shares.tolist() == [1.0] and means[0] == pytest.approx(drawn.mean(0))
    assert covariances[0] == pytest.approx(np.cov(drawn.T, ddof=0), rel=1e-6)


def test_a_step_counts_components_by_their_shares():
    rng = np.random.default_rng(0)
    x, weights = np.concatenate([rng.normal(size=(80, 2)), rng.normal(size=(20, 2)) + 3.0]), np.full(100, 0.01)
    start = np.array([[0.0, 0.0], [3.0, 3.0]]), np.repeat(np.eye(2)[None], 2, 0)
    steps = expectation_maximisation(x, weights, *start, lambda scatter, mass: scatter / mass[:, None, None])
    first, second = next(steps), next(steps)
    parts = zip(first.shares, first.means, first.covariances)
    log_terms = [np.log(share) + stats.multivariate_normal.logpdf(x, mean, c) for share, mean, c in parts]
    assert abs(first.shares[0] - 0.8) < 0.05 and second.log_terms == pytest.approx(np.array(log_terms))
    assert second.log_likelihood == pytest.approx(weights @ np.logaddexp(*log_terms))


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


def test_two_proposals_are_joined_in_the_share_asked_for():
    one = Mixture.of([1.0], MEANS[:1], COVARIANCES[:1], prior_fraction=0.2)
    other = Mixture.of([1.0], MEANS[1:], COVARIANCES[1:], prior_fraction=0.1)
    z = np.random.default_rng(0).normal(size=(20, 2))
    expected = np.logaddexp(np.log(0.7) + one.log_density(z), np.log(0.3) + other.log_density(z))
    assert one.joined(other, 0.3).log_density(z) == pytest.approx(expected)


def test_a_mixture_is_stored_and_read_to_the_bit():
    one = Mixture.of([1.0, 3.0], MEANS, COVARIANCES, df=7.0, prior_fraction=0.2)
    z = np.random.default_rng(0).normal(size=(20, 2))
    again = Mixture.from_tree({**one.to_tree(), "z": z})
    assert np.array_equal(again.log_density(z), one.log_density(z)) and again.df == 7.0
    plain = Mixture.from_tree({key: value.tolist() for key, value in one.to_tree().items()})
    assert np.array_equal(plain.draws(16, 0), one.draws(16, 0))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("modes", [1, 2, 3])
def test_the_number_of_modes(d, modes):
    rng = np.random.default_rng(d)
    label = np.arange(600) % modes
    theta = rng.normal(size=(600, d)) + 9.0 * label[:, None]
    found = split_modes(theta, np.zeros(600))
    assert len(np.unique(found)) == modes
    assert all(len(np.unique(found[label == k])) == 1 for k in range(modes))


def test_weights_decide_what_a_mode_is():
    theta = np.concatenate([np.random.default_rng(0).normal(size=(300, 1)), np.full((10, 1), 50.0)])
    log_w = np.concatenate([np.zeros(300), np.full(10, -60.0)])
    assert split_modes(theta, log_w).max() == 0
    assert split_modes(theta, np.zeros(310))[300:].tolist() == [1] * 10


def test_equal_particles_are_one_mode():
    assert split_modes(np.zeros((5, 2)), np.zeros(5)).tolist() == [0] * 5


@pytest.mark.parametrize("seed", range(3))
def test_weights_stand_for_repeated_points_and_the_likelihood_rises(seed):
    rng = np.random.default_rng(seed)
    x, counts = np.concatenate([rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + 4.0]), rng.integers(0, 4, size=120)
    repeated = np.repeat(x, counts, axis=0)
    start = np.array([[0.0, 1.0], [3.0, 2.0]]), np.repeat(np.eye(2)[None], 2, 0)

    def plain(scatter, mass):
        return scatter / mass[:, None, None]

    one = expectation_maximisation(x, counts / counts.sum(), *start, plain)
    other = expectation_maximisation(repeated, np.full(len(repeated), 1 / len(repeated)), *start, plain)
    heights = []
    for _ in range(12):
        ours, theirs = next(one), next(other)
        assert ours.means == pytest.approx(theirs.means) and ours.covariances == pytest.approx(theirs.covariances)
        heights.append(ours.log_likelihood)
    assert (np.diff(heights) > -1e-12).all() and heights[-1] > heights[0] + 0.1


def test_a_component_without_mass_is_dropped():
    x = np.random.default_rng(0).normal(size=(50, 1))
    start = np.array([[0.0], [40.0]]), np.ones((2, 1, 1))
    step = next(expectation_maximisation(x, np.full(50, 0.02), *start, lambda s, m: s / m[:, None, None], 0.04))
    assert step.shares.tolist() == [1.0] and step.means[0] == pytest.approx(x.mean())


def spread_of_mean(draws, n=1024):
    """Over 20 seeds, in standard errors of as many independent draws; ``draws`` (n, seed) -> (n, D)."""
    means = np.array([draws(n, seed).mean(0) for seed in range(20)])
    return (means.std(0) / draws(2**15, 99).std(0)).max() * np.sqrt(n)


def test_draws_are_quieter_than_independent_ones():
    mixture = Mixture.of([1.0, 3.0], MEANS, COVARIANCES)
    assert spread_of_mean(mixture.draws) < 0.12


def test_the_same_check_fails_where_components_do_not_follow_the_sequence():
    """Sobol points within the components, but which component a point is in drawn apart from it."""
    mixture = Mixture.of([1.0, 3.0], MEANS, COVARIANCES)

    def apart(n, seed):
        one, other = (Mixture.of([1.0], [mean], [scale]) for mean, scale in zip(MEANS, COVARIANCES))
        first = np.random.default_rng(seed).permutation(n) < n * mixture.weights[0]
        return np.where(first[:, None], one.draws(n, seed), other.draws(n, seed))

    with pytest.raises(AssertionError):
        assert spread_of_mean(apart) < 0.12


def test_a_mixture_without_the_prior_is_normalised():
    mixture = Mixture.of([0.3, 0.7], [[0.0], [3.0]], [[[1.0]], [[0.2]]])
    x = np.linspace(-400, 400, 400001)[:, None]
    assert np.exp(mixture.log_density(x)).sum() * (x[1, 0] - x[0, 0]) == pytest.approx(1.0, abs=1e-4)
    draws = mixture.draws(4096, 1)[:, 0]
    assert draws.mean() == pytest.approx(2.1, abs=0.05)
    assert (draws > 2).mean() == pytest.approx(0.7, abs=0.03)


def test_a_refit_covers_the_points():
    x = np.random.default_rng(0).normal(size=(2000, 2)) * [1.0, 5.0]
    found = refitted(x, np.zeros(2000), None)
    assert np.allclose(found.means[0], 0, atol=0.3) and found.factors[0][1, 1] > 5


@pytest.mark.parametrize("unit", [1.0, 2.0**100, 2.0**-100])
def test_a_refit_survives_one_draw_with_all_the_weight(unit):
    x = np.random.default_rng(0).normal(size=(500, 2))
    log_weights = -1e4 * ((x - x[7]) ** 2).sum(1)
    assert effective_sample_size(log_weights) < 1.001
    found = refitted(unit * x, log_weights, Mixture.of([1.0], [[0.0, 0.0]], [unit**2 * np.eye(2)]))
    sd = np.sqrt(np.diag(found.scales[0])) / unit
    assert (0.01 < sd).all() and (sd < 0.5).all()  # as wide as the dozen draws nearest to it
    assert np.allclose(found.means[0] / unit, x[7], atol=0.3)


def test_where_no_other_draw_has_any_the_last_proposal_is_widened():
    x = np.random.default_rng(0).normal(size=(500, 2))
    log_weights = np.where(np.arange(500) == 7, 0.0, -np.inf)
    found = refitted(x, log_weights, Mixture.of([1.0], [[0.0, 1.0]], [np.diag([1.0, 9.0])]))
    assert np.array_equal(found.means, [[0.0, 1.0]]) and np.array_equal(found.scales, [np.diag([4.0, 36.0])])


@pytest.mark.parametrize("df", [3.0, 5.0])
def test_the_radius_of_a_draw_follows_an_f_distribution(df):
    z = Mixture.of([1.0], [MEANS[0]], [COVARIANCES[0]], df=df).draws(2**14, 0) - MEANS[0]
    radius = np.einsum("ni,ij,nj->n", z, np.linalg.inv(COVARIANCES[0]), z) / 2
    quantiles = [0.1, 0.5, 0.9]
    assert np.quantile(radius, quantiles) == pytest.approx(stats.f.ppf(quantiles, 2, df), rel=0.02)


def test_one_step_of_one_component_gives_the_weighted_moments_wherever_it_starts():
    rng = np.random.default_rng(0)
    x, log_weights = rng.normal(size=(200, 2)), rng.normal(size=200)
    weights = np.exp(log_weights) / np.exp(log_weights).sum()
    start = np.array([[2.0, -1.0]]), np.eye(2)[None]
    step = next(expectation_maximisation(x, weights, *start, lambda scatter, mass: scatter / mass[:, None, None]))
    mean, covariance = weighted_moments(x, log_weights)
    assert step.means[0] == pytest.approx(mean) and step.covariances[0] == pytest.approx(covariance)


def test_a_refit_has_the_whole_and_each_third_along_the_skewed_direction():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.gamma(2.0, size=3000), rng.normal(size=3000)])
    log_weights = 0.8 * x[:, 1]
    found = refitted(x, log_weights, None)
    mean, covariance = weighted_moments(x, log_weights)
    assert found.means[0] == pytest.approx(mean) and found.scales[0] == pytest.approx(1.2 * covariance)
    order = np.argsort(x[:, 0])
    mass = np.cumsum(np.exp(log_weights[order])) / np.exp(log_weights).sum()
    for third in range(3):
        members = order[(mass > third / 3) & (mass <= (third + 1) / 3)]
        its_mean, its_covariance = weighted_moments(x[members], log_weights[members])
        assert found.means[1 + third] == pytest.approx(its_mean, abs=3e-3)
        assert found.scales[1 + third] == pytest.approx(1.2 * (its_covariance + 0.05 * covariance), abs=3e-3)


def test_completed_points_follow_the_conditional_density():
    """Weights to another density of the same conditional average 1; the marginal is scipy's."""
    mixture = Mixture.of([1.0, 3.0], MEANS, COVARIANCES, df=5.0, prior_fraction=0.2)
    one = stats.multivariate_t
    for x in (-2.5, 0.3, 4.0):
        expected = 0.2 * stats.norm.pdf(x)
        for share, mean, covariance in zip((0.2, 0.6), MEANS, COVARIANCES):
            expected += share * one.pdf(x, mean[0], covariance[0, 0], df=5)
        assert mixture.marginal(1).log_density(np.array([[x]]))[0] == pytest.approx(np.log(expected))
        assert conditional_mass(mixture, mixture, x) == pytest.approx(1.0, abs=0.005)


def test_that_check_fails_for_another_conditional():
    mixture = Mixture.of([1.0, 3.0], MEANS, COVARIANCES, df=5.0, prior_fraction=0.2)
    other = Mixture.of([3.0, 1.0], MEANS, COVARIANCES, df=5.0, prior_fraction=0.2)
    assert abs(conditional_mass(other, mixture, -1.0) - 1.0) > 0.005


def conditional_mass(drawn_from, weighted_by, x):
    """The integral of a narrow density, by draws of one conditional weighted by another's."""
    given = np.full((2**12, 1), x)
    points = drawn_from.completed(given, (np.arange(2**12)[:, None] + 0.5) / 2**12)
    assert (points[:, 0] == x).all()
    log_q = weighted_by.log_density(points) - weighted_by.marginal(1).log_density(given)
    return np.exp(stats.norm.logpdf(points[:, 1], 0.3, 0.5) - log_q).mean()
