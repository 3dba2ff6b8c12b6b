from types import SimpleNamespace

import numpy as np

from cavity.search import DynestyStatic, Guard
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
