"""Importance draws of several proposals under one prior."""

import numpy as np
import pytest
from scipy.special import logsumexp

from cavity.numerics.mixture import Mixture
from cavity.numerics.weights import psis
from cavity.strategy.draws import weighted_together
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
