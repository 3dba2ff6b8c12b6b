"""The acceptance of assertions."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from cavity.errors import ModelError
from cavity.model import Collection, acceptance
from cavity.prior import GaussianPrior, UniformPrior
from cavity.search import Laplace
from cavity.search.model_problem import model_problem


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


class OneMeasurement:
    """x + y measured as 1 with a standard deviation of .5."""

    def log_likelihood_function(self, instance):
        return float(norm.logpdf(1.0, instance.x + instance.y, 0.5))


def evidence(assert_it, log_acceptance=None):
    """Of x, y ~ N(0, 1), cut to x < y or not; by importance sampling around the mode."""
    model = Collection(x=GaussianPrior(0.0, 1.0), y=GaussianPrior(0.0, 1.0))
    if assert_it:
        model.add_assertion(model.x < model.y)
    problem = model_problem(model, OneMeasurement())
    if log_acceptance is not None:
        problem = replace(problem, log_acceptance=log_acceptance)
    return Laplace(n_draws=8192).run(problem, np.random.default_rng(1)).log_evidence


def test_the_evidence_of_a_cut_prior_is_the_closed_form():
    """x - y is independent of x + y, so the half that is left has the evidence of the whole."""
    assert evidence(assert_it=True) == pytest.approx(norm.logpdf(1.0, 0.0, 1.5), abs=0.05)


def test_without_the_renormalisation_it_is_half():
    difference = evidence(assert_it=True, log_acceptance=0.0) - norm.logpdf(1.0, 0.0, 1.5)
    assert difference == pytest.approx(math.log(0.5), abs=0.05)
