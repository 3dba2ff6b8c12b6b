"""Gamma prior."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import GammaPrior


@settings(max_examples=20, deadline=None)
@given(alpha=st.floats(0.5, 50.0), beta=st.floats(0.01, 100.0))
def test_it_is_a_distribution(check_prior, alpha, beta):
    check_prior(GammaPrior(alpha=alpha, beta=beta))


@pytest.mark.parametrize("alpha", [0.7, 1.0, 2.0])
def test_beta_is_the_rate(alpha):
    prior, exact = GammaPrior(alpha=alpha, beta=4.0), scipy.stats.gamma(alpha, scale=0.25)
    x = exact.ppf(np.linspace(0.01, 0.99, 9))
    assert np.allclose(prior.log_prob(x), exact.logpdf(x), atol=1e-12)
    assert np.allclose(prior.moments(), (exact.mean(), exact.std()), rtol=1e-12)


def test_it_must_be_positive():
    with pytest.raises(PriorError, match="beta must be above 0, got 0.0"):
        GammaPrior(alpha=1.0, beta=0.0)
