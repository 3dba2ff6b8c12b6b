"""Passed priors have the stated moments, shared and drawn parameters stay what they are."""

import numpy as np
import pytest
from tests.unit.strategy.linear import Point

import cavity as cv
from cavity.errors import ResultError
from cavity.graph import name_shared
from cavity.posterior.phase import PhaseResult
from cavity.study.earlier import EarlierPhase

RNG = np.random.default_rng(3)
COVARIANCE = np.array([[0.04, 0.03], [0.03, 0.09]])
DRAWS = RNG.multivariate_normal([4.0, -1.0], COVARIANCE, 4000)


class Pair:
    """A point and a number of its own."""

    def __init__(self, point=None, scale=1.0):
        self.point = point
        self.scale = scale


def earlier(model=None, namespace=None, inference="independent", shared=None, draws=DRAWS, names=("x", "y")):
    model = model or cv.Model(Point, x=cv.UniformPrior(0.0, 10.0), y=cv.GaussianPrior(0.0, 2.0, -5.0, 5.0))
    samples = cv.Samples(
        names=names, values=draws, log_likelihoods=-np.sum((draws - draws.mean(0)) ** 2, axis=1), log_evidence=-3.0
    )
    result = PhaseResult(
        study="s", phase="light", inference=inference, locals={"d01": samples}, shared=shared, log_evidence=-7.0
    )
    return EarlierPhase(result=result, dataset="d01", compose=lambda: model, names=name_shared(namespace or {}))


def test_a_passed_prior_has_the_posteriors_mean_a_width_times_the_factor_and_the_old_limits():
    passed = earlier().model_with(factor=2.5)
    assert passed.x.moments()[0] == pytest.approx(DRAWS[:, 0].mean(), rel=1e-9)
    assert (passed.x.mean, passed.x.sigma) == pytest.approx((DRAWS[:, 0].mean(), 2.5 * DRAWS[:, 0].std()), rel=1e-9)
    assert passed.x.moments()[1] == pytest.approx(2.5 * DRAWS[:, 0].std(), rel=1e-6)
    assert (passed.y.lower_limit, passed.y.upper_limit) == (-5.0, 5.0)


def test_the_width_is_never_below_the_floor():
    passed = earlier().model_with(factor=1.0, floor={"x": 0.5})
    assert passed.x.sigma == 0.5
    assert passed.y.sigma == pytest.approx(DRAWS[:, 1].std())


def test_parts_of_the_passed_model_can_be_taken_one_by_one():
    model = cv.Collection(a=cv.Model(Point, x=cv.UniformPrior(0.0, 10.0), y=cv.UniformPrior(-5.0, 5.0)))
    passed = earlier(model, names=("a.x", "a.y"))
    assert passed.model.a.x.mean == pytest.approx(DRAWS[:, 0].mean())
    later = cv.Collection(a=passed.model.a, b=cv.Model(Point, x=cv.UniformPrior(), y=cv.UniformPrior()))
    assert later.parameter_names == ("a.x", "a.y", "b.x", "b.y")
    assert passed.instance.a.x == pytest.approx(DRAWS[:, 0].mean(), abs=0.05)


def test_the_whole_covariance_is_passed_where_asked():
    model = earlier().model_with_covariance(factor=2.0)
    compiled = model.compile()
    units = np.random.default_rng(0).uniform(size=(4000, 2))
    points = np.array([(p.x, p.y) for p in (compiled.instance(compiled.vector(unit)) for unit in units)])
    assert points.mean(0) == pytest.approx(DRAWS.mean(0), abs=0.05)
    assert np.cov(points.T) == pytest.approx(4.0 * np.cov(DRAWS.T), rel=0.1)
    assert not compiled.satisfies([-100.0, 0.0]), "the old limits are assertions"


def test_a_cut_prior_keeps_its_density():
    passed = earlier().model_within(sds=4.0)
    mean, sd = DRAWS.mean(0), DRAWS.std(0)
    assert isinstance(passed.x, cv.UniformPrior) and isinstance(passed.y, cv.GaussianPrior)
    assert (passed.y.mean, passed.y.sigma) == (0.0, 2.0)
    assert passed.y.lower_limit == pytest.approx(mean[1] - 4.0 * sd[1])
    assert passed.x.upper_limit == pytest.approx(mean[0] + 4.0 * sd[0])


def test_the_instance_is_the_likeliest_sample_of_an_independent_fit_and_the_median_of_another():
    likeliest = DRAWS[np.argmin(np.sum((DRAWS - DRAWS.mean(0)) ** 2, axis=1))]
    point = earlier().instance
    assert (point.x, point.y) == tuple(likeliest)
    assert earlier().log_evidence == -3.0
    population = cv.Samples(names=("slope",), values=np.array([[1.0], [2.0], [3.0]]))
    together = earlier(inference="ep", shared=population)
    assert together.instance.x == pytest.approx(np.median(DRAWS[:, 0]), abs=1e-3)
    assert together.log_evidence == -7.0


def test_shared_and_drawn_parameters_stay_the_same_parameters():
    slope = cv.UniformPrior(0.0, 5.0)
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 3.0), sigma=cv.HalfNormalPrior(2.0))
    drawn = population.drawn_variable()
    model = cv.Model(Pair, point=cv.Model(Point, x=drawn, y=cv.UniformPrior(-5.0, 5.0)), scale=slope)
    values = np.array([[1.0, 2.0, 0.5], [3.0, 2.0, 0.5]])
    shared = cv.Samples(names=("slope", "population.mean", "population.sigma"), values=values)
    namespace = {"slope": slope, "population": population}
    light = earlier(model, namespace, inference="ep", shared=shared, names=("point.x", "point.y"))
    for passed in (light.model, light.model_with_covariance(), light.model_within()):
        assert passed.scale is slope
        assert passed.point.x is drawn
        assert passed.point.y is not model.point.y
    assert light.instance.scale == 2.0


def test_the_shared_answer_predicts_the_next_member():
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 3.0), sigma=cv.HalfNormalPrior(2.0))
    draws = np.column_stack([RNG.normal(2.0, 0.3, 5000), RNG.uniform(0.8, 1.2, 5000)])
    shared = cv.Samples(names=("population.mean", "population.sigma"), values=draws)
    answer = earlier(namespace={"population": population}, inference="ep", shared=shared).population
    predicted = answer.predictive("population")
    assert predicted.mean == pytest.approx(draws[:, 0].mean())
    assert predicted.sigma**2 == pytest.approx(draws[:, 0].var() + np.mean(draws[:, 1] ** 2))
    passed = answer.prior("population.sigma", factor=2.0)
    assert (passed.sigma, passed.lower_limit) == (pytest.approx(2.0 * draws[:, 1].std()), 0.0)
    assert answer.mean["population.mean"] == pytest.approx(2.0, abs=0.02)
    assert answer.sd["population.mean"] == pytest.approx(0.3, abs=0.02)
    with pytest.raises(ResultError, match="no population popluation in this study; did you mean population"):
        answer.predictive("popluation")


def test_what_is_not_there_is_one_sentence():
    with pytest.raises(ResultError, match="phase light shares nothing between datasets"):
        assert earlier().population
    with pytest.raises(ResultError, match="the model has x, the result does not"):
        assert earlier(names=("a", "b")).model
    light = earlier()
    with pytest.raises(ResultError, match="no parameters of dataset d02"):
        EarlierPhase(light.result, "d02", light.compose, light.names).samples  # noqa: B018
