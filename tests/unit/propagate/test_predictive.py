"""The interim prior that q predicts."""

import numpy as np
import pytest

from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, Link, interim_prior, shared_prior

SPACE = GlobalSpace.from_priors(["a", "mu", "tau"], [GaussianPrior(0.0, 1.0)] * 2 + [HalfNormalPrior(1.0)])
ITEM = {"name": "x", "family": "GaussianPrior", "mean": {"variable": "mu"}, "sigma": {"variable": "tau"}}
LINK = Link({"drawn": [ITEM], "shared": ["a"]}, SPACE)
MEAN = np.array([9.0, 1.5, -0.5])


def test_it_is_the_population_plus_the_uncertainty_of_its_mean():
    mean, sd = interim_prior(LINK, MEAN, np.diag([1.0, 0.04, 0.01]))
    assert mean == pytest.approx([1.5])
    assert sd == pytest.approx([np.sqrt(0.04 + np.exp(2 * (-0.5 + 0.1)))])


def test_a_very_uncertain_sd_does_not_run_away():
    _, sd = interim_prior(LINK, MEAN, np.diag([1.0, 0.04, 25.0]))
    assert sd == pytest.approx([np.sqrt(0.04 + np.exp(2 * (-0.5 + 0.7)))])


def test_shared_parameters_are_a_block_of_q():
    psi0, covariance = shared_prior(LINK, MEAN, np.diag([1.0, 0.04, 0.01]))
    assert psi0.tolist() == [9.0] and covariance.tolist() == [[1.0]]
