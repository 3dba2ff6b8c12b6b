"""The interim prior that q predicts."""

import numpy as np
import pytest

from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, Link, interim_prior, shared_prior

SPACE = GlobalSpace.from_priors(["a", "mu", "tau"], [GaussianPrior(0.0, 1.0)] * 2 + [HalfNormalPrior(1.0)])
ITEM = {"name": "x", "family": "GaussianPrior", "mean": {"variable": "mu"}, "sigma": {"variable": "tau"}}
LINK = Link({"drawn": [ITEM], "shared": ["a"]}, SPACE)
MEAN = np.array([9.0, 1.5, -0.5])


def draws(sd_of_log_tau, n=4000):
    """Draws of phi around MEAN."""
    return MEAN + np.array([1.0, 0.2, sd_of_log_tau]) * sobol_normal(n, 3, 1)


def test_it_is_the_population_plus_the_uncertainty_of_its_mean():
    mean, sd = interim_prior(LINK, draws(0.01))
    assert mean == pytest.approx([1.5], abs=0.02)
    assert sd == pytest.approx([np.sqrt(0.04 + np.exp(2 * -0.5))], rel=0.03)


def test_heavy_tails_make_it_wider_than_its_core():
    sd = {spread: interim_prior(LINK, draws(spread))[1][0] for spread in (0.01, 0.5, 5.0)}
    assert 1.5 * sd[0.01] < sd[0.5] < 4 * sd[0.01]
    core = np.quantile(draws(5.0)[:, 1:] @ [1.0, 0.0], 0.5)
    assert np.isfinite(sd[5.0]) and core == pytest.approx(1.5, abs=0.02)


def test_with_power_one_the_width_is_that_of_the_tails():
    core, tails, more = (interim_prior(LINK, draws(0.5), power)[1][0] for power in (0.0, 1.0, 2.0))
    assert core < tails and more == pytest.approx(tails**2 / core)


def test_shared_parameters_are_a_block_of_q():
    psi0, covariance = shared_prior(LINK, MEAN, np.diag([1.0, 0.04, 0.01]))
    assert psi0.tolist() == [9.0] and covariance.tolist() == [[1.0]]
