"""Graphs with confined parameters: names stay, parents and drawn variables follow."""

import pytest
from tests.unit.strategy.linear import Point, PointAnalysis

import cavity as cv
from cavity.errors import SearchError
from cavity.grid.confine import graph_with


def make_graph():
    mean, slope = cv.GaussianPrior(0.0, 3.0), cv.UniformPrior(0.0, 1.0)
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=cv.HalfNormalPrior(1.0), name="population")
    factors = [
        cv.AnalysisFactor(
            cv.Model(Point, x=population.drawn_variable(), y=slope), PointAnalysis((0, 0), (1, 1)), name=name
        )
        for name in ("a", "b")
    ]
    return cv.FactorGraphModel(*factors, population), mean, slope


def test_a_hyperparameter_is_confined_in_the_parent_of_every_drawn_variable():
    graph, mean, _ = make_graph()
    box = mean.confined(0.0, 1.0)
    confined = graph_with(graph, {mean: box})
    assert set(confined.names.values()) == set(graph.names.values())
    assert confined.names[box] == "population.mean" and mean not in confined.names
    (parent,) = confined.parents
    assert parent.hyperpriors["mean"] is box and parent is not graph.parents[0]
    assert all(factor.prior_model.x.parent is parent for factor in confined.factors)
    assert graph.parents[0].hyperpriors["mean"] is mean, "the graph itself is as it was"


def test_a_shared_parameter_stays_one_parameter():
    graph, _, slope = make_graph()
    confined = graph_with(graph, {slope: slope.confined(0.0, 0.5)})
    first, second = (factor.prior_model.y for factor in confined.factors)
    assert first is second and first.upper_limit == 0.5
    assert confined.parents == graph.parents


def test_a_hyperparameter_may_be_fixed():
    graph, mean, _ = make_graph()
    fixed = graph_with(graph, {mean: 0.5})
    assert fixed.parents[0].hyperpriors["mean"] == 0.5
    assert fixed.global_prior_model.compile().ndim == graph.global_prior_model.compile().ndim - 1


def test_a_parameter_made_a_draw_follows_too():
    mean = cv.GaussianPrior(0.0, 3.0)
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=1.0)
    model = cv.Model(Point, x=cv.UniformPrior(-5.0, 5.0), y=0.0)
    population.add_drawn_variable(model.x)
    graph = cv.FactorGraphModel(cv.AnalysisFactor(model, PointAnalysis((0, 0), (1, 1)), name="a"), population)
    confined = graph_with(graph, {mean: mean.confined(0.0, 1.0)})
    assert confined.parent_of[confined.factors[0].prior_model.x].hyperpriors["mean"].upper_limit == 1.0


def test_a_drawn_variable_is_refused():
    graph, _, _ = make_graph()
    drawn = graph.factors[0].prior_model.x
    with pytest.raises(SearchError, match="a.x is drawn from a parent"):
        graph_with(graph, {drawn: 1.0})
