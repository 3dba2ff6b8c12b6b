"""Log-uniform prior."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cavity.errors import PriorError
from cavity.prior import LogUniformPrior


@settings(max_examples=20, deadline=None)
@given(lower=st.floats(1e-6, 1e3), ratio=st.floats(1.1, 1e4))
def test_it_is_a_distribution(check_prior, lower, ratio):
    check_prior(LogUniformPrior(lower_limit=lower, upper_limit=lower * ratio))


def test_the_median_is_the_geometric_mean_of_the_limits():
    assert LogUniformPrior(lower_limit=1e-2, upper_limit=1e2).value_for(0.5) == pytest.approx(1.0)


def test_a_lower_limit_of_zero_is_refused_with_the_way_out():
    with pytest.raises(PriorError, match="must be above 0, got 0.0.*such as 1e-6"):
        LogUniformPrior(lower_limit=0.0, upper_limit=1e2)
