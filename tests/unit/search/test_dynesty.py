import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from cavity.errors import LikelihoodError, SearchError
from cavity.search import DynestyDynamic, DynestyStatic, Guard, Problem
from cavity.search.dynesty import status_of

from ...statistics.search.problems import correlated_gaussian
from .nested_checks import check_nested

KNOWN = correlated_gaussian(2)


def test_posterior_and_evidence():
    samples = DynestyStatic(nlive=100).run(KNOWN.problem, np.random.default_rng(1))
    check_nested(samples, KNOWN)
    assert samples.log_evidence_error < 0.5


def test_the_numbers_are_the_bare_library_s():
    import dynesty

    samples = DynestyStatic(nlive=50, dlogz=0.5).run(KNOWN.problem, np.random.default_rng(1))
    bare = dynesty.NestedSampler(
        KNOWN.problem.log_likelihood, KNOWN.problem.prior_transform, 2, nlive=50, rstate=np.random.default_rng(1)
    )
    bare.run_nested(dlogz=0.5, print_progress=False)
    assert np.array_equal(samples.values, bare.results.samples)
    assert samples.log_evidence == bare.results.logz[-1]
    assert samples.calls == int(np.sum(bare.results.ncall))


def test_settings_reach_the_library():
    samples = DynestyStatic(nlive=30, sample="rwalk", walks=10, maxcall=2000).run(
        KNOWN.problem, np.random.default_rng(1)
    )
    assert samples.calls < 2200 and samples.info["converged"] is False


@pytest.mark.parametrize("first_bad", [1, 60])
def test_a_bad_likelihood_prints_nothing_but_its_sentence(first_bad, capsys):
    calls = []

    def likelihood(vector):
        calls.append(vector)
        return np.nan if len(calls) >= first_bad else KNOWN.problem.log_likelihood(vector)

    problem = dataclasses.replace(KNOWN.problem, log_likelihood=likelihood)
    with pytest.raises(LikelihoodError, match=rf"dataset d07: the likelihood is NaN at x0=.*\(call {first_bad}\)"):
        DynestyStatic(nlive=50).run(problem, np.random.default_rng(1))
    assert capsys.readouterr() == ("", "")


def test_what_the_user_prints_is_not_lost(capsys):
    problem = dataclasses.replace(
        KNOWN.problem, log_likelihood=lambda vector: print("seen") or KNOWN.problem.log_likelihood(vector)
    )
    samples = DynestyStatic(nlive=20, maxiter=50).run(problem, np.random.default_rng(1))
    printed = capsys.readouterr()
    assert (printed.out + printed.err).count("seen") == samples.calls


def test_half_of_the_prior_may_have_no_likelihood():
    problem = dataclasses.replace(
        KNOWN.problem, log_likelihood=lambda v: KNOWN.problem.log_likelihood(v) if v[0] > 0.3 else -np.inf
    )
    samples = DynestyStatic(nlive=100).run(problem, np.random.default_rng(1))
    assert abs(samples.log_evidence - KNOWN.log_evidence + np.log(2.0)) < 4 * samples.log_evidence_error


WIDE = correlated_gaussian(2)


def test_posterior_and_evidence_of_a_dynamic_run():
    samples = DynestyDynamic(nlive=50, n_effective=500, maxbatch=3).run(WIDE.problem, np.random.default_rng(1))
    check_nested(samples, WIDE)


def test_a_bad_likelihood_prints_nothing_but_its_sentence_in_a_dynamic_run(capsys):
    problem = dataclasses.replace(WIDE.problem, log_likelihood=lambda vector: np.nan)
    with pytest.raises(LikelihoodError, match="d07: the likelihood is NaN"):
        DynestyDynamic(nlive=20).run(problem, np.random.default_rng(1))
    assert capsys.readouterr() == ("", "")


def test_settings_are_checked():
    with pytest.raises(SearchError, match="pfrac is 2"):
        DynestyDynamic(pfrac=2)


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
