"""Unconstrained scales: round trips, Jacobians, derivatives."""

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.prior import (
    GaussianPrior,
    HalfCauchyPrior,
    HalfNormalPrior,
    LogGaussianPrior,
    LogUniformPrior,
    StudentTPrior,
    UniformPrior,
)
from cavity.propagate.transform import GlobalSpace, kind_of

PRIORS = {
    "mean": (GaussianPrior(50.0, 10.0), "identity"),
    "far_bounds": (GaussianPrior(50.0, 10.0, lower_limit=0.0, upper_limit=100.0), "identity"),
    "near_bounds": (GaussianPrior(1.0, 10.0, lower_limit=-2.0, upper_limit=20.0), "normal"),
    "scale": (HalfNormalPrior(10.0), "log"),
    "cauchy": (HalfCauchyPrior(5.0), "log"),
    "size": (LogGaussianPrior(1.0, 0.5), "log"),
    "flat": (UniformPrior(-1.0, 3.0), "normal"),
    "decades": (LogUniformPrior(1e-3, 1e2), "normal"),
    "heavy": (StudentTPrior(df=1.0, mean=2.0, sigma=3.0), "identity"),
}


@pytest.fixture(scope="module")
def space():
    return GlobalSpace.from_priors(PRIORS, [prior for prior, _ in PRIORS.values()])


@pytest.mark.parametrize("name", PRIORS)
def test_kinds(name):
    prior, kind = PRIORS[name]
    assert kind_of(prior) == kind


def test_phi_inverts_values(space):
    start, covariance = space.start()
    phi = start + np.sqrt(np.diag(covariance)) * np.random.default_rng(0).uniform(-2, 2, (20, space.dimension))
    assert np.allclose(space.phi(space.values(phi)), phi, atol=1e-6)


def test_the_prior_is_normalised_on_the_unconstrained_scale(space):
    start, covariance = space.start()
    for j, name in enumerate(space.names):
        if name == "heavy":
            continue
        x = np.repeat(start[None], 20001, 0)
        x[:, j] += np.sqrt(covariance[j, j]) * np.linspace(-25, 12, 20001)
        terms = np.exp(space.log_prior_terms(x)[:, j])
        assert terms.sum() * (x[1, j] - x[0, j]) == pytest.approx(1.0, abs=1e-4), name


def test_a_bounded_prior_becomes_a_standard_normal(space):
    j = space.index("flat")
    phi = np.zeros((3, space.dimension))
    phi[:, j] = [-1.0, 0.0, 2.0]
    assert np.allclose(space.log_prior_terms(phi)[:, j], -0.5 * phi[:, j] ** 2 - 0.5 * np.log(2 * np.pi))


def test_the_truncation_of_an_untransformed_prior_stays_in_it(space):
    phi = space.start()[0]
    phi[space.index("far_bounds")] = -1.0
    assert space.log_prior(phi) == -np.inf


def slopes(space, phi):
    """Both derivatives of every coordinate at phi [D]."""
    return np.array([space.slopes(j, phi[j]) for j in range(space.dimension)]).T


def test_derivatives_agree_with_finite_differences(space):
    start, covariance = space.start()
    sd = np.sqrt(np.diag(covariance))
    for phi in start + sd * np.random.default_rng(1).uniform(-2, 2, (5, space.dimension)):
        first, second = slopes(space, phi)
        h = 1e-4 * sd
        difference = (space.values(phi + h) - space.values(phi - h)) / (2 * h)
        assert np.allclose(first, difference, rtol=1e-6)
        ahead, behind = (slopes(space, phi + step)[0] for step in (h, -h))
        assert np.allclose(second, (ahead - behind) / (2 * h), rtol=1e-5, atol=1e-7)


def test_prior_score_agrees_with_finite_differences(space):
    start, covariance = space.start()
    h = 1e-4 * np.sqrt(np.diag(covariance))
    phi = start + 3e3 * h
    gradient, _ = space.prior_score(phi)
    for j in range(space.dimension):
        step = h * (np.arange(space.dimension) == j)
        assert gradient[j] == pytest.approx(
            (space.log_prior(phi + step) - space.log_prior(phi - step)) / (2 * h[j]), rel=1e-5
        )


def test_far_tails_stay_finite(space):
    phi = np.full(space.dimension, -30.0)
    for part in (space.values(phi), *slopes(space, phi), *space.prior_score(phi)):
        assert np.isfinite(part).all()


def test_a_name_that_is_not_global_is_an_error(space):
    with pytest.raises(PropagationError, match="wrong is not a global parameter"):
        space.index("wrong")
    with pytest.raises(PropagationError, match="distinct"):
        GlobalSpace.from_priors(["a", "a"], [UniformPrior(0.0, 1.0)] * 2)
