"""Expectation propagation of a graph in a notebook."""

import pytest
from tests.unit.strategy.small import Effect, Measured

import cavity as cv
from cavity.errors import GraphError


def graph(n=3):
    population = cv.HierarchicalFactor(
        cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 2.0), sigma=cv.HalfNormalPrior(2.0), name="population"
    )
    models = [cv.Model(Effect, effect=population.drawn_variable(), offset=cv.GaussianPrior(0.0, 1.0)) for _ in range(n)]
    return cv.FactorGraphModel(*(cv.AnalysisFactor(m, Measured(float(i)), name=f"d{i}") for i, m in enumerate(models)))


def fit(**settings):
    return graph().optimise(cv.ExpectationPropagation(search=cv.Laplace(n_draws=128), n_draws=128, **settings))


def test_a_graph_is_fitted_and_says_what_it_cost():
    lines = []
    result = fit(progress=lines.append, tolerance=0.5)
    assert result.converged and len(lines) == 2 * result.rounds
    assert lines[-1].startswith(f"ep, round {result.rounds - 1}: converged")
    assert set(result.locals) == {"d0", "d1", "d2"}


def test_equal_seeds_give_equal_numbers_and_others_do_not():
    assert fit(seed=3, tolerance=0.5).shared == fit(seed=3, tolerance=0.5).shared
    assert fit(seed=3, tolerance=0.5).shared != fit(seed=4, tolerance=0.5).shared


def test_stopping_short_is_said_aloud():
    result = fit(max_rounds=1)
    assert not result.converged and "without converging" in result.warnings[-1]


def test_a_graph_that_shares_nothing_is_refused():
    model = cv.Model(Effect, effect=cv.GaussianPrior(0.0, 1.0), offset=0.0)
    alone = cv.FactorGraphModel(cv.AnalysisFactor(model, Measured(0.0)))
    with pytest.raises(GraphError, match="nothing to propagate; .* fit each dataset with a search"):
        alone.optimise(cv.ExpectationPropagation(search=cv.Laplace()))
