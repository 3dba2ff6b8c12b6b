"""Uniform prior."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import UniformPrior


@settings(max_examples=20, deadline=None)
@given(lower=st.floats(-1e3, 1e3), length=st.floats(0.01, 1e3))
def test_it_is_a_distribution(check_prior, lower, length):
    check_prior(UniformPrior(lower_limit=lower, upper_limit=lower + length))


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 0.0), (1.0, 1.0)])
def test_limits_the_wrong_way_round_are_named(lower, upper):
    with pytest.raises(PriorError, match=f"lower_limit < upper_limit, got {lower} and {upper}"):
        UniformPrior(lower_limit=lower, upper_limit=upper)


def test_an_infinite_limit_is_refused():
    with pytest.raises(PriorError, match="upper_limit must be finite"):
        UniformPrior(lower_limit=0.0, upper_limit=math.inf)
