import dataclasses

import numpy as np
import pytest

from cavity.search import FLOOR, Guard
from cavity.search.optimum import objective, optimum_samples

from ...statistics.search.problems import correlated_gaussian

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
