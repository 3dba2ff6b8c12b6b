"""Expectation propagation of a graph in a notebook."""

from dataclasses import replace

import pytest
from tests.unit.strategy.small import Effect, Measured, context

import cavity as cv
from cavity.errors import GraphError
from cavity.strategy.loop import conclude, rounds_of


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
    assert result.converged and len(lines) == result.rounds
    assert lines[-1].startswith(f"ep, round {result.rounds - 1}: ") and ": converged (" in lines[-1]
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


def test_a_plain_search_means_expectation_propagation():
    search = cv.Laplace(n_draws=128)
    one = graph().optimise(search)
    assert one.shared == graph().optimise(cv.ExpectationPropagation(search=search)).shared


def test_a_graph_with_a_study_s_names_has_a_study_s_answer():
    """Names of phase and study are streams of random numbers: with equal ones the two doors give equal bits."""
    c = context(n=3, tolerance=0.5)
    factors = {dataset: replace(c.factor(dataset), name=dataset) for dataset in c.datasets}
    study = replace(c, study="notebook", phase="ep", factor=factors.__getitem__)
    python = cv.ExpectationPropagation(c.search, tolerance=0.5, n_draws=128)
    result = cv.FactorGraphModel(*factors.values(), names=c.names).optimise(python)
    assert result.shared == conclude(study, rounds_of(study)).shared


def test_a_fit_that_ends_with_its_pilot_has_no_locals_yet():
    centre = cv.GaussianPrior(0.0, 3.0)
    models = [cv.Model(Effect, effect=centre, offset=cv.GaussianPrior(0.0, 1.0)) for _ in range(2)]
    shared = cv.FactorGraphModel(*(cv.AnalysisFactor(m, Measured(1.0)) for m in models))
    result = shared.optimise(cv.ExpectationPropagation(cv.Laplace(n_draws=128), n_draws=128, max_rounds=1))
    assert not result.converged and result.locals == {} and result.shared.names == ("effect",)
