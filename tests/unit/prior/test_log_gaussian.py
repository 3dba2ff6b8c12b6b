"""Log-Gaussian prior."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import LogGaussianPrior


@settings(max_examples=20, deadline=None)
@given(mean=st.floats(-3.0, 3.0), sigma=st.floats(0.05, 1.5))
def test_it_is_a_distribution(check_prior, mean, sigma):
    check_prior(LogGaussianPrior(mean=mean, sigma=sigma), moments=sigma < 1.0)


@settings(max_examples=20, deadline=None)
@given(low=st.floats(-3.0, 3.0), length=st.floats(0.3, 3.0))
def test_truncated_it_is_a_distribution(check_prior, low, length):
    lower, upper = math.exp(1.0 + 0.5 * low), math.exp(1.0 + 0.5 * (low + length))
    check_prior(LogGaussianPrior(mean=1.0, sigma=0.5, lower_limit=lower, upper_limit=upper))


def test_it_is_the_lognormal_of_scipy():
    prior, exact = LogGaussianPrior(mean=1.0, sigma=0.5), scipy.stats.lognorm(0.5, scale=math.e)
    x = exact.ppf(np.linspace(0.01, 0.99, 9))
    assert np.allclose(prior.log_prob(x), exact.logpdf(x), atol=1e-12)
    assert np.allclose(prior.moments(), (exact.mean(), exact.std()), rtol=1e-12)
    assert prior.log_prob(0.0) == -math.inf


def test_a_negative_limit_is_refused():
    with pytest.raises(PriorError, match="must be at least 0, got -1.0"):
        LogGaussianPrior(mean=0.0, sigma=1.0, lower_limit=-1.0)
