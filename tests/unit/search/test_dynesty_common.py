from types import SimpleNamespace

import numpy as np
import pytest

from cavity.errors import SearchError
from cavity.search import DynestyDynamic, DynestyStatic, Guard, Problem
from cavity.search.dynesty_common import status_of

from ...statistics.search.problems import correlated_gaussian


def test_the_guard_is_called_without_the_library_s_wrapper():
    import dynesty

    problem = correlated_gaussian(2).problem
    guard = Guard(problem)
    sampler = DynestyStatic(nlive=20).made_sampler(dynesty.NestedSampler, problem, guard, np.random.default_rng(1))
    assert guard.calls == 20
    assert sampler.loglikelihood.loglikelihood is guard
    assert sampler.prior_transform is problem.prior_transform


def test_the_progress_line_learns_where_the_run_is():
    guard = SimpleNamespace(status={})
    status_of(guard, 0.06)(SimpleNamespace(logz=-3.0, delta_logz=0.5), 10, 100, dlogz=0.06)
    assert guard.status == {"log_evidence": -3.0, "remaining": 0.5, "until": 0.06}


def test_a_step_without_end_is_ended_by_the_budget():
    """No point is above the first ones: dynesty's step goes on, and it looks at maxcall between steps alone."""
    values = iter(range(10**9))
    problem = Problem(("x", "y"), lambda unit: unit, lambda vector: -float(next(values)), dataset="d07")
    samples = DynestyStatic(nlive=50).run(problem, np.random.default_rng(1), max_calls=3000)
    assert samples.calls == 4300 and samples.info["calls_spent"] and samples.info["converged"] is False
    assert samples.info["search"]["maxcall"] is None
    with pytest.raises(SearchError, match="4,300 calls of dataset d07 are spent and it has no answer yet; raise max_c"):
        DynestyDynamic(nlive=50).run(problem, np.random.default_rng(1), max_calls=3000)


@pytest.mark.parametrize("search", [DynestyStatic(nlive=50, sample="rwalk"), DynestyDynamic(nlive=50, sample="rwalk")])
def test_a_walk_that_leaves_the_unit_cube_does_not_hide_that_the_budget_is_spent(search):
    """dynesty counts steps that cost no call, and stopped at four fifths of the calls without a word."""
    problem = Problem(tuple("abcd"), lambda unit: unit, lambda vector: -1e9 * float(vector @ vector), dataset="d07")
    samples = search.run(problem, np.random.default_rng(1), max_calls=6000)
    assert samples.calls < 0.9 * 6000, "or this test shows nothing"
    assert samples.info["converged"] is False and samples.info["calls_spent"]
