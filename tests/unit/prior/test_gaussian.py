"""Gaussian prior and its truncation."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import GaussianPrior, TruncatedGaussianPrior


@settings(max_examples=20, deadline=None)
@given(mean=st.floats(-1e3, 1e3), sigma=st.floats(0.01, 1e3))
def test_it_is_a_distribution(check_prior, mean, sigma):
    check_prior(GaussianPrior(mean=mean, sigma=sigma))


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(-5.0, 5.0), sigma=st.floats(0.1, 10.0), low=st.floats(-8.0, 8.0), length=st.floats(0.3, 20.0))
def test_truncated_it_is_a_distribution(check_prior, mean, sigma, low, length):
    lower = mean + low * sigma
    check_prior(GaussianPrior(mean=mean, sigma=sigma, lower_limit=lower, upper_limit=lower + length * sigma))


@pytest.mark.parametrize(("lower", "upper"), [(2.0, 5.0), (-1.0, math.inf), (-math.inf, -3.0)])
def test_it_is_the_truncated_normal_of_scipy(lower, upper):
    prior = GaussianPrior(mean=1.0, sigma=2.0, lower_limit=lower, upper_limit=upper)
    exact = scipy.stats.truncnorm((lower - 1.0) / 2.0, (upper - 1.0) / 2.0, 1.0, 2.0)
    x = exact.ppf(np.linspace(0.01, 0.99, 9))
    assert np.allclose(prior.log_prob(x), exact.logpdf(x), atol=1e-12)
    assert np.allclose(prior.moments(), (exact.mean(), exact.std()), rtol=1e-9)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_far_tail_keeps_its_precision(side):
    limits = sorted([side * 20.0, side * math.inf])
    prior = GaussianPrior(0.0, 1.0, *limits)
    values = prior.value_for(np.linspace(0.1, 0.9, 9))
    assert np.allclose(prior.cdf(values), np.linspace(0.1, 0.9, 9), atol=1e-10)
    assert abs(prior.moments()[0]) == pytest.approx(20.0497530, abs=1e-6)


def test_limits_without_probability_are_refused():
    with pytest.raises(PriorError, match="no probability between 50.0 and 60.0"):
        GaussianPrior(mean=0.0, sigma=1.0, lower_limit=50.0, upper_limit=60.0)


def test_sigma_must_be_positive():
    with pytest.raises(PriorError, match="sigma must be above 0, got -1.0"):
        GaussianPrior(mean=0.0, sigma=-1.0)


def test_a_parameter_as_an_argument_points_to_the_hierarchical_factor():
    with pytest.raises(PriorError, match="mean must be a number.*HierarchicalFactor"):
        GaussianPrior(mean=GaussianPrior(0.0, 1.0), sigma=1.0)


def test_truncated_gaussian_behaves_the_same(check_prior):
    prior = TruncatedGaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=12.0)
    check_prior(prior)
    assert prior.value_for(0.3) == GaussianPrior(10.0, 5.0, 0.0, 12.0).value_for(0.3)
