"""Datasets of two kinds in one study: some constrain the shared coefficient, others lack that modality."""

from dataclasses import replace

import numpy as np
import pytest

import cavity as cv
from cavity.graph import name_shared
from tests.statistics.check import assert_same_posterior
from tests.statistics.linear import Line, LinearAnalysis, LinearProblem
from tests.statistics.test_ep import shared_of


class Level:
    """A dataset without regressors: its offset alone."""

    def __init__(self, offset=0.0):
        self.offset = offset


class LevelAnalysis(cv.Analysis):
    """y = offset + unit noise."""

    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        r = self.y - instance.offset
        return float(-0.5 * r @ r - 0.5 * len(r) * np.log(2 * np.pi))


def two_kinds(seed=1, n_datasets=12):
    """Every second dataset has no regressors; the exact answer knows it."""
    problem = LinearProblem.simulate(n_datasets, 8, 1, seed)
    X = problem.X.copy()
    y = problem.y.copy()
    X[::2] = 0.0
    y[::2] = problem.y[::2].mean(1, keepdims=True) + np.random.default_rng(seed).normal(size=y[::2].shape)
    return replace(problem, y=y, X=X)


def graph(problem):
    slope = cv.GaussianPrior(0.0, 2.0)
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 3.0), sigma=cv.HalfNormalPrior(2.0))
    factors = []
    for i, (y, X) in enumerate(zip(problem.y, problem.X)):
        if i % 2:
            model = cv.Model(Line, offset=population.drawn_variable(), a=slope, b=0.0, c=0.0, d=0.0)
            factors.append(cv.AnalysisFactor(model, LinearAnalysis(y, X), name=f"d{i}"))
        else:
            model = cv.Model(Level, offset=population.drawn_variable())
            factors.append(cv.AnalysisFactor(model, LevelAnalysis(y), name=f"d{i}"))
    return cv.FactorGraphModel(*factors, names=name_shared({"coefficient_0": slope, "population": population}))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_two_kinds_of_datasets_agree_with_the_closed_form(seed):
    problem = two_kinds(seed)
    exact, log_evidence = problem.exact()
    result = graph(problem).optimise(cv.ExpectationPropagation(search=cv.Laplace(), seed=seed))
    assert_same_posterior(shared_of(result), exact, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.2)


def test_the_check_fails_when_one_kind_is_left_out():
    problem = two_kinds()
    exact, _ = problem.exact()
    fewer = replace(problem, y=problem.y[1::2], X=problem.X[1::2])
    with pytest.raises(AssertionError):
        assert_same_posterior(fewer.exact()[0], exact, dm=0.1)
