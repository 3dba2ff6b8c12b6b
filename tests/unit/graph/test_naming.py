"""Names of shared parameters come from the module's variables, by object identity."""

import pytest

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import name_shared


def names_of(**namespace):
    return list(name_shared(namespace).priors.values())


def test_a_prior_has_the_name_of_its_variable_and_the_first_name_wins():
    centre = cv.GaussianPrior(50.0, 10.0)
    assert names_of(centre=centre, alias=centre) == ["centre"]


def test_two_equal_priors_are_two_parameters():
    assert names_of(a=cv.UniformPrior(0.0, 1.0), b=cv.UniformPrior(0.0, 1.0)) == ["a", "b"]


def test_items_of_lists_tuples_and_dicts_are_numbered_or_keyed():
    priors = [cv.UniformPrior(0.0, 1.0) for _ in range(3)]
    assert names_of(slopes=priors[:2], named={"x": priors[2]}) == ["slopes.0", "slopes.1", "named.x"]


def test_a_parents_hyperparameters_are_named_by_argument_unless_they_have_a_name():
    scale = cv.HalfNormalPrior(10.0)
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(50.0, 10.0), sigma=scale)
    assert names_of(population=population, scale=scale) == ["scale", "population.mean"]


def test_a_relation_is_derived_and_has_no_name():
    slope, intercept = cv.UniformPrior(0.0, 1.0), cv.UniformPrior(0.0, 1.0)
    assert names_of(slope=slope, intercept=intercept, line=slope * 2.0 + intercept) == ["slope", "intercept"]


def test_a_relation_of_an_anonymous_prior_is_refused():
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.UniformPrior(0.0, 1.0) * 2.0, sigma=1.0)
    with pytest.raises(GraphError, match="population.mean"):
        names_of(population=population)


def test_parameters_of_a_module_level_model_are_named_by_path():
    assert names_of(gaussian=cv.Model(cv.ex.Gaussian)) == [
        "gaussian.centre",
        "gaussian.normalization",
        "gaussian.sigma",
    ]


def test_a_drawn_variable_at_module_level_is_refused():
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=1.0)
    with pytest.raises(GraphError, match="theta"):
        names_of(population=population, theta=population.drawn_variable())
