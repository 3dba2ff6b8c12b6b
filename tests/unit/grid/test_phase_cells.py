"""Grid searches of phases: every dataset by itself, and a whole EP fit, cell by cell."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from tests.unit.strategy.linear import Point, PointAnalysis, flat_mass

import cavity as cv
from cavity.errors import SearchError
from cavity.graph import name_shared
from cavity.grid.cells import make_cells
from cavity.grid.phase_cells import GridCells, PhaseGrid
from cavity.posterior.store import load_tree, save_tree
from cavity.strategy.loop import conclude, rounds_of
from cavity.strategy.phase_context import PhaseContext

DATA = {"d1": 3.0, "d2": 7.5}
SEARCH = cv.Laplace(n_draws=1000)


@dataclass(frozen=True)
class Part:
    """A grid's configuration."""

    name: str = "g"
    phase: str = "p"
    parameters: dict = field(default_factory=lambda: {"x": 4})
    dataset: str = "all"


def independent_context():
    def factor(dataset):
        model = cv.Model(Point, x=cv.UniformPrior(0.0, 10.0), y=0.0)
        return cv.AnalysisFactor(model, PointAnalysis((DATA[dataset], 0.0), (1.0, 1.0)))

    return PhaseContext("s", "p", "independent", tuple(DATA), factor, name_shared({}), SEARCH)


def ep_context(inference="ep"):
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 5.0), sigma=1.0)

    def factor(dataset):
        model = cv.Model(Point, x=population.drawn_variable(), y=cv.GaussianPrior(0.0, 1.0))
        return cv.AnalysisFactor(model, PointAnalysis((DATA[dataset], 0.0), (1.0, 1.0)))

    names = name_shared({"population": population})
    return PhaseContext("s", "p", inference, tuple(DATA), factor, names, SEARCH)


def run(context, part):
    grid = GridCells(context, part)
    records = {}
    for fit in grid.fits:
        for cell in make_cells(grid.axes(fit)):
            records.setdefault(fit, {})[cell.name] = grid.fit_cell(fit, cell, ("g", fit, cell.name))
    return grid.collect(records)


def test_each_dataset_has_a_grid_and_every_cell_stays_in_its_box():
    grid = run(independent_context(), Part())
    assert tuple(grid.fits) == ("d1", "d2") and grid.shared is None
    for dataset, result in grid.fits.items():
        whole = np.log(flat_mass(DATA[dataset], 1.0, 0.0, 10.0) / 10.0 / np.sqrt(2.0 * np.pi))
        assert result.log_evidence == pytest.approx(whole, abs=0.03)
        low, high = result.best_cell.boxes["x"]
        assert low <= DATA[dataset] <= high
        assert low < result.best_samples["x"].min() and result.best_samples["x"].max() < high
        assert grid.locals[dataset] is result.best_samples


@pytest.mark.long
def test_a_grid_over_a_hyperparameter_adds_up_to_the_whole_fits_evidence():
    context = ep_context()
    part = Part(parameters={"population.mean": [-20.0, 5.0, 20.0]})
    grid = run(context, part)
    assert tuple(grid.fits) == ("all",) and not grid.locals
    whole = conclude(context, rounds_of(context))
    assert grid.fits["all"].log_evidence == pytest.approx(whole.log_evidence, abs=0.15)
    joint = run(ep_context("joint"), part).fits["all"]
    assert joint.log_evidence_values == pytest.approx(grid.fits["all"].log_evidence_values, abs=0.2)


def test_a_local_parameter_of_a_whole_fit_has_its_datasets_name():
    part = Part(parameters={"d1.y": [-8.0, 0.0, 8.0]})
    context = ep_context("joint")
    grid = run(context, part)
    assert grid.fits["all"].log_evidence == pytest.approx(conclude(context, rounds_of(context)).log_evidence, abs=0.15)


@pytest.mark.parametrize(
    ("context", "part", "sentence"),
    [
        (independent_context, Part(dataset="d3"), "g: the table has no dataset d3; did you mean d"),
        (ep_context, Part(dataset="d1"), "phase p is ep and fits all datasets together"),
    ],
)
def test_a_wrong_dataset_is_one_sentence(context, part, sentence):
    with pytest.raises(SearchError, match=sentence):
        assert GridCells(context(), part).fits


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("population.sigma", "population.sigma is not a free parameter of phase p; did you mean population.mean"),
        ("d1.x", "d1.x: it is drawn from a parent"),
        ("d1.z", "d1.z is not a free parameter of phase p"),
    ],
)
def test_a_wrong_axis_of_a_whole_fit_is_one_sentence(name, sentence):
    with pytest.raises(SearchError, match=sentence):
        GridCells(ep_context(), Part(parameters={name: 2})).axes("all")


def test_a_grid_comes_back_from_its_file(tmp_path):
    grid = run(independent_context(), Part(parameters={"x": 2}))
    save_tree(tmp_path / "cells.h5", grid.tree())
    back = PhaseGrid.from_tree(load_tree(tmp_path / "cells.h5"))
    assert back.fits["d2"].log_evidence == grid.fits["d2"].log_evidence and back.phase == "p"
