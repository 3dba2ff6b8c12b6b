"""Priors by name."""

import math

import pytest

from cavity.errors import PriorError
from cavity.prior import GaussianPrior, LogUniformPrior, prior_from_dict


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
