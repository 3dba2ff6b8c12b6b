import dataclasses

import numpy as np
import pytest

from cavity.errors import CavityError, SearchError
from cavity.search import FLOOR, LBFGS, DifferentialEvolution, Guard
from cavity.search.optimisers import objective, optimum_samples

from ...statistics.search.problems import box_problem, correlated_gaussian, eggbox, profile

PROBLEM = correlated_gaussian(2).problem


def test_the_objective_is_the_log_posterior_density_of_the_parameters():
    unit = np.array([[0.5, 0.6]])
    expected = PROBLEM.log_likelihood(PROBLEM.prior_transform(unit[0])) - 2.0 * np.log(4.0)
    assert objective(PROBLEM, Guard(PROBLEM))(unit) == pytest.approx([expected])


def test_minus_infinity_is_floored():
    problem = dataclasses.replace(PROBLEM, log_likelihood=lambda v: -np.inf, log_likelihood_batch=None)
    assert objective(problem, Guard(problem))(np.full((1, 2), 0.5)) == [FLOOR]


def test_the_optimum_is_one_sample_of_weight_one():
    samples = optimum_samples(PROBLEM, Guard(PROBLEM), [0.5, 0.5], -3.0, {"converged": True})
    assert samples.values.shape == (1, 2) and samples.log_weights.tolist() == [0.0]
    assert samples.info["log_posterior"] == -3.0


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


def test_differential_evolution_finds_the_maximum_of_a_gaussian():
    known = correlated_gaussian(3)
    samples = DifferentialEvolution().run(known.problem, np.random.default_rng(1))
    assert np.abs((samples.values[0] - known.mean) / known.sd).max() < 0.1
    assert samples.info["converged"]


def test_one_of_the_highest_of_many_modes():
    samples = DifferentialEvolution().run(eggbox().problem, np.random.default_rng(1))
    assert samples.log_likelihoods[0] == pytest.approx(243.0, abs=0.01)


def test_a_likelihood_that_is_never_finite_is_an_error():
    problem = box_problem(["x"], [0.0], [1.0], lambda v: -np.inf)
    with pytest.raises(CavityError, match="finite"):
        DifferentialEvolution(maxiter=3).run(problem, np.random.default_rng(1))
