import dataclasses

import numpy as np
import pytest

from cavity.search import FLOOR, Guard
from cavity.search.optimum import gradient_in_z, objective, optimum_samples
from cavity.search.proposal import unit_of

from ...statistics.search.problems import correlated_gaussian, profile

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


def test_the_gradient_in_z_is_that_of_finite_differences():
    problem = profile().problem

    def gradient(v):
        step = 1e-5 * np.abs(v)
        return np.array(
            [(problem.log_likelihood(v + d) - problem.log_likelihood(v - d)) / (2.0 * d.sum()) for d in np.diag(step)]
        )

    z = np.array([0.1, 0.9, -0.4])
    found = gradient_in_z(dataclasses.replace(problem, gradient=gradient), z)
    for axis, step in enumerate(1e-5 * np.eye(3)):
        up, down = (problem.log_likelihood(problem.prior_transform(unit_of(z + s))) for s in (step, -step))
        assert found[axis] == pytest.approx((up - down) / 2e-5, rel=1e-4)
