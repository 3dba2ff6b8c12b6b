import dataclasses
import time

import numpy as np
import pytest

from cavity.errors import LikelihoodError
from cavity.search import SEARCHES, DynestyStatic, Laplace
from cavity.search.estimate import estimate, expected_calls, seconds_per_call, threads_slow_down

from ...statistics.search.problems import correlated_gaussian, profile


def test_a_call_is_timed():
    slow = dataclasses.replace(correlated_gaussian(2).problem, log_likelihood=lambda v: time.sleep(0.01) or 0.0)
    assert 0.01 <= seconds_per_call(slow, np.random.default_rng(0), calls=3) < 0.1


def test_a_bad_likelihood_is_found_before_the_run():
    problem = dataclasses.replace(correlated_gaussian(2).problem, log_likelihood=lambda v: np.nan)
    with pytest.raises(LikelihoodError, match="d07"):
        seconds_per_call(problem, np.random.default_rng(0))


@pytest.mark.parametrize("search", [DynestyStatic(nlive=50), Laplace()], ids=["nested", "laplace"])
def test_the_estimate_is_within_a_factor_of_two(search):
    known = profile()
    calls = search.run(known.problem, np.random.default_rng(1)).calls
    assert 0.5 < expected_calls(search, 3) / calls < 2.0


@pytest.mark.parametrize("search", SEARCHES.values(), ids=list(SEARCHES))
def test_every_search_has_an_estimate(search):
    found = estimate(search(), correlated_gaussian(2).problem, np.random.default_rng(0))
    assert found.calls > 0
    assert found.seconds == pytest.approx(found.calls * found.seconds_per_call)
    assert "calls" in str(found)


def test_threads_are_compared():
    assert threads_slow_down(correlated_gaussian(2).problem, np.random.default_rng(0), calls=3) in (True, False)
