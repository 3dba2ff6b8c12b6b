"""Groups: members multiply, and the population sees groups."""

import numpy as np
import pytest

import cavity as cv
from cavity.graph import name_shared, with_groups
from cavity.strategy.loop import conclude, rounds_of
from cavity.strategy.phase_context import EPSettings, PhaseContext


class Level:
    def __init__(self, level=0.0):
        self.level = level


class Reading(cv.Analysis):
    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * (self.y - instance.level) ** 2 - 0.5 * np.log(2 * np.pi)


def parts(n_groups=6, n_members=3, seed=2):
    """y = level + noise; level ~ N(rate, 1/2); rate ~ N(mean, sigma): population, plate, factor, data."""
    rng = np.random.default_rng(seed)
    rates = rng.normal(1.0, 1.5, n_groups)
    y = {f"d{g}{i}": rates[g] + 0.5 * rng.normal() + rng.normal() for g in range(n_groups) for i in range(n_members)}
    hyperpriors = {"mean": cv.GaussianPrior(0.0, 3.0), "sigma": cv.HalfNormalPrior(3.0)}
    population = cv.HierarchicalFactor(cv.GaussianPrior, name="population", **hyperpriors)

    @cv.plate("field")
    def field(key):
        return cv.Collection(rate=population.drawn_variable())

    def factor(dataset):
        members = cv.HierarchicalFactor(cv.GaussianPrior, mean=field(dataset[1]).rate, sigma=0.5)
        return cv.AnalysisFactor(cv.Model(Level, level=members.drawn_variable()), Reading(y[dataset]), name=dataset)

    return population, field, factor, y


def study(n_groups=6):
    population, field, factor, y = parts(n_groups)
    names = name_shared({"population": population, "field": field})
    names = with_groups(names, {"field": [str(g) for g in range(n_groups)]})
    phase = PhaseContext(
        study="groups",
        phase="main",
        inference="ep",
        datasets=tuple(y),
        factor=factor,
        names=names,
        search=cv.Laplace(n_draws=128, n_scan=16),
        ep=EPSettings(n_draws=128, tolerance=0.3),
    )
    return phase, y


def exact(y, n_groups=6):
    """Mean and sd of the population's mean and sigma: sufficient statistics of each group, one grid."""
    means = np.array([np.mean([v for k, v in y.items() if k[1] == str(g)]) for g in range(n_groups)])
    variance = (1.0 + 0.25) / (len(y) / n_groups)
    m, s = np.meshgrid(np.linspace(-8, 10, 301), np.linspace(0.01, 9, 300), indexing="ij")
    total = s[..., None] ** 2 + variance
    log_p = (
        (-0.5 * (means - m[..., None]) ** 2 / total - 0.5 * np.log(total)).sum(-1)
        - 0.5 * (m / 3) ** 2
        - 0.5 * (s / 3) ** 2
    )
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    found = {}
    for name, grid in (("population.mean", m), ("population.sigma", s)):
        mean = (p * grid).sum()
        found[name] = mean, np.sqrt((p * (grid - mean) ** 2).sum())
    return found


def test_three_levels_agree_with_the_closed_form():
    phase, y = study()
    agrees(conclude(phase, rounds_of(phase)).shared.statistics(), y)


def agrees(statistics, y):
    for name, (mean, sd) in exact(y).items():
        assert abs(statistics[name]["mean"] - mean) < 0.1 * sd
        assert statistics[name]["sd"] / sd == pytest.approx(1.0, abs=0.1)
    assert "field.3.rate" in statistics


def test_a_notebook_takes_a_plate_as_a_study_does():
    _, _, factor, y = parts()
    graph = cv.FactorGraphModel(*(factor(dataset) for dataset in y))
    result = graph.optimise(cv.ExpectationPropagation(cv.Laplace(n_draws=128, n_scan=16), n_draws=128, tolerance=0.3))
    agrees(result.shared.statistics(), y)
    assert result.shared.names[:2] == ("population.mean", "population.sigma")
    assert set(result.shared.names[2:]) == {f"field.{g}.rate" for g in range(6)} and len(result.locals) == 18


def test_the_same_check_fails_when_a_group_is_left_out():
    _, y = study()
    fewer = exact({name: value for name, value in y.items() if name[1] != "5"}, n_groups=5)
    with pytest.raises(AssertionError):
        for name, (mean, sd) in exact(y).items():
            assert abs(fewer[name][0] - mean) < 0.1 * sd


def test_what_a_group_owns():
    phase, _ = study()
    assert phase.coordinates.groups["field.0.rate"] == "field.0"
