"""Beta prior."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import BetaPrior


@settings(max_examples=20, deadline=None)
@given(alpha=st.floats(1.0, 20.0), beta=st.floats(1.0, 20.0), lower=st.floats(-10.0, 10.0), length=st.floats(0.1, 10.0))
def test_it_is_a_distribution(check_prior, alpha, beta, lower, length):
    check_prior(BetaPrior(alpha=alpha, beta=beta, lower_limit=lower, upper_limit=lower + length))


def test_limits_stretch_it():
    prior = BetaPrior(alpha=2.0, beta=3.0, lower_limit=-1.0, upper_limit=4.0)
    exact = scipy.stats.beta(2.0, 3.0, -1.0, 5.0)
    x = exact.ppf(np.linspace(0.01, 0.99, 9))
    assert np.allclose(prior.log_prob(x), exact.logpdf(x), atol=1e-12)
    assert np.allclose(prior.moments(), (exact.mean(), exact.std()), rtol=1e-12)


def test_infinite_density_at_the_limits_is_a_distribution(check_prior):
    check_prior(BetaPrior(alpha=0.5, beta=0.7))


def test_confined_cuts_it():
    prior = BetaPrior(alpha=2.0, beta=3.0)
    assert prior.confined(0.2, 0.5).log_prob(0.3) > prior.log_prob(0.3)


def test_it_must_be_positive():
    with pytest.raises(PriorError, match="alpha must be above 0, got -1.0"):
        BetaPrior(alpha=-1.0, beta=1.0)
