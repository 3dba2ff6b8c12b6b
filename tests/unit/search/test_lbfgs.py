import dataclasses

import numpy as np
import pytest

from cavity.errors import SearchError
from cavity.search import LBFGS

from ...statistics.search.problems import box_problem, correlated_gaussian, profile


@pytest.mark.parametrize("n_dim", [1, 2, 5, 20])
def test_the_maximum_of_a_gaussian(n_dim):
    known = correlated_gaussian(n_dim)
    samples = LBFGS().run(known.problem, np.random.default_rng(1))
    assert np.abs((samples.values[0] - known.mean) / known.sd).max() < 1e-3
    assert samples.log_evidence is None


def test_the_maximum_of_a_profile_is_no_worse_than_any_draw():
    known = profile()
    samples = LBFGS().run(known.problem, np.random.default_rng(1))
    draws = known.mean + 0.3 * known.sd * np.random.default_rng(0).normal(size=(2000, 3))
    assert samples.log_likelihoods[0] >= known.problem.log_likelihood_batch(draws).max() - 1e-4


def test_a_gradient_is_used():
    known = correlated_gaussian(5)
    calls = []
    centre, step = known.mean, 1e-6

    def gradient(vectors):
        (v,) = vectors
        calls.append(v)
        rows = np.vstack([v + step * np.eye(5), v - step * np.eye(5)])
        values = known.problem.log_likelihood_batch(rows)
        return (values[:5] - values[5:])[None] / (2.0 * step)

    problem = dataclasses.replace(known.problem, gradient=gradient)
    samples = LBFGS().run(problem, np.random.default_rng(1))
    assert calls
    assert samples.values[0] == pytest.approx(centre, abs=1e-3)
    assert samples.calls < LBFGS().run(known.problem, np.random.default_rng(1)).calls


def test_a_maximum_at_a_bound():
    problem = box_problem(["x"], [0.0], [1.0], lambda v: -v[0] / 0.05)
    assert LBFGS().run(problem, np.random.default_rng(1)).values[0, 0] < 1e-6


def test_no_finite_start_is_an_error():
    problem = box_problem(["x"], [0.0], [1.0], lambda v: -np.inf)
    with pytest.raises(SearchError, match="narrow the priors or use DifferentialEvolution"):
        LBFGS().run(problem, np.random.default_rng(1))
