import dataclasses

import numpy as np
import pytest

from cavity.search import DynestyStatic, Guard
from cavity.search.polish import polish, polished

from ...statistics.search.problems import correlated_gaussian, profile


@pytest.fixture(scope="module")
def nested():
    return DynestyStatic(nlive=50).run(profile().problem, np.random.default_rng(3))


def test_the_noise_of_the_volumes_goes(nested):
    known = profile()
    samples = polish(known.problem, nested.unit, nested.log_weights, 1024, np.random.default_rng(1))
    assert abs(samples.log_evidence - known.log_evidence) < 0.05 < nested.log_evidence_error
    assert np.abs((samples.mean - known.mean) / known.sd).max() < 0.06
    assert samples.sd / known.sd == pytest.approx(np.ones(3), abs=0.06)
    assert samples.pareto_k < 0.7 and samples.calls == 1024


def test_the_same_check_fails_for_points_of_another_posterior(nested):
    known = profile()
    shifted = np.clip(nested.unit + 0.2, 0.0, 1.0)
    samples = polish(known.problem, shifted, nested.log_weights, 1024, np.random.default_rng(1), prior_fraction=0.01)
    assert samples.pareto_k > 0.7 or samples.ess < 50


def test_a_guard_goes_on_counting(nested):
    problem = profile().problem
    guard = Guard(problem)
    for n in (1, 2):
        samples = polish(problem, nested.unit, nested.log_weights, 128, np.random.default_rng(n), guard=guard)
        assert samples.calls == guard.calls == 128 * n


def test_polished_counts_both_runs_and_keeps_the_nested_evidence(nested):
    samples = polished(profile().problem, nested, 512, np.random.default_rng(1))
    assert samples.calls == nested.calls + 512
    assert samples.info["polished"] and samples.info["nested_log_evidence"] == nested.log_evidence


def test_a_mixture_that_cannot_cover_leaves_the_nested_samples():
    known = correlated_gaussian(5)
    nested = DynestyStatic(nlive=20, maxiter=200).run(known.problem, np.random.default_rng(1))
    far = dataclasses.replace(nested, unit=np.clip(nested.unit * 0.01 + 0.9, 0, 1))
    samples = polished(known.problem, far, 64, np.random.default_rng(1))
    assert not samples.info["polished"] and samples.pareto_k > 0.7
    assert np.array_equal(samples.values, nested.values)
