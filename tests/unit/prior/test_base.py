"""What every prior shares."""

import copy
import math
import pickle

import numpy as np
import pytest
import scipy.stats

from cavity.errors import PriorError
from cavity.prior import (
    BetaPrior,
    ConfinedPrior,
    GammaPrior,
    GaussianPrior,
    HalfCauchyPrior,
    HalfNormalPrior,
    LogUniformPrior,
    UniformPrior,
    as_prior,
    prior_from_dict,
)
from cavity.prior.base import FAMILIES


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


def test_numbers_may_be_text_as_in_yaml():
    prior = prior_from_dict({"type": "LogUniform", "lower_limit": "1e-2", "upper_limit": 100})
    assert isinstance(prior, LogUniformPrior)
    assert prior.lower_limit == 0.01
    assert prior_from_dict({"type": "Gaussian", "mean": 0, "sigma": 1, "upper_limit": "inf"}).upper_limit == math.inf


def test_infinities_are_strict_json():
    assert GaussianPrior(0.0, 1.0).to_dict()["upper_limit"] == "inf"


def test_an_unknown_type_has_the_nearest():
    with pytest.raises(PriorError, match="Gausian is not a type of prior; did you mean GaussianPrior?"):
        prior_from_dict({"type": "Gausian", "mean": 0.0, "sigma": 1.0})


def test_an_unknown_argument_has_the_nearest():
    with pytest.raises(PriorError, match="GaussianPrior has no argument sigm; did you mean sigma?"):
        prior_from_dict({"type": "Gaussian", "mean": 0.0, "sigm": 1.0})


def test_a_missing_argument_is_named():
    with pytest.raises(PriorError, match="sigma"):
        prior_from_dict({"type": "Gaussian", "mean": 0.0})


def test_a_family_adds_itself_and_no_other_module_takes_its_name():
    class SlopePrior(GaussianPrior):
        pass

    assert type(prior_from_dict({"type": "Slope", "mean": 1.0, "sigma": 2.0})) is SlopePrior
    type("GaussianPrior", (SlopePrior,), {"__module__": "elsewhere"})
    assert type(prior_from_dict({"type": "Gaussian", "mean": 1.0, "sigma": 2.0})) is GaussianPrior
    FAMILIES.pop("SlopePrior")
