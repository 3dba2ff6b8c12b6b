"""Importance draws of several proposals under one prior."""

import numpy as np
import pytest
from scipy.special import logsumexp

from cavity.numerics.mixture import Mixture, fit_components, log_prior
from cavity.numerics.weights import psis
from cavity.strategy.draws import weighted, weighted_together
from cavity.strategy.round import Batch, from_tree, to_tree
from cavity.strategy.tilted import Interim

PRIOR = Interim(np.array([1.0]), np.array([2.0]), np.empty(0))


def log_l(theta, z):
    """A Gaussian likelihood in theta + z with unit noise, at 3."""
    return -0.5 * (3.0 - theta[:, 0] - z[:, 0]) ** 2 - 0.5 * np.log(2 * np.pi)


def batch(mean, width, n=600, seed=0, interim=PRIOR):
    proposal = Mixture.of([1.0], [mean], [width**2 * np.eye(2)], prior_fraction=0.1)
    points = proposal.draws(n, np.random.default_rng(seed))
    theta, z = interim.mean + interim.sd * points[:, :1], points[:, 1:]
    return Batch(theta, z, log_l(theta, z), proposal, interim.mean, interim.sd)


def evidence():
    """theta + z ~ N(1, 4 + 1), y = 3 with unit noise."""
    return -0.5 * np.log(2 * np.pi * 6.0) - 0.5 * 4.0 / 6.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_batches_of_different_proposals_give_the_evidence(seed):
    weighted = weighted_together([batch([0.5, 0.2], 1.0, seed=seed), batch([-1.0, 1.0], 1.5, seed=seed + 10)], PRIOR)
    assert logsumexp(weighted.log_w) == pytest.approx(evidence(), abs=0.03)


def test_draws_made_under_another_interim_prior_count_as_well():
    broad = Interim(np.array([0.0]), np.array([5.0]), np.empty(0))
    weighted = weighted_together([batch([0.0, 0.0], 1.0, n=3000, interim=broad), batch([0.5, 0.2], 1.0)], PRIOR)
    assert logsumexp(weighted.log_w) == pytest.approx(evidence(), abs=0.04)


def test_ignoring_how_draws_were_made_fails_the_same_check():
    one = batch([0.5, 0.2], 1.0)
    with pytest.raises(AssertionError):
        assert logsumexp(one.log_l - np.log(len(one.log_l))) == pytest.approx(evidence(), abs=0.03)


def test_an_accident_of_one_batch_is_mended_by_the_next():
    poor = batch([-2.0, -2.0], 0.4, n=100, seed=4)
    before = weighted_together([poor], PRIOR).largest
    after = weighted_together([poor, batch([0.5, 0.2], 1.0)], PRIOR).largest
    assert before > 0.05 > after


def test_figures_are_those_of_the_normalised_weights():
    weighted = weighted_together([batch([0.5, 0.2], 1.0)], PRIOR)
    w = np.exp(weighted.log_w) / np.exp(weighted.log_w).sum()
    assert np.exp(weighted.log_weights) == pytest.approx(w)
    assert weighted.ess == pytest.approx(1 / (w**2).sum()) and weighted.largest == pytest.approx(w.max())
    assert weighted.pareto_k == pytest.approx(psis(np.log(w))[1])


def test_a_batch_is_stored_and_read_to_the_bit():
    one = batch([0.5, 0.2], 1.0)
    again = from_tree(Batch, to_tree(one))
    assert np.array_equal(weighted_together([again], PRIOR).log_w, weighted_together([one], PRIOR).log_w)


WIDTH, NONE = 0.3, Interim(np.zeros(0), np.ones(0), np.empty(0))


def narrow(proposal, n, rng):
    """Draws for a likelihood whose posterior is N(0, .3^2) in four dimensions and whose evidence is 1."""
    z = proposal.draws_in_parts(n, rng)
    log_l = -0.5 * (z * z).sum(1) / WIDTH**2 - 4 * np.log(WIDTH) - 2 * np.log(2 * np.pi) - log_prior(z)
    return Batch(np.empty((n, 0)), z, log_l, proposal, NONE.mean, NONE.sd)


def log_evidences(weigh, seeds=120):
    """ln Z of (first draws, draws of a proposal fitted to them), a sampling a seed, weighted by ``weigh``."""
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        first = narrow(Mixture.of([1.0], [np.zeros(4)], 1.1 * WIDTH**2 * np.eye(4)[None], prior_fraction=0.1), 512, rng)
        log_w = first.log_l + log_prior(first.z) - first.proposal.log_density(first.z)
        shares, means, covariances = fit_components(first.z, log_w, 5, rng)
        second = narrow(Mixture.of(shares, means, 1.2 * covariances, prior_fraction=0.15), 400, rng)
        found.append(logsumexp(weigh(first, second).log_w))
    return np.array(found)


def assert_unbiased(found):
    """The mean is zero to three of its standard errors, half the variance allowed for the logarithm."""
    assert abs((found + 0.5 * found.var()).mean()) < 3 * found.std() / np.sqrt(len(found))


def test_draws_of_a_proposal_that_was_not_fitted_to_them_have_no_bias():
    assert_unbiased(log_evidences(lambda first, second: weighted(second, NONE)))


def test_weighting_draws_by_what_was_fitted_to_them_fails_the_same_check():
    found = log_evidences(lambda first, second: weighted_together([first, second], NONE))
    with pytest.raises(AssertionError):
        assert_unbiased(found)
    assert found.mean() < 0
