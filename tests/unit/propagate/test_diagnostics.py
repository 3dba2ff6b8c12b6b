"""Which sites are built again, and when to stop."""

from dataclasses import replace

import numpy as np
import pytest

from cavity.propagate import SiteBank, convergence, exact_pass, needs_refresh, site_noise


@pytest.fixture(scope="module")
def fitted(normal):
    covariance = np.diag(normal.sd**2)
    return normal.bank.score(normal.mean), covariance, exact_pass(normal.space, normal.bank, normal.mean, covariance)


def with_info(bank, dataset, **info):
    sites = [replace(s, info=s.info | info) if s.dataset == dataset else s for s in bank.sites]
    return SiteBank(sites, bank.space)


def test_noise_falls_with_the_samples_and_is_shared_out(normal, fitted):
    noise = site_noise(*fitted[:2])
    assert noise.contributions.sum() == pytest.approx(1.0)
    quarter = fitted[0]._replace(noise=fitted[0].noise / 4)
    assert np.allclose(site_noise(quarter, fitted[1]).mcse, noise.mcse / 2)


def test_good_sites_are_left_alone(normal, fitted):
    assert needs_refresh(normal.bank, *fitted[:2], tolerance=0.5) == []


@pytest.mark.parametrize(
    "info, words",
    [({"pareto_k": 0.9}, "k-hat"), ({"surrogate_error": 2.0}, "surrogate"), ({"interpolation_error": 1.0}, "table")],
)
def test_a_bad_site_is_named_with_its_reason(normal, fitted, info, words):
    found = needs_refresh(with_info(normal.bank, "d3", **info), *fitted[:2], tolerance=0.5)
    assert [item.dataset for item in found] == ["d3"]
    assert words in found[0].reasons[0]


def test_noisy_sites_get_more_samples(normal, fitted):
    found = needs_refresh(normal.bank, *fitted[:2], tolerance=0.01)
    assert found and all(1.0 < item.factor <= 4.0 for item in found)
    assert "mcse" in found[0].reasons[0]


def test_a_site_that_does_not_cover_the_posterior(normal, fitted):
    found = needs_refresh(normal.bank, *fitted[:2], tolerance=0.5, ess={name: 5.0 for name in normal.bank.datasets})
    assert len(found) == 15 and "5 of its 128 particles count" in found[0].reasons[0]


def test_the_first_round_never_stops_and_a_steady_one_does(normal, fitted):
    score, covariance, exact = fitted
    first = convergence(normal.bank, score, normal.mean, covariance, None, exact, tolerance=0.5)
    assert not first.converged and "no earlier round" in first.reasons[0]
    steady = convergence(normal.bank, score, normal.mean, covariance, normal.mean, exact, tolerance=0.5)
    assert steady.converged and steady.reasons == ()
    moved = convergence(normal.bank, score, normal.mean, covariance, normal.mean + 3 * normal.sd, exact, tolerance=0.5)
    assert not moved.converged and "moved by" in moved.reasons[0]


def test_a_bad_site_or_a_bad_exact_pass_keeps_it_going(normal, fitted):
    score, covariance, exact = fitted
    arguments = (score, normal.mean, covariance, normal.mean)
    bank = with_info(normal.bank, "d3", pareto_k=0.9)
    assert "d3" in convergence(bank, *arguments, exact, tolerance=0.5).reasons[0]
    worse = replace(exact, pareto_k=1.2)
    assert "exact pass" in convergence(normal.bank, *arguments, worse, tolerance=0.5).reasons[0]
