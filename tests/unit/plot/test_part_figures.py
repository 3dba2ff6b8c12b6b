"""Plots of what is made of phases: a file for each dataset."""

import numpy as np

import cavity.plot.part_figures
from cavity.grid.cell_arrays import GridSearchResult, SensitivityResult
from cavity.grid.cells import Axis
from cavity.grid.phase_cells import PhaseGrid, PhaseSensitivity
from cavity.plot.part_figures import draw_part, finite_edges, plotted_arrays

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
    monkeypatch.setattr(cavity.plot.part_figures, "plot_grid", fail_once)
    paths = draw_part(PhaseGrid("g", "p", "independent", {"d1": grid, "d2": grid}), tmp_path)
    assert [path.name for path in paths] == ["d2.png"]
    (record,) = caplog.records
    assert record.getMessage() == f"{tmp_path / 'd1.png'}: not drawn, ValueError: no ink; everything else goes on"


def test_a_plot_gets_finite_edges_and_two_axes():
    assert finite_edges(Axis("x", (1.0, 2.0, 4.0), (1.0, 2.0, 4.0))).tolist() == [0.5, 1.5, 3.0, 5.0]
    assert finite_edges(Axis("x", (-np.inf, 0.0, 1.0), (0.0, 1.0, np.inf))).tolist() == [-1.0, 0.0, 1.0, 2.0]
    assert finite_edges(Axis("x", (3.0,), (3.0,))).tolist() == [2.5, 3.5]
    one = VALUES[:, 0, 0]
    grid = GridSearchResult(AXES[:1], one, 0.1 + 0 * one, 0 * one, one, {}, 0 * one, {}, None)
    values, _, edges, labels = plotted_arrays(grid)
    assert values.shape == (2,) and edges[0].tolist() == [0.0, 1.0, 2.0] and labels == ["x"]
