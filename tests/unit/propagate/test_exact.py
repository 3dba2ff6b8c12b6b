"""The exact pass: importance sampling, its refits, Markov chains, evidence, no globals at all."""

import numpy as np
import pytest

from cavity.numerics.mixture import Mixture
from cavity.numerics.weights import effective_sample_size, psis
from cavity.prior import GaussianPrior
from cavity.propagate import GlobalSpace, SiteBank, build_table, exact_pass, grid_pass, tensor_nodes
from cavity.propagate.exact import ExactPass
from cavity.propagate.modes import one_mode


def test_posterior_and_evidence(normal):
    result = exact_pass(normal.space, normal.bank, one_mode(normal.mean, np.diag(normal.sd**2)))
    mean, covariance = result.moments()
    assert result.method == "importance" and result.pareto_k < 0.7
    assert (np.abs(mean - normal.mean) < 0.03 * normal.sd).all()
    assert np.allclose(np.sqrt(np.diag(covariance)), normal.sd, rtol=0.03)
    assert result.log_evidence == pytest.approx(normal.log_evidence, abs=0.03)
    assert 0 < result.log_evidence_error < 0.05
    assert np.exp(result.log_weights).sum() == pytest.approx(1.0)


def test_a_bad_start_is_mended_by_refits(normal):
    result = exact_pass(normal.space, normal.bank, one_mode(normal.mean + 1.5 * normal.sd, 3 * np.diag(normal.sd**2)))
    assert result.log_evidence == pytest.approx(normal.log_evidence, abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_smoothed_weights_of_the_first_proposal_and_what_follows_from_them(seed):
    space = GlobalSpace.from_priors(["a", "b"], [GaussianPrior(0.0, 2.0), GaussianPrior(0.0, 2.0)])

    def log_density(phi):
        return -0.5 * (phi**2).sum(1)

    mode = one_mode(np.zeros(2), np.eye(2))
    result = exact_pass(space, SiteBank([], space), mode, seed=seed, refits=0, log_density=log_density)
    raw = log_density(result.draws) - Mixture.of([1.0], [np.zeros(2)], [1.2 * np.eye(2)]).log_density(result.draws)
    smoothed, k_hat = psis(raw)
    assert np.allclose(result.log_weights, smoothed, rtol=0, atol=1e-12) and result.pareto_k == k_hat
    assert result.ess == pytest.approx(effective_sample_size(smoothed))
    assert result.log_evidence == pytest.approx(np.log(2 * np.pi), abs=0.005)
    parts = np.array([part.mean() for part in np.split(np.exp(raw), np.ceil(np.arange(1, 16) * 187.5).astype(int))])
    assert result.log_evidence_error**2 == pytest.approx(((parts / np.exp(raw).mean() - 1) ** 2).sum() / (16 * 15))


def test_too_narrow_a_proposals_weights_are_smoothed():
    space = GlobalSpace.from_priors(["a"], [GaussianPrior(0.0, 2.0)])

    def log_density(phi):
        return -0.5 * (phi**2).sum(1)

    narrow, bank = 0.1 * np.eye(1), SiteBank([], space)
    result = exact_pass(space, bank, one_mode(np.zeros(1), narrow), refits=0, log_density=log_density)
    raw = log_density(result.draws) - Mixture.of([1.0], [np.zeros(1)], [1.2 * narrow]).log_density(result.draws)
    assert np.allclose(result.log_weights, psis(raw)[0], rtol=0, atol=1e-12)
    assert np.abs(result.log_weights - raw + np.log(np.exp(raw).sum())).max() > 0.01


def test_draws_of_equal_weight_repeat_by_their_weight():
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    found = ExactPass(np.arange(4.0)[:, None], np.log(weights), 0.0, 0.1, 0.1, 3.3, "importance")
    even = found.equal_weight(10_000, np.random.default_rng(0))[:, 0].astype(int)
    assert np.bincount(even) == pytest.approx(10_000 * weights, abs=1.0)


def banana():
    space = GlobalSpace.from_priors(["a", "b"], [GaussianPrior(0.0, 2.0), GaussianPrior(0.0, 2.0)])
    nodes = tensor_nodes(np.linspace(-8, 8, 65), np.linspace(-10, 10, 81))
    log_l = -0.5 * ((nodes[:, 1] - nodes[:, 0] ** 2) / 0.8) ** 2
    site = build_table("d", {"drawn": [], "shared": ["a", "b"]}, nodes, log_l[None], np.zeros(1))
    return space, SiteBank([site], space)


def test_a_chain_takes_over_where_no_proposal_fits():
    space, bank = banana()
    exact = grid_pass(space, bank)
    result = exact_pass(space, bank, one_mode(np.array([1.0, 1.0]), 0.02 * np.eye(2)), refits=0)
    assert result.method == "hmc" and result.ess > 100
    (mean, covariance), (exact_mean, exact_covariance) = result.moments(), exact.moments()
    sd = np.sqrt(np.diag(exact_covariance))
    assert (np.abs(mean - exact_mean) < 0.3 * sd).all()
    assert np.allclose(np.sqrt(np.diag(covariance)), sd, rtol=0.2)
    assert result.log_evidence == pytest.approx(exact.log_evidence, abs=2 * result.log_evidence_error)
    assert result.log_evidence_error < 0.03


def test_the_same_seed_gives_the_same_bits(normal):
    one, two, other = (
        exact_pass(normal.space, normal.bank, one_mode(normal.mean, np.eye(2)), n=256, seed=s) for s in (1, 1, 2)
    )
    assert (one.draws == two.draws).all() and (one.log_weights == two.log_weights).all()
    assert one.log_evidence != other.log_evidence


@pytest.mark.parametrize("seed", range(3))
def test_a_posterior_far_narrower_than_the_proposal_is_found(seed):
    space = GlobalSpace.from_priors(["a", "b"], [GaussianPrior(0.0, 2.0), GaussianPrior(0.0, 2.0)])

    def log_density(phi):
        return -0.5 * (((phi - [0.3, -0.8]) / 0.002) ** 2).sum(1)

    bank = SiteBank([], space)
    result = exact_pass(space, bank, one_mode(np.zeros(2), np.eye(2)), seed=seed, refits=12, log_density=log_density)
    mean, covariance = result.moments()
    assert result.method == "importance"
    assert np.allclose(mean, [0.3, -0.8], atol=2e-4) and np.allclose(np.sqrt(np.diag(covariance)), 0.002, rtol=0.05)
    assert result.log_evidence == pytest.approx(np.log(2 * np.pi * 0.002**2), abs=0.1)


def test_without_globals_the_evidence_is_a_sum():
    from cavity.propagate import build_site

    space = GlobalSpace.from_priors([], [])
    sites = [build_site(f"d{i}", {"drawn": [], "shared": []}, np.full(4, -1.5 - np.log(4))) for i in range(3)]
    result = exact_pass(space, SiteBank(sites, space), one_mode(np.zeros(0), np.zeros((0, 0))))
    assert result.log_evidence == pytest.approx(-4.5) and result.method == "none"


def errors_of_a_spread():
    """Relative errors, by seed, of sds that a fiftieth of the mass, 10 times as wide as the rest, makes up."""
    space = GlobalSpace.from_priors(["a", "b"], [GaussianPrior(0.0, 2.0), GaussianPrior(0.0, 2.0)])

    def log_density(phi):
        square = (phi**2).sum(1)
        return np.logaddexp(np.log(0.98) - 0.5 * square, np.log(0.02 / 10**2) - 0.5 * square / 10**2)

    bank, variance = SiteBank([], space), 0.98 + 0.02 * 10**2
    mode = one_mode(np.zeros(2), variance * np.eye(2))
    found = [exact_pass(space, bank, mode, seed=seed, log_density=log_density).moments()[1] for seed in range(6)]
    return np.sqrt(np.array([np.diag(covariance) for covariance in found]) / variance) - 1


def test_an_sd_that_rests_on_its_tails_is_right():
    assert np.abs(errors_of_a_spread()).max() < 0.05


def test_the_same_check_fails_where_draws_follow_the_mass_alone(monkeypatch):
    monkeypatch.setattr("cavity.propagate.exact.HEAVY", np.inf)
    assert np.abs(errors_of_a_spread()).max() > 0.1
