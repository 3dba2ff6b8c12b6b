import numpy as np
import pytest

from cavity.errors import CavityError
from cavity.search import DifferentialEvolution

from ...statistics.search.problems import box_problem, correlated_gaussian, eggbox


def test_the_maximum_of_a_gaussian():
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
