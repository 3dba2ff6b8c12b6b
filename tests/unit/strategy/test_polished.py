"""Nested runs whose evidence counts are polished where that helps, and left alone where it does not."""

import numpy as np
import pytest

import cavity as cv
from cavity.search.model_problem import model_problem
from cavity.strategy import polished
from cavity.strategy.polished import FEWEST, run_polished

from .linear import Point, PointAnalysis, flat_mass

EXACT = np.log(flat_mass(4.2, 0.9, 0.0, 10.0) / 10.0 * flat_mass(0.8, 0.7, -5.0, 5.0) / 10.0)


def problem(analysis=None):
    model = cv.Model(Point, x=cv.UniformPrior(0.0, 10.0), y=cv.UniformPrior(-5.0, 5.0))
    return model_problem(model, analysis or PointAnalysis((4.2, 0.8), (0.9, 0.7)))


def run(search, on=None):
    return run_polished(search, on or problem(), np.random.default_rng(1))


def test_a_nested_run_has_the_exact_evidence_and_keeps_its_likeliest_point():
    nested = cv.DynestyStatic(nlive=50).run(problem(), np.random.default_rng(1))
    samples = run(cv.DynestyStatic(nlive=50))
    assert samples.info["polished"] and samples.info["nested_log_evidence"] == nested.log_evidence
    assert samples.log_evidence == pytest.approx(EXACT, abs=0.03) and samples.log_evidence_error < 0.1
    assert samples.calls == nested.calls + FEWEST
    assert samples.log_likelihoods.max() >= nested.log_likelihoods.max()
    assert samples.ess >= nested.ess


def test_samples_that_are_worth_more_than_the_draws_stay(monkeypatch):
    monkeypatch.setattr(polished, "FEWEST", 64)
    monkeypatch.setattr(polished, "MOST", 64)
    nested = cv.DynestyStatic(nlive=50).run(problem(), np.random.default_rng(1))
    samples = run(cv.DynestyStatic(nlive=50))
    assert np.array_equal(samples.values, nested.values) and samples.info["polished"]
    assert samples.log_evidence == pytest.approx(EXACT, abs=0.15) and samples.log_evidence != nested.log_evidence


@pytest.mark.parametrize("search", [cv.Laplace(), cv.LBFGS()])
def test_any_other_search_is_left_alone(search):
    assert run(search) == search.run(problem(), np.random.default_rng(1))


@pytest.mark.parametrize("change", [{"log_evidence_error": 9.0}, {"log_evidence": 50.0}])
def test_draws_that_are_worse_or_contradict_are_not_taken(monkeypatch, change):
    from dataclasses import replace

    usual = polished.polished
    monkeypatch.setattr(polished, "polished", lambda *values, **named: replace(usual(*values, **named), **change))
    nested = cv.DynestyStatic(nlive=50).run(problem(), np.random.default_rng(1))
    samples = run(cv.DynestyStatic(nlive=50))
    assert not samples.info["polished"] and samples.pareto_k is None
    assert samples.log_evidence == nested.log_evidence and np.array_equal(samples.values, nested.values)
    assert samples.calls == nested.calls + FEWEST


class Ring(PointAnalysis):
    """A thin ring, which a few ellipsoids do not cover."""

    def log_likelihood_function(self, instance):
        radius = np.hypot(instance.x - 5.0, instance.y)
        return float(-0.5 * ((radius - 3.0) / 0.003) ** 2)


def test_a_posterior_that_the_mixture_does_not_fit_keeps_an_honest_evidence():
    exact = np.log(2.0 * np.pi * 3.0 * np.sqrt(2.0 * np.pi) * 0.003 / 100.0)
    samples = run(cv.DynestyStatic(nlive=50), problem(Ring((0.0, 0.0), (1.0, 1.0))))
    assert abs(samples.log_evidence - exact) < 4.0 * samples.log_evidence_error


@pytest.mark.long
def test_the_evidences_of_nested_cells_add_up_and_their_errors_are_honest():
    """The sum over four cells, seed by seed; nested cells alone miss it by more than .1."""
    model = cv.Model(Point, x=cv.UniformPrior(0.0, 10.0), y=cv.UniformPrior(-5.0, 5.0))
    away, pulls, before = [], [], []
    for seed in range(10):
        search = cv.SearchGridSearch(search=cv.DynestyStatic(nlive=50), number_of_steps=4)
        grid = search.fit(model, PointAnalysis((4.2, 0.8), (0.9, 0.7)), grid_priors=[model.x], seed=seed)
        away.append(grid.log_evidence - EXACT)
        pulls.append(away[-1] / grid.log_evidence_error)
        before.append(np.logaddexp.reduce(nested_evidences(grid) + grid.log_mass_values) - EXACT)
    assert np.sqrt(np.mean(np.square(away))) < 0.02 and np.sqrt(np.mean(np.square(before))) > 0.08
    assert np.sqrt(np.mean(np.square(pulls))) < 1.3


def nested_evidences(grid):
    """What the cells' runs said before they were polished."""
    from cavity.posterior.store import samples_from_tree

    found = [samples_from_tree(grid.records[cell.name]["samples"]) for cell in grid.cells]
    return np.array([samples.info["nested_log_evidence"] for samples in found])
