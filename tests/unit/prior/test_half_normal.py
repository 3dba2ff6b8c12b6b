"""Half-normal prior."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import HalfNormalPrior


@settings(max_examples=20, deadline=None)
@given(sigma=st.floats(0.01, 1e3))
def test_it_is_a_distribution(check_prior, sigma):
    check_prior(HalfNormalPrior(sigma=sigma))


def test_it_is_that_of_scipy():
    prior, exact = HalfNormalPrior(sigma=3.0), scipy.stats.halfnorm(scale=3.0)
    x = exact.ppf(np.linspace(0.0, 0.99, 9))
    assert np.allclose(prior.log_prob(x), exact.logpdf(x), atol=1e-12)
    assert np.allclose(prior.moments(), (exact.mean(), exact.std()), rtol=1e-12)


def test_it_must_be_positive():
    with pytest.raises(PriorError, match="sigma must be above 0, got 0.0"):
        HalfNormalPrior(sigma=0.0)
