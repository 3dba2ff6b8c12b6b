"""The compiled map."""

import numpy as np
import pytest

from cavity.errors import ModelError
from cavity.model import Collection
from cavity.prior import UniformPrior


def test_vector_and_unit_are_inverse(gaussian):
    compiled = gaussian.compile()
    units = np.random.default_rng(1).random((50, 3))
    vectors = compiled.vectors(units)
    assert np.allclose(compiled.units(vectors), units, atol=1e-12)
    assert np.allclose([compiled.vector(unit) for unit in units], vectors, rtol=1e-14)
    assert np.allclose(compiled.unit(vectors[0]), units[0], atol=1e-12)


def test_log_prior_is_the_sum(gaussian):
    compiled = gaussian.compile()
    vectors = compiled.vectors(np.random.default_rng(1).random((10, 3)))
    expected = sum(prior.log_prob(column) for prior, column in zip(compiled.priors, vectors.T))
    assert np.allclose(compiled.log_priors(vectors), expected)
    assert [compiled.log_prior(vector) for vector in vectors] == pytest.approx(list(expected))
    assert compiled.log_prior([200.0, 1.0, 1.0]) == -np.inf


def test_names_and_dimension(gaussian):
    compiled = Collection(gaussian=gaussian).compile()
    assert compiled.names == ("gaussian.centre", "gaussian.normalization", "gaussian.sigma")
    assert compiled.ndim == 3


def test_later_changes_do_not_reach_it(gaussian):
    compiled = gaussian.compile()
    gaussian.sigma = 1.0
    assert compiled.instance([1.0, 2.0, 3.0]).sigma == 3.0


@pytest.mark.parametrize("values", [[1.0, 2.0], np.zeros(4)])
def test_a_wrong_number_of_values_is_refused(gaussian, values):
    with pytest.raises(ModelError, match=f"3 free parameters, got {len(values)} values"):
        gaussian.compile().instance(values)
    with pytest.raises(ModelError, match=r"shape \(n, 3\)"):
        gaussian.compile().vectors(np.atleast_2d(values))


def test_assertions(gaussian):
    free = gaussian.compile()
    assert free.satisfies([1.0, 2.0, 3.0]) and not free.has_assertions
    gaussian.add_assertion(gaussian.sigma > 5.0)
    gaussian.add_assertion(gaussian.centre / 2.0 <= gaussian.sigma)
    compiled = gaussian.compile()
    points = np.array([[1.0, 1.0, 6.0], [1.0, 1.0, 4.0], [20.0, 1.0, 6.0]])
    assert compiled.has_assertions
    assert compiled.satisfied(points).tolist() == [True, False, False]
    assert [compiled.satisfies(point) for point in points] == [True, False, False]


def test_an_assertion_of_a_parameter_that_the_model_does_not_have(gaussian):
    gaussian.add_assertion(gaussian.sigma > UniformPrior(0.0, 9.0))
    with pytest.raises(ModelError, match="the assertion sigma > UniformPrior.* uses a parameter that the model"):
        gaussian.compile()


def test_a_model_without_free_parameters():
    compiled = Collection(2.0).compile()
    assert compiled.ndim == 0 and compiled.instance(compiled.vector(np.zeros(0)))[0] == 2.0
    assert compiled.log_prior(np.zeros(0)) == 0.0
