"""Expectation propagation from likelihoods to posteriors, against exact and long-run answers."""

from dataclasses import replace

import numpy as np
import pytest

import cavity as cv
from tests.statistics.check import assert_same_posterior
from tests.statistics.linear import LinearProblem
from tests.statistics.profiles import hierarchical_profiles, low_profiles, shared_profiles
from tests.statistics.propagate.problems import EIGHT_SCHOOLS, EIGHT_SCHOOLS_LOCAL, SURGICAL, SURGICAL_LOCAL

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))]
RENAMED = {"mu": "population.mean", "tau": "population.sigma", "sigma": "population.sigma"}


class Effect:
    """One parameter."""

    def __init__(self, effect=0.0):
        self.effect = effect


class Estimate(cv.Analysis):
    """A published estimate with its standard error."""

    def __init__(self, y, s):
        self.y, self.s = y, s

    def log_likelihood_function(self, instance):
        return -0.5 * ((self.y - instance.effect) / self.s) ** 2 - np.log(self.s) - 0.5 * np.log(2 * np.pi)


class Deaths(cv.Analysis):
    """Deaths among operations; the effect is the logit of the rate."""

    def __init__(self, r, n):
        self.r, self.n = r, n

    def log_likelihood_function(self, instance):
        return self.r * instance.effect - self.n * np.logaddexp(0.0, instance.effect)


def one_parent(analyses, mean, sigma):
    """A graph of one drawn parameter a dataset."""
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=sigma, name="population")
    return cv.FactorGraphModel(
        *(
            cv.AnalysisFactor(cv.Model(Effect, effect=population.drawn_variable()), analysis, name=name)
            for name, analysis in analyses.items()
        )
    )


def eight_schools(tau=5.0):
    """Rubin (1981)."""
    y, s = (28, 8, -3, 7, -1, 1, 18, 12), (15, 10, 16, 11, 9, 11, 10, 18)
    analyses = {name: Estimate(float(a), float(b)) for name, a, b in zip("ABCDEFGH", y, s)}
    return one_parent(analyses, cv.GaussianPrior(0.0, 5.0), cv.HalfCauchyPrior(tau))


def surgical():
    """Spiegelhalter et al. (1996)."""
    n = (47, 148, 119, 810, 211, 196, 148, 215, 207, 97, 256, 360)
    r = (0, 18, 8, 46, 8, 13, 9, 31, 14, 8, 29, 24)
    analyses = {name: Deaths(a, b) for name, a, b in zip(SURGICAL_LOCAL, r, n)}
    return one_parent(analyses, cv.GaussianPrior(0.0, 5.0), cv.HalfCauchyPrior(1.0))


PUBLISHED = {
    "eight_schools": (eight_schools, EIGHT_SCHOOLS, EIGHT_SCHOOLS_LOCAL),
    "surgical": (surgical, SURGICAL, SURGICAL_LOCAL),
}


def fit(graph, seed, search=None, **settings):
    return graph.optimise(cv.ExpectationPropagation(search=search or cv.Laplace(), seed=seed, **settings))


def shared_of(result):
    return {name: (row["mean"], row["sd"]) for name, row in result.shared.statistics().items()}


def local_of(result, name):
    return {d: (s.statistics()[name]["mean"], s.statistics()[name]["sd"]) for d, s in result.locals.items()}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("problem", PUBLISHED)
def test_published_hierarchies_agree_with_nuts(problem, seed):
    make, shared, local = PUBLISHED[problem]
    result = fit(make(), seed)
    assert result.converged
    assert_same_posterior(shared_of(result), {RENAMED[name]: value for name, value in shared.items()}, dm=0.1)
    assert_same_posterior(local_of(result, "effect"), local, dm=0.15, sdr=(0.85, 1.15))


@pytest.mark.parametrize("seed", SEEDS)
def test_profiles_of_a_population_agree_with_quadrature(seed):
    problem = hierarchical_profiles(5, seed=10 + seed)
    result = fit(problem.graph(), seed, cv.DynestyStatic(nlive=50))
    exact = problem.exact()
    assert_same_posterior(shared_of(result), {k: v for k, v in exact.items() if k.startswith("population")}, dm=0.1)
    assert result.log_evidence == pytest.approx(exact["log_evidence"], abs=0.2)
    for path in ("centre", "sigma", "normalization"):
        local = {str(i): values[path] for i, values in enumerate(exact["local"])}
        assert_same_posterior(local_of(result, path), local, dm=0.15, sdr=(0.85, 1.15))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("p, drawn", [(4, True), (2, False), (1, True)])
def test_shared_coefficients_agree_with_the_closed_form(p, drawn, seed):
    problem = LinearProblem.simulate(20, 8, p, seed, drawn)
    exact, log_evidence = problem.exact()
    result = fit(problem.graph(), seed)
    assert_same_posterior(shared_of(result), exact, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.2)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_shared_centre_with_several_modes_agrees_with_quadrature(seed):
    problem = shared_profiles(3, seed=seed)
    result = fit(problem.graph(), seed, cv.DynestyStatic(nlive=50), max_calls=None)
    (mean, sd), marks, log_evidence = problem.exact()
    row = result.shared.statistics()["centre"]
    assert_same_posterior({"centre": (row["mean"], row["sd"])}, {"centre": (mean, sd)}, dm=0.05, sdr=(0.95, 1.05))
    assert np.abs(np.array([row["q16"], row["q50"], row["q84"]]) - marks).max() < 0.05 * sd
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.2)


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3, 5, 7))])
def test_a_shared_centre_that_no_polynomial_follows_agrees_with_quadrature(seed):
    """The sites' polynomials led draws of no weight to infinite heights, and the rounds to a centre 40 sd away."""
    problem = low_profiles(3, seed)
    result = fit(problem.graph(), seed, max_calls=None)
    (mean, sd), _, log_evidence = problem.exact()
    assert result.converged and not result.warnings
    assert_same_posterior(shared_of(result), {"centre": (mean, sd)}, dm=0.05, sdr=(0.95, 1.05))
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.2)


def test_that_check_fails_when_a_profile_is_dropped():
    problem = low_profiles(3, 4)
    (mean, sd), _, _ = problem.exact()
    fewer = replace(problem, data=problem.data[1:])
    with pytest.raises(AssertionError, match="centre"):
        assert_same_posterior(shared_of(fit(fewer.graph(), 4)), {"centre": (mean, sd)}, dm=0.05, sdr=(0.95, 1.05))


def test_the_check_fails_when_a_dataset_is_dropped():
    problem = LinearProblem.simulate(6, 8, 1, 1)
    exact, _ = problem.exact()
    fewer = LinearProblem(problem.y[1:], problem.X[1:], problem.p, problem.drawn)
    with pytest.raises(AssertionError, match="coefficient_0|population"):
        assert_same_posterior(shared_of(fit(fewer.graph(), 1)), exact, dm=0.1)


def test_the_check_fails_when_the_parents_prior_counts_twice():
    """A half-Cauchy squared is nearly a half-Cauchy of .64 its scale."""
    exact = {RENAMED[name]: value for name, value in EIGHT_SCHOOLS.items()}
    with pytest.raises(AssertionError, match="population.sigma"):
        assert_same_posterior(shared_of(fit(eight_schools(tau=3.2), 1)), exact, dm=0.1)
