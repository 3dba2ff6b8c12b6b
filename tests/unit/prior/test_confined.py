"""Any prior restricted to a box."""

import math

import numpy as np
import pytest
import scipy.stats

from cavity.errors import PriorError
from cavity.prior import BetaPrior, ConfinedPrior, GammaPrior, HalfCauchyPrior, as_prior

BOXES = [
    (HalfCauchyPrior(scale=2.0), 1.0, 30.0),
    (GammaPrior(alpha=2.0, beta=1.0), 0.5, math.inf),
    (BetaPrior(alpha=0.5, beta=0.5), 0.0, 0.4),
    (as_prior(scipy.stats.skewnorm(4.0)), -0.2, 1.0),
]


@pytest.mark.parametrize(("prior", "lower", "upper"), BOXES)
def test_it_is_a_distribution(check_prior, prior, lower, upper):
    check_prior(ConfinedPrior(prior, lower, upper))


def test_a_box_in_a_box_is_one_box():
    prior = HalfCauchyPrior(scale=2.0).confined(1.0, 30.0).confined(0.0, 10.0)
    assert (prior.lower_limit, prior.upper_limit) == (1.0, 10.0)
    assert isinstance(prior.prior, HalfCauchyPrior)


def test_moments_that_do_not_exist_are_not_invented():
    assert HalfCauchyPrior(scale=1.0).confined(1.0, math.inf).moments() == (math.inf, math.inf)
    assert np.isfinite(HalfCauchyPrior(scale=1.0).confined(1.0, 2.0).moments()).all()


def test_a_box_outside_is_refused():
    with pytest.raises(PriorError, match="no probability between"):
        GammaPrior(alpha=2.0, beta=1.0).confined(-2.0, -1.0)
