"""A site's unit-cube problem."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from tests.unit.strategy.small import Effect, context

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import link_of, name_shared, view_factor
from cavity.numerics.sobol import sobol_normal
from cavity.propagate.link import Link
from cavity.strategy.tilted import Tilted, predictive_interim, prior_interim


def tilted(kind="drawn", held=False):
    c = context(kind=kind)
    view = c.view("d1")
    link = Link(link_of(view, c.coordinates), c.space)
    draws = c.space.from_normal(sobol_normal(256, c.space.dimension, 1))
    interim = predictive_interim(link, draws.mean(0), draws) if held else prior_interim(link, c.space)
    return Tilted(view, link, c.space, interim)


def test_drawn_columns_have_the_interim_gaussian():
    t = tilted()
    problem = t.problem("d1")
    point = problem.prior_transform(np.array([ndtr(1.0), 0.5]))
    assert point[0] == pytest.approx(t.interim.mean[0] + t.interim.sd[0]) and point[1] == pytest.approx(0.0)


def test_the_likelihood_is_the_users_own():
    problem = tilted().problem("d1")
    assert problem.log_likelihood(np.array([0.3, 0.2])) == pytest.approx(-0.5 * (0.0 - 0.5) ** 2 - 2.0 * 0.04)


def test_free_shared_parameters_are_columns_and_held_ones_are_not():
    assert tilted("shared").problem("d1").names == ("effect", "offset")
    assert tilted("shared", held=True).problem("d1").names == ("offset",)


def test_the_first_interim_prior_is_three_times_as_wide_as_the_population_may_be():
    t = tilted()
    assert 4.5 < t.interim.sd[0] < 12.0


def test_the_design_problem_takes_shared_parameters_as_columns():
    t = tilted("shared", held=True)
    effect = t.space.value_of(0, 0.3)
    found = t.design_problem("d1").log_likelihood(np.array([0.3, 0.2]))
    assert found == pytest.approx(-0.5 * (effect + 0.2) ** 2 - 2.0 * 0.04)


class Half(cv.Analysis):
    def log_likelihood_function(self, instance):
        return 0.0


def asserted(of_local=True):
    """A flat likelihood, offset > 0 of a symmetric prior."""
    c = context(kind="drawn")
    drawn = c.names.parents
    population = next(iter(drawn))
    model = cv.Model(Effect, effect=population.drawn_variable(), offset=cv.GaussianPrior(0.0, 1.0))
    model.add_assertion((model.offset if of_local else model.effect) > 0.0)
    view = view_factor(cv.AnalysisFactor(model, Half()), "d", c.names.priors, tuple(drawn))
    link = Link(link_of(view, c.coordinates), c.space)
    return Tilted(view, link, c.space, prior_interim(link, c.space))


def test_an_assertion_on_local_parameters_is_divided_out():
    problem = asserted().problem("d")
    assert problem.log_likelihood(np.array([0.0, -1.0])) == -np.inf
    assert problem.log_likelihood(np.array([0.0, 1.0])) == pytest.approx(np.log(2.0), abs=1e-3)


def test_an_assertion_on_drawn_parameters_names_the_way_out():
    with pytest.raises(GraphError, match="inference: joint"):
        asserted(of_local=False)


class Traced(cv.Analysis):
    use_jax = True

    def log_likelihood_function(self, instance):
        return -0.5 * (instance.effect - 2.0) ** 2 * (1.0 + instance.offset**2)


@pytest.mark.parametrize("parent", [cv.GaussianPrior, cv.LogGaussianPrior])
def test_gradients_are_in_the_columns_of_the_points(parent):
    problem, point = problem_of(parent, Traced()), np.array([0.4, 0.7])
    for column, step in enumerate(1e-6 * np.eye(2)):
        up, down = problem.log_likelihood(point + step), problem.log_likelihood(point - step)
        assert problem.gradient(point[None])[0, column] == pytest.approx((up - down) / 2e-6, rel=1e-6)


class Decays(cv.Analysis):
    """Two rates that must differ: far out of the prior the second is lost in the first."""

    def log_likelihood_function(self, instance):
        rate = 1.0 + instance.effect
        return -0.5 * (1.0 / (rate - 1.0)) ** 2 if math.isfinite(rate) else math.nan


class Divides(cv.Analysis):
    def log_likelihood_function(self, instance):
        return 1.0 / (0.0 * instance.effect)


def problem_of(parent, analysis):
    """The first look of an effect drawn from a parent, beside an offset."""
    population = cv.HierarchicalFactor(parent, mean=cv.GaussianPrior(0.0, 1.0), sigma=cv.HalfNormalPrior(1.0))

    def factor(dataset):
        model = cv.Model(Effect, effect=population.drawn_variable(), offset=cv.GaussianPrior(0.0, 1.0))
        return cv.AnalysisFactor(model, analysis)

    c = replace(context(), names=name_shared({"population": population}), factor=factor)
    view = c.view("d0")
    link = Link(link_of(view, c.coordinates), c.space)
    return Tilted(view, link, c.space, prior_interim(link, c.space)).problem("d0")


def test_beyond_the_prior_a_likelihood_need_not_be_finite():
    problem = problem_of(cv.LogGaussianPrior, Decays())
    assert problem.log_likelihood(np.array([-40.0, 0.0])) == -np.inf  # exp(-40) is lost: a division by zero
    assert np.isfinite(problem.log_likelihood(np.array([0.0, 0.0])))
    assert problem.shown(np.array([np.log(2.0), 0.5])) == pytest.approx([2.0, 0.5])


def test_within_the_prior_a_likelihood_that_fails_is_an_error():
    problem = problem_of(cv.GaussianPrior, Divides())
    with pytest.raises(ZeroDivisionError):
        problem.log_likelihood(np.array([0.5, 0.0]))
    assert problem.log_likelihood(np.array([50.0, 0.0])) == -np.inf


class Ordered:
    """Two numbers in a narrow band."""

    def __init__(self, effect=0.0, x=0.0, y=0.0):
        self.effect, self.x, self.y = effect, x, y


def rare(dataset):
    """|y - x| < .0045 of two unit Gaussians: a share of .00254 of the prior."""
    c = context(kind="drawn")
    population = next(iter(c.names.parents))
    model = cv.Model(
        Ordered, effect=population.drawn_variable(), x=cv.GaussianPrior(0.0, 1.0), y=cv.GaussianPrior(0.0, 1.0)
    )
    model.add_assertion(model.y < model.x + 0.0045)
    model.add_assertion(model.y > model.x - 0.0045)
    view = view_factor(cv.AnalysisFactor(model, Half(), name=dataset), dataset, c.names.priors, tuple(c.names.parents))
    link = Link(link_of(view, c.coordinates), c.space)
    return Tilted(view, link, c.space, prior_interim(link, c.space)).acceptance


def test_the_share_that_a_rare_assertion_leaves_is_within_its_error_and_no_two_datasets_err_together():
    exact = np.log(2 * ndtr(0.0045 / np.sqrt(2.0)) - 1)
    found = [rare(f"d{i}") for i in range(6)]
    pulls = np.array([(one.log_fraction - exact) / one.log_error for one in found])
    assert np.sqrt((pulls**2).mean()) < 2.0 and max(one.log_error for one in found) < 0.015
    assert len({one.fraction for one in found}) == len(found)


def test_the_first_four_thousand_points_would_fail_that_check():
    exact = np.log(2 * ndtr(0.0045 / np.sqrt(2.0)) - 1)
    points = [sobol_normal(4096, 2, seed) for seed in range(6)]
    shares = np.array([np.mean(np.abs(point[:, 1] - point[:, 0]) < 0.0045) for point in points])
    assert np.sqrt((((np.log(shares) - exact) / 0.015) ** 2).mean()) > 2.0
