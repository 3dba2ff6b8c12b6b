"""Hamiltonian Monte Carlo on densities with known moments."""

import numpy as np
import pytest

from cavity.numerics.hmc import autocorrelated_ess, hamiltonian_draws


def test_a_correlated_gaussian_from_a_poor_metric():
    covariance = np.array([[4.0, 1.9, 0.0], [1.9, 1.0, 0.0], [0.0, 0.0, 0.01]])
    precision = np.linalg.inv(covariance)
    rng = np.random.default_rng(0)
    draws, ess = hamiltonian_draws(
        lambda x: -0.5 * np.einsum("qi,ij,qj->q", x, precision, x),
        lambda x: -x @ precision,
        rng.normal(size=(100, 3)),
        np.zeros(100),
        np.eye(3),
        3000,
        rng,
        least_ess=400,
    )
    sd = np.sqrt(np.diag(covariance))
    assert ess > 400 and len(draws) >= 3000
    assert (np.abs(draws.mean(0)) < 5 * sd / np.sqrt(ess)).all()
    assert np.allclose(np.cov(draws.T) / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.15)


def test_a_wrong_gradient_only_costs_acceptance():
    rng = np.random.default_rng(1)
    draws, ess = hamiltonian_draws(
        lambda x: -0.5 * (x * x).sum(1), lambda x: -0.7 * x, np.zeros((5, 2)), np.zeros(5), np.eye(2), 4000, rng
    )
    assert np.allclose(draws.std(0), 1.0, atol=0.1)


def test_effective_sample_size_of_independent_and_of_stuck_chains():
    rng = np.random.default_rng(2)
    independent = rng.normal(size=(200, 8))
    assert autocorrelated_ess(independent) == pytest.approx(1600, rel=0.25)
    assert autocorrelated_ess(rng.normal(size=(1000, 32))) == pytest.approx(32_000, rel=0.05)
    assert autocorrelated_ess(np.cumsum(independent, 0)) < 60
    assert autocorrelated_ess(independent + 10 * np.arange(8)) < 20
