import numpy as np
import pytest

from cavity.errors import SearchError
from cavity.posterior.samples import Samples
from cavity.search import Emcee, InitializerBall, InitializerPrior, InitializerSamples

from ...statistics.search.problems import correlated_gaussian

PROBLEM = correlated_gaussian(2).problem


def test_a_ball_stays_between_its_limits():
    unit = InitializerBall(lower_limit=0.2, upper_limit=0.3).unit(500, PROBLEM, np.random.default_rng(0))
    assert unit.shape == (500, 2)
    assert unit.min() >= 0.2 and unit.max() <= 0.3


def test_the_prior_fills_the_cube():
    unit = InitializerPrior().unit(500, PROBLEM, np.random.default_rng(0))
    assert unit.mean(0) == pytest.approx([0.5, 0.5], abs=0.05)


@pytest.mark.parametrize("limits", [(0.5, 0.5), (-0.1, 0.5), (0.5, 1.1)])
def test_limits_are_checked(limits):
    with pytest.raises(SearchError, match="0 <= lower_limit < upper_limit <= 1"):
        InitializerBall(*limits)


def test_samples_are_drawn_by_weight():
    values = np.array([[0.0, 0.0], [1.0, 1.0]])
    samples = Samples(names=PROBLEM.names, values=values, log_weights=np.log([0.25, 0.75]))
    unit = InitializerSamples(samples).unit(2000, PROBLEM, np.random.default_rng(0))
    assert (unit[:, 0] > 0.6).mean() == pytest.approx(0.75, abs=0.04)
    assert len(np.unique(unit, axis=0)) == 2000


def test_samples_of_another_model_are_refused():
    samples = Samples(names=("a", "b"), values=np.zeros((1, 2)))
    with pytest.raises(SearchError, match="the samples have the parameters a, b, the model has x0, x1"):
        InitializerSamples(samples).unit(5, PROBLEM, np.random.default_rng(0))


def test_samples_are_part_of_a_search_s_identity():
    one, same, other = (InitializerSamples(Samples(names=("a",), values=np.full((1, 1), x))) for x in (0.0, 0.0, 1.0))
    assert Emcee(initializer=one).settings() == Emcee(initializer=same).settings()
    assert Emcee(initializer=one).settings() != Emcee(initializer=other).settings()
