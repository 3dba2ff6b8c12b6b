import dataclasses

import numpy as np
import pytest

from cavity.errors import SearchError
from cavity.numerics.mixture import Mixture, log_prior, normal_of
from cavity.search import Guard
from cavity.search.importance import evaluate, importance_samples

from ...statistics.search.problems import correlated_gaussian


def run(known, proposal, n=1024, seed=0):
    return importance_samples(known.problem, Guard(known.problem), proposal, n, np.random.default_rng(seed), {})


def good_proposal(known):
    centre = normal_of((known.mean + 2.0) / 4.0)
    return Mixture.of([1.0], [centre], [np.diag((0.7 * known.sd) ** 2)], prior_fraction=0.1)


def test_evidence_and_moments_are_right():
    known = correlated_gaussian(2)
    samples = run(known, good_proposal(known))
    assert samples.log_evidence == pytest.approx(known.log_evidence, abs=3 * samples.log_evidence_error)
    assert samples.mean == pytest.approx(known.mean, abs=0.05 * known.sd.max())
    assert samples.sd == pytest.approx(known.sd, rel=0.05)
    assert samples.pareto_k < 0.7


def test_weights_and_evidence_give_the_raw_weights_back():
    known = correlated_gaussian(2)
    proposal = good_proposal(known)
    samples = run(known, proposal, n=256)
    z = proposal.draws_in_parts(256, np.random.default_rng(0))
    raw = samples.log_likelihoods + log_prior(z) - proposal.log_density(z) - np.log(256)
    assert samples.log_weights + samples.log_evidence == pytest.approx(raw)
    assert samples.log_evidence_error**2 == pytest.approx(1 / samples.ess - 1 / 256)


def test_a_proposal_that_misses_is_given_away_by_its_k():
    known = correlated_gaussian(5)
    centre = normal_of((known.mean + 2.0) / 4.0)
    narrow = Mixture.of([1.0], [centre + 0.1], [1e-4 * np.eye(5)])
    assert run(known, narrow).pareto_k > 0.7


def test_evaluate_returns_unit_values_and_likelihoods():
    known = correlated_gaussian(2)
    unit, values, log_likelihoods = evaluate(known.problem, Guard(known.problem), np.zeros((1, 2)))
    assert unit == pytest.approx(np.full((1, 2), 0.5))
    assert log_likelihoods[0] == pytest.approx(known.problem.log_likelihood(values[0]))


def test_no_finite_draw_is_an_error_that_says_what_to_do():
    known = correlated_gaussian(2)
    problem = dataclasses.replace(known.problem, log_likelihood_batch=lambda vectors: np.full(len(vectors), -np.inf))
    with pytest.raises(SearchError, match="none of 64 draws has a finite likelihood; use a nested search"):
        importance_samples(problem, Guard(problem), good_proposal(known), 64, np.random.default_rng(0), {})


def test_where_quantiles_round_to_a_bound_the_likelihood_is_not_called():
    """Student t tails reach z = -30: a scale there is exactly zero, and its likelihood not a number."""
    known = correlated_gaussian(2)
    guard = Guard(known.problem)
    _, _, log_likelihoods = evaluate(known.problem, guard, np.array([[0.0, 0.0], [-30.0, 0.0], [0.0, 9.0]]))
    assert guard.calls == 1 and np.isfinite(log_likelihoods[0])
    assert (log_likelihoods[1:] == -np.inf).all()
