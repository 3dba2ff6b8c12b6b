"""What every prior shares."""

import copy
import math
import pickle

import numpy as np
import pytest

from cavity.prior import GaussianPrior, HalfNormalPrior, UniformPrior


class DoubledDensity(UniformPrior):
    """Wrong on purpose: integrates to two."""

    def log_prob(self, x):
        return UniformPrior.log_prob(self, x) + math.log(2.0)


class ForgottenLimit(GaussianPrior):
    """Wrong on purpose: the cdf does not know the limits."""

    def cdf(self, x):
        return GaussianPrior(self.mean, self.sigma).cdf(x)


@pytest.mark.parametrize("wrong", [DoubledDensity(0.0, 1.0), ForgottenLimit(0.0, 1.0, -1.0, 1.0)])
def test_the_checks_catch_a_wrong_prior(check_prior, wrong):
    with pytest.raises(AssertionError):
        check_prior(wrong)


def test_a_prior_is_a_variable():
    prior = UniformPrior()
    assert prior != UniformPrior()
    assert copy.copy(prior) is prior
    assert copy.deepcopy([prior, prior])[0] is prior
    assert len({prior, UniformPrior(), prior}) == 2


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        UniformPrior().lower_limit = 3.0


def test_it_survives_a_trip_to_another_process():
    prior = GaussianPrior(1.0, 2.0, lower_limit=0.0)
    assert pickle.loads(pickle.dumps(prior)).value_for(0.3) == prior.value_for(0.3)


def test_scales_are_never_negative():
    assert HalfNormalPrior(sigma=1.0).is_scale
    assert not GaussianPrior(0.0, 1.0).is_scale
    assert GaussianPrior(0.0, 1.0, lower_limit=0.0).is_scale


def test_log_mass_outside_is_minus_infinity():
    assert UniformPrior().log_mass(2.0, 3.0) == -math.inf
    assert UniformPrior().log_mass(-1.0, 3.0) == 0.0


def test_its_text_leaves_out_infinite_limits():
    prior = GaussianPrior(10.0, 5.0, lower_limit=0.0)
    assert str(prior) == "GaussianPrior, mean = 10.0, sigma = 5.0, lower_limit = 0.0"


def test_arguments_become_floats():
    assert type(UniformPrior(0, np.float32(2.0)).upper_limit) is float
