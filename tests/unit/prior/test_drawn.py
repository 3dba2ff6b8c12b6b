"""Drawn variables."""

import pytest

from cavity.errors import ModelError, PriorError
from cavity.prior import DrawnVariable, prior_from_dict


@pytest.mark.parametrize("method", ["value_for", "cdf", "log_prob"])
def test_it_has_no_distribution_of_its_own(method):
    with pytest.raises(ModelError, match="parent's hyperparameters"):
        getattr(DrawnVariable(parent=None), method)(0.5)


def test_truncation_survives_storing_and_confining():
    drawn = DrawnVariable(parent="population", lower_limit=0.0)
    assert drawn.is_scale
    assert drawn.confined(-1.0, 5.0).arguments() == {"lower_limit": 0.0, "upper_limit": 5.0}
    assert drawn.confined(-1.0, 5.0).parent == "population"
    assert prior_from_dict(drawn.to_dict()).arguments() == drawn.arguments()


def test_limits_the_wrong_way_round_are_refused():
    with pytest.raises(PriorError, match="lower_limit < upper_limit"):
        DrawnVariable(parent=None, lower_limit=1.0, upper_limit=0.0)
