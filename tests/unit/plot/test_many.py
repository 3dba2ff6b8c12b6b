"""Plots of what is made of phases: a file for each dataset."""

import numpy as np

import cavity.plot.many
from cavity.plot.many import draw_part
from cavity.strategy.grid_cells import Axis
from cavity.strategy.grid_phase import PhaseGrid
from cavity.strategy.grid_result import GridSearchResult
from cavity.strategy.sensitivity_phase import PhaseSensitivity
from cavity.strategy.sensitivity_result import SensitivityResult

AXES = (Axis("x", (0.0, 1.0), (1.0, 2.0)), Axis("y", (0.0, 1.0), (1.0, 2.0)), Axis("z", (0.0,), (1.0,)))
VALUES = np.array([[-1.0, -2.0], [-3.0, 0.0]])[..., None]


def test_a_grid_of_three_axes_is_summed_over_the_third(tmp_path):
    grid = GridSearchResult(AXES, VALUES, 0.1 + 0 * VALUES, 0 * VALUES, VALUES, {}, 0 * VALUES, {}, None)
    paths = draw_part(PhaseGrid("g", "p", "independent", {"d1": grid, "d2": grid}), tmp_path)
    assert [path.name for path in paths] == ["d1.png", "d2.png"] and paths[0].stat().st_size > 5000


def test_a_map_of_three_axes_shows_the_middle_of_the_third(tmp_path):
    truths = tuple(axis.centres for axis in AXES)
    found = SensitivityResult(AXES, truths, 0 * VALUES, VALUES, 0.1 + 0 * VALUES, VALUES, 0 * VALUES, {})
    (path,) = draw_part(PhaseSensitivity("m", "p", 5.0, {"d1": found}), tmp_path / "plots")
    assert path.stat().st_size > 5000


def test_a_plot_that_fails_is_a_warning_and_the_others_are_drawn(tmp_path, monkeypatch, caplog):
    def fail_once(*arguments):
        monkeypatch.undo()
        raise ValueError("no ink")

    grid = GridSearchResult(AXES, VALUES, 0.1 + 0 * VALUES, 0 * VALUES, VALUES, {}, 0 * VALUES, {}, None)
    monkeypatch.setattr(cavity.plot.many, "plot_grid", fail_once)
    paths = draw_part(PhaseGrid("g", "p", "independent", {"d1": grid, "d2": grid}), tmp_path)
    assert [path.name for path in paths] == ["d2.png"]
    (record,) = caplog.records
    assert record.getMessage() == f"{tmp_path / 'd1.png'}: not drawn, ValueError: no ink; everything else goes on"
