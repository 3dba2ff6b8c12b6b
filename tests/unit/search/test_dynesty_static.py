import dataclasses

import numpy as np
import pytest

from cavity.errors import LikelihoodError
from cavity.search import DynestyStatic

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
