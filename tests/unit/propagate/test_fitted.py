"""A polynomial in place of the sum over sites."""

import numpy as np
import pytest

import cavity.propagate.exact as exact
from cavity.propagate.fitted import FittedDensity, design_points, fitted_density
from cavity.propagate.modes import one_mode


def test_near_the_posterior_the_fit_is_the_density(normal):
    covariance = np.diag(normal.sd**2)
    fit = fitted_density(normal.space, normal.bank, normal.mean, covariance)
    x = normal.mean + normal.sd * np.random.default_rng(0).normal(size=(50, 2)).clip(-2, 2)
    assert np.abs(fit(x) - normal.bank.log_density(x)).std() < 0.3
    assert fit.error < 0.3


def test_a_cubic_is_found_exactly_from_the_sums_of_shards(normal):
    mean, covariance = np.array([0.3, -0.2]), np.array([[0.5, 0.1], [0.1, 0.3]])
    points = design_points(mean, covariance)

    def cubic(phi):
        return 1 + phi[:, 0] - 2 * phi[:, 1] ** 2 + 0.5 * phi[:, 0] ** 2 * phi[:, 1]

    fit = FittedDensity.fit(normal.space, mean, covariance, points, 0.4 * cubic(points) + 0.6 * cubic(points))
    x = mean + 0.5 * np.random.default_rng(0).normal(size=(20, 2))
    assert np.allclose(fit(x), cubic(x) + normal.space.log_prior(x), atol=1e-8)
    assert fit.error < 1e-8


def test_far_away_nothing_is_claimed(normal):
    fit = fitted_density(normal.space, normal.bank, normal.mean, np.diag(normal.sd**2))
    assert fit((normal.mean + 10 * normal.sd)[None])[0] == -np.inf


def test_the_exact_pass_uses_it_for_very_many_sites(normal, monkeypatch):
    monkeypatch.setattr(exact, "LARGEST_WORK", 0)
    result = exact.exact_pass(normal.space, normal.bank, one_mode(normal.mean, np.diag(normal.sd**2)))
    assert result.log_evidence == pytest.approx(normal.log_evidence, abs=0.1)
    assert (np.abs(result.moments()[0] - normal.mean) < 0.1 * normal.sd).all()
