"""Sensitivity maps of phases: the study's own factor composes the fits of simulated data."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.grid.test_sensitivity import (
    FEATURE,
    LEVEL_SD,
    MOST,
    NOISE,
    Feature,
    Level,
    ProfileAnalysis,
    exact_difference,
)

import cavity as cv
from cavity.errors import ModelError, SearchError, StudyError
from cavity.graph import name_shared
from cavity.grid.cells import make_cells
from cavity.grid.phase_cells import MapCells, PhaseSensitivity, SimulatedDataset
from cavity.posterior.store import load_tree, save_tree
from cavity.strategy.phase_context import PhaseContext


@dataclass(frozen=True)
class Part:
    """A map's configuration."""

    name: str = "m"
    phase: str = "p"
    parameters: dict = field(default_factory=lambda: {"amplitude": {"values": [0.0, 1.0, 2.0]}})
    dataset: str = "all"
    level: float = 5.0


class Row:
    """A dataset."""

    id = "d1"
    time = 2.0

    def load(self):
        return {"data": np.zeros(40)}


def compose(dataset):
    model = cv.Collection(level=cv.Model(Level, height=cv.GaussianPrior(0.0, LEVEL_SD)))
    return cv.AnalysisFactor(model, ProfileAnalysis(**dataset.load()))


def map_cells(part=Part(), **changes):
    row = Row()
    context = PhaseContext(
        "s", "p", "independent", ("d1",), lambda name: compose(row), name_shared({}), cv.Laplace(n_draws=1000)
    )
    found = MapCells(
        context=context,
        part=part,
        dataset=lambda name: row,
        compose=compose,
        fitted=lambda name: SimpleNamespace(instance=compose(row).prior_model.instance_from_vector([0.5])),
        simulate=lambda instance, dataset, rng: {"data": sum(part.profile() for part in instance)},
        perturbation=lambda dataset: cv.Model(Feature, amplitude=cv.UniformPrior(0.0, MOST)),
    )
    return replace(found, **changes)


def run(given):
    (axis,) = given.axes("d1")
    records = {cell.name: given.fit_cell("d1", cell, ("m", "d1", cell.name)) for cell in make_cells([axis])}
    return given.collect({"d1": records})


def test_the_map_has_the_exact_evidence_differences(tmp_path):
    found = run(map_cells())
    result = found.fits["d1"]
    exact = [exact_difference(0.5 + amplitude * FEATURE) for amplitude in (0.0, 1.0, 2.0)]
    assert result.log_evidence_differences == pytest.approx(exact, abs=0.06)
    assert result.detected().tolist() == [value > 5.0 for value in exact]
    save_tree(tmp_path / "cells.h5", found.tree())
    back = PhaseSensitivity.from_tree(load_tree(tmp_path / "cells.h5"))
    np.testing.assert_array_equal(back.fits["d1"].log_evidence_differences, result.log_evidence_differences)
    assert NOISE and back.level == 5.0


def test_a_simulated_dataset_keeps_the_rows_covariates():
    simulated = SimulatedDataset(Row(), {"data": np.ones(3)})
    assert simulated.time == 2.0 and simulated.id == "d1" and simulated.load()["data"].sum() == 3.0


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"simulate": lambda *_: {"data": np.zeros(3)}}, StudyError, "simulate returned data of shape \\(3,\\)"),
        ({"perturbation": lambda dataset: None}, StudyError, "the perturbation for dataset d1 is a NoneType"),
        (
            {"compose": lambda d: cv.AnalysisFactor(compose(d).prior_model.level, compose(d).analysis)},
            ModelError,
            "the model of dataset d1 must be a Collection",
        ),
    ],
)
def test_a_wrong_part_of_study_py_is_one_sentence(changes, error, sentence):
    with pytest.raises(error, match=sentence):
        run(map_cells(**changes))


def test_wrong_phases_and_datasets_are_one_sentence():
    with pytest.raises(SearchError, match="m: the table has no dataset d2; did you mean d1"):
        assert map_cells(Part(dataset="d2")).fits
    given = map_cells()
    with pytest.raises(SearchError, match="phase p is ep; map the sensitivity of an independent phase"):
        assert replace(given, context=replace(given.context, inference="ep")).fits
