"""Parents check their arguments and know what is drawn from them."""

import pytest

import cavity as cv
from cavity.errors import GraphError
from cavity.graph.hierarchical import parents_of


def test_an_unknown_argument_names_the_nearest():
    with pytest.raises(GraphError, match="did you mean sigma"):
        cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigm=1.0)


def test_a_missing_argument_is_named():
    with pytest.raises(GraphError, match="sigma has no prior"):
        cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0)


def test_a_parent_must_be_a_class_of_priors():
    with pytest.raises(GraphError, match="class of priors"):
        cv.HierarchicalFactor(cv.GaussianPrior(0.0, 1.0), mean=0.0)


def test_arguments_follow_the_hyperparameters():
    mean = cv.GaussianPrior(0.0, 1.0)
    parent = cv.HierarchicalFactor(cv.GaussianPrior, mean=2.0 * mean + 1.0, sigma=3.0)
    assert parent.variables == (mean,)
    assert parent.arguments({mean: 4.0}) == {"mean": 9.0, "sigma": 3.0}


def test_both_ways_of_drawing_find_the_parent():
    parent = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=1.0)
    drawn, added, free = parent.drawn_variable(), cv.UniformPrior(0.0, 1.0), cv.UniformPrior(0.0, 1.0)
    parent.add_drawn_variable(added)
    assert parents_of([drawn, added, free], [parent]) == {drawn: parent, added: parent}


def test_a_parameter_has_one_parent():
    first = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=1.0)
    second = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=1.0)
    prior = cv.UniformPrior(0.0, 1.0)
    first.add_drawn_variable(prior)
    second.add_drawn_variable(prior)
    with pytest.raises(GraphError, match="two parents"):
        parents_of([prior], [first, second])
