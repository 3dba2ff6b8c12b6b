"""The acceptance of assertions."""
import math

import numpy as np
import pytest

from cavity.errors import ModelError
from cavity.model import Collection, acceptance
from cavity.prior import GaussianPrior, UniformPrior


def accepted(*comparisons, **parameters):
    model = Collection(**parameters)
    for comparison in comparisons:
        model.add_assertion(comparison)
    return acceptance(model.compile(), np.random.default_rng(1))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_closed_form(seed):
    x, y = UniformPrior(), UniformPrior()
    model = Collection(x=x, y=y)
    model.add_assertion(x + y < 0.5)
    found = acceptance(model.compile(), np.random.default_rng(seed))
    assert found.fraction == pytest.approx(0.125, abs=4.0 * found.error)
    assert found.log_fraction == pytest.approx(math.log(0.125), abs=4.0 * found.log_error)
    assert found.log_error < 0.01


def test_it_would_notice_a_wrong_cut():
    x, y = UniformPrior(), UniformPrior()
    found = accepted(x + y < 0.52, x=x, y=y)
    assert abs(found.fraction - 0.125) > 4.0 * found.error


def test_a_rare_one_is_counted():
    x = GaussianPrior(0.0, 1.0)
    found = accepted(x > 4.0, x=x)
    assert found.fraction == pytest.approx(3.167e-5, abs=4.0 * found.error)


def test_all_must_hold_together():
    x, y = UniformPrior(), UniformPrior()
    found = accepted(x < 0.5, y < 0.5, x=x, y=y)
    assert found.fraction == pytest.approx(0.25, abs=4.0 * found.error)


def test_without_assertions_nothing_is_drawn():
    assert accepted(x=UniformPrior()) == (1.0, 0.0, 0)


def test_one_that_is_never_true_says_so():
    x, y = UniformPrior(), UniformPrior()
    with pytest.raises(ModelError, match=r"the assertion x > 2.0 is never true: none of [\d,]+ draws"):
        accepted(y < 0.5, x > 2.0, x=x, y=y)


def test_two_that_exclude_each_other_say_so():
    x = UniformPrior()
    with pytest.raises(ModelError, match="x > 0.6 and x < 0.4 are never true together"):
        accepted(x > 0.6, x < 0.4, x=x)
