"""Student's t prior."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import StudentTPrior


@settings(max_examples=20, deadline=None)
@given(df=st.floats(0.5, 50.0), mean=st.floats(-10.0, 10.0), sigma=st.floats(0.1, 10.0))
def test_it_is_a_distribution(check_prior, df, mean, sigma):
    check_prior(StudentTPrior(df=df, mean=mean, sigma=sigma), moments=df > 5.0)


@settings(max_examples=20, deadline=None)
@given(df=st.floats(1.0, 50.0), low=st.floats(-8.0, 8.0), length=st.floats(0.3, 10.0))
def test_truncated_it_is_a_distribution(check_prior, df, low, length):
    check_prior(StudentTPrior(df=df, mean=1.0, sigma=2.0, lower_limit=low, upper_limit=low + length))


def test_it_is_the_t_of_scipy():
    prior, exact = StudentTPrior(df=3.0, mean=1.0, sigma=2.0), scipy.stats.t(3.0, 1.0, 2.0)
    x = exact.ppf(np.linspace(0.01, 0.99, 9))
    assert np.allclose(prior.log_prob(x), exact.logpdf(x), atol=1e-12)
    assert np.allclose(prior.moments(), (exact.mean(), exact.std()), rtol=1e-12)


def test_moments_that_do_not_exist_are_not_invented():
    assert math.isnan(StudentTPrior(df=1.0).moments()[0])
    assert StudentTPrior(df=1.5, mean=2.0).moments() == (2.0, math.inf)


def test_df_must_be_positive():
    with pytest.raises(PriorError, match="df must be above 0, got 0.0"):
        StudentTPrior(df=0.0)
