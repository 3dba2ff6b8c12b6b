"""The model of a graph: many points at once, and assertions across datasets and parents."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

import cavity as cv
from cavity.errors import ModelError
from cavity.search.model_problem import model_problem


class Level:
    def __init__(self, level=0.0):
        self.level = level


class Measured(cv.Analysis):
    """One measurement of the level with unit noise."""

    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * (self.y - instance.level) ** 2 - 0.5 * np.log(2.0 * np.pi)


def graph_of(*priors):
    models = [cv.Model(Level, level=prior) for prior in priors]
    return cv.FactorGraphModel(*(cv.AnalysisFactor(model, Measured(1.0 + k)) for k, model in enumerate(models)))


def hierarchy(parent=cv.GaussianPrior, n=2, limits=None, **hyperpriors):
    hyperpriors = hyperpriors or {"mean": cv.GaussianPrior(0.0, 1.0), "sigma": 1.0}
    population = cv.HierarchicalFactor(parent, name="population", **hyperpriors)
    return graph_of(*(population.drawn_variable(**(limits or {})) for _ in range(n))), population


HIERARCHIES = {
    "gaussian": {"mean": cv.GaussianPrior(0.0, 1.0), "sigma": cv.HalfNormalPrior(2.0)},
    "truncated": {"mean": cv.GaussianPrior(0.0, 1.0), "sigma": cv.HalfNormalPrior(2.0), "limits": {"lower_limit": 0.5}},
    "beta": {"parent": cv.BetaPrior, "alpha": cv.UniformPrior(1.0, 3.0), "beta": cv.UniformPrior(1.0, 3.0)},
}


@pytest.mark.parametrize("family", HIERARCHIES)
def test_many_points_are_the_points_one_by_one(family):
    compiled = hierarchy(**HIERARCHIES[family])[0].global_prior_model.compile()
    units = np.random.default_rng(1).uniform(0.05, 0.95, (7, compiled.ndim))
    vectors = compiled.vectors(units)
    assert np.array_equal(vectors, [compiled.vector(unit) for unit in units])
    assert np.array_equal(compiled.units(vectors), [compiled.unit(vector) for vector in vectors])
    assert compiled.units(vectors) == pytest.approx(units, abs=1e-9)


def test_points_of_another_shape_are_refused():
    with pytest.raises(ModelError, match=r"shape \(n, 3\), got \(5, 2\)"):
        hierarchy()[0].global_prior_model.compile().vectors(np.zeros((5, 2)))


def across():
    """x ~ N(0, 1) measured as 1, y ~ N(0, 1) measured as 2, and x < y: half of the prior."""
    x, y = cv.GaussianPrior(0.0, 1.0), cv.GaussianPrior(0.0, 1.0)
    graph = graph_of(x, y)
    model = graph.global_prior_model
    model.add_assertion(x < y)
    exact = norm.logpdf(1.0, 0.0, 2.0**0.5) + norm.logpdf(2.0, 0.0, 2.0**0.5)
    return graph, model, exact + norm.logcdf(0.5) + np.log(2.0)


def of_a_parent():
    """Levels ~ N(mean, 1) measured as 1 and 2, mean ~ N(0, 1), and mean > 0: half of the prior."""
    graph, population = hierarchy()
    model = graph.global_prior_model
    model.add_assertion(population.hyperpriors["mean"] > 0.0)
    exact = multivariate_normal.logpdf([1.0, 2.0], cov=[[3.0, 1.0], [1.0, 3.0]])
    return graph, model, exact + norm.logsf(0.0, 3.0 / 4.0, 0.5**0.5) + np.log(2.0)


def log_evidence(problem):
    return cv.Laplace(n_draws=8192).run(problem, np.random.default_rng(1)).log_evidence


@pytest.mark.parametrize("case", [across, of_a_parent])
def test_the_evidence_is_that_of_the_prior_which_the_assertion_leaves(case):
    graph, model, exact = case()
    problem = model_problem(model, graph)
    assert problem.log_acceptance == pytest.approx(np.log(0.5), abs=4.0 * problem.log_acceptance_error)
    assert log_evidence(problem) == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("case", [across, of_a_parent])
def test_the_same_check_fails_without_the_renormalisation(case):
    graph, model, exact = case()
    problem = replace(model_problem(model, graph), log_acceptance=0.0)
    with pytest.raises(AssertionError):
        assert log_evidence(problem) == pytest.approx(exact, abs=0.05)


def test_an_assertion_of_a_factors_own_model_cuts_the_graph_too():
    graph = graph_of(cv.UniformPrior(0.0, 1.0), cv.UniformPrior(0.0, 1.0))
    first = graph.factors[0].prior_model
    first.add_assertion(first.level > 0.75)
    problem = model_problem(graph.global_prior_model, graph)
    assert problem.log_acceptance == pytest.approx(np.log(0.25), abs=4.0 * problem.log_acceptance_error)


def test_an_assertion_that_is_never_true_is_named_by_the_graphs_names():
    graph, population = hierarchy(mean=cv.UniformPrior(0.0, 1.0), sigma=1.0)
    model = graph.global_prior_model
    model.add_assertion(population.hyperpriors["mean"] > 2.0)
    with pytest.raises(ModelError, match=r"the assertion population.mean > 2.0 is never true"):
        model_problem(model, graph)


def test_an_assertion_on_a_parameter_of_no_dataset_is_named():
    model = graph_of(cv.UniformPrior(0.0, 1.0)).global_prior_model
    model.add_assertion(cv.UniformPrior(0.0, 3.0) < 1.0)
    with pytest.raises(ModelError, match="uses a parameter that the model does not have"):
        model.compile()
