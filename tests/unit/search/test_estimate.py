import time

import numpy as np
import pytest

import cavity as cv
from cavity.search import SEARCHES, DifferentialEvolution, DynestyDynamic, DynestyStatic, Laplace
from cavity.search.estimate import duration, expected_calls, own_seconds, pace, seconds_per_call, threads_slow_down
from cavity.search.model_problem import model_problem

from ...statistics.search.problems import correlated_gaussian, profile

NARROW = {"laplace": (Laplace(), 5), "walks": (DynestyStatic(nlive=50), 5), "evolution": (DifferentialEvolution(), 5)}


def test_a_call_is_timed_without_the_first():
    times = iter([0.2, 0.01, 0.01, 0.01])
    assert 0.01 <= seconds_per_call(lambda: time.sleep(next(times)), calls=3) < 0.1


def test_an_expensive_call_is_timed_once():
    count = []
    seconds_per_call(lambda: count.append(time.sleep(0.02)), calls=100, at_most=0.01)
    assert len(count) == 2


@pytest.mark.parametrize("search", [DynestyStatic(nlive=50), Laplace()], ids=["nested", "laplace"])
def test_the_estimate_is_within_a_factor_of_two(search):
    known = profile()
    calls = search.run(known.problem, np.random.default_rng(1)).calls
    assert 0.5 < expected_calls(search, 3) / calls < 2.0


@pytest.mark.parametrize("search, ndim", NARROW.values(), ids=list(NARROW))
def test_and_in_more_dimensions(search, ndim):
    calls = search.run(correlated_gaussian(ndim).problem, np.random.default_rng(1)).calls
    assert 0.5 < expected_calls(search, ndim) / calls < 2.0


@pytest.mark.parametrize("search", [DynestyStatic(nlive=50), DynestyStatic(nlive=50, sample="rwalk"), Laplace()])
def test_what_a_search_takes_besides_its_likelihood_is_within_a_factor_of_two(search):
    x = np.arange(100.0)
    data, noise = cv.ex.Gaussian(50.0, 25.0, 10.0).model_data_from(x), np.full(100, 0.05)
    limits = {"centre": (0.0, 100.0), "normalization": (1.0, 100.0), "sigma": (1.0, 25.0)}
    model = cv.Model(cv.ex.Gaussian, **{name: cv.UniformPrior(*pair) for name, pair in limits.items()})
    problem = model_problem(model, cv.ex.Analysis(data=data, noise_map=noise))
    search.run(problem, np.random.default_rng(0))  # what is imported
    started = time.process_time()
    samples = search.run(problem, np.random.default_rng(1))
    used = time.process_time() - started
    likelihoods = seconds_per_call(lambda: problem.log_likelihood(np.array([50.0, 25.0, 10.0]))) * samples.calls
    assert 0.5 < (pace() * own_seconds(search, 3, samples.calls) + likelihoods) / used < 2.0


def test_walks_of_a_number_are_as_many():
    few, many = (expected_calls(DynestyStatic(sample="rwalk", walks=walks), 6) for walks in (10, 100))
    assert many == 10 * few


@pytest.mark.parametrize("search", SEARCHES.values(), ids=list(SEARCHES))
def test_every_search_has_an_estimate(search):
    assert expected_calls(search(), 3) > 0


def test_uniform_draws_are_said_to_be_cheaper_than_walks_where_they_are_chosen():
    assert expected_calls(DynestyDynamic(sample="unif"), 5) < expected_calls(DynestyDynamic(), 5)


def test_threads_are_compared():
    assert threads_slow_down(lambda: None, calls=3) in (True, False)
    waits = iter([0.0] * 4 + [0.02] * 4)
    assert threads_slow_down(lambda: time.sleep(next(waits)), calls=3)


@pytest.mark.parametrize("seconds, text", [(5.0, "5.0 seconds"), (150.0, "2.5 minutes"), (1e5, "27.8 hours")])
def test_durations(seconds, text):
    assert duration(seconds) == text
