"""The verbs of parts: cells are fitted once and collected, phases are interpolated, both are drawn; refusals."""

import json

import h5py
import numpy as np

from cavity.posterior.store import load_tree

from .levels import fit_cells, verb, write_levels


def test_cells_are_fitted_once(tmp_path, capsys):
    folder = write_levels(tmp_path / "levels")
    files = fit_cells(folder)
    assert sorted(capsys.readouterr().out.splitlines()) == ["grid: fitted a:0", "grid: fitted a:1"]
    assert [list(load_tree(path)["a"]) for path in sorted(files)] in ([["0"], ["1"]], [["1"], ["0"]])
    fit_cells(folder)
    assert "fitted" not in capsys.readouterr().out


def test_an_unknown_part_or_shard_is_one_sentence(tmp_path, capsys):
    folder = write_levels(tmp_path / "levels")
    assert verb("cells", folder, "--part", "gird", "--shard", "x", "--out", tmp_path / "x.h5") == 2
    assert "interpolation is called gird; did you mean grid?" in capsys.readouterr().err
    assert verb("cells", folder, "--part", "grid", "--shard", "x", "--out", tmp_path / "x.h5") == 2
    assert "grid has no shard x" in capsys.readouterr().err


def test_the_cells_of_all_shards_are_arrays(tmp_path):
    folder = write_levels(tmp_path / "levels")
    files = fit_cells(folder)
    assert verb("collect", folder, "--part", "grid", "--cells", *files, "--out", tmp_path / "out") == 0
    with h5py.File(tmp_path / "out" / "cells.h5") as file:
        cells = file["fits/a"]
        assert np.exp(cells["log_mass"][:]).tolist() == [0.5, 0.5]
        assert cells["log_evidence"][0] > cells["log_evidence"][1] and 2.5 < cells["medians/level.height"][0] < 3.7


def test_a_shard_that_was_left_out_is_one_sentence(tmp_path, capsys):
    folder = write_levels(tmp_path / "levels")
    first, _ = fit_cells(folder)
    assert verb("collect", folder, "--part", "grid", "--cells", first, "--out", tmp_path / "out") == 2
    assert "of 2 has not been fitted; run its job" in capsys.readouterr().err


def test_a_phase_is_interpolated(tmp_path, capsys):
    folder = write_levels(tmp_path / "levels")
    assert verb("run", folder, "--phase", "main") == 0
    posterior = tmp_path / "results" / "levels" / "main" / "posterior.h5"
    assert verb("combine", folder, "--part", "curve", "--earlier", posterior, "--out", tmp_path / "out") == 0
    curves = json.loads((tmp_path / "out" / "summary.json").read_text())["parameters"]["level.height"]
    assert abs(curves["q50"][0] - 3.1) < 0.3 and abs(curves["q50"][-1] - 8.05) < 0.3
    assert verb("draw", folder, "--part", "curve", "--earlier", posterior, "--out", tmp_path / "plots") == 0
    assert (tmp_path / "plots" / "curves.png").is_file()


def test_what_it_comes_after_must_be_given(tmp_path, capsys):
    folder = write_levels(tmp_path / "levels")
    assert verb("combine", folder, "--part", "curve", "--out", tmp_path / "out") == 2
    assert "curve comes after: main; give with --earlier the posterior.h5" in capsys.readouterr().err


def test_a_grid_is_drawn(tmp_path):
    folder = write_levels(tmp_path / "levels")
    assert verb("collect", folder, "--part", "grid", "--cells", *fit_cells(folder), "--out", tmp_path / "out") == 0
    cells = tmp_path / "out" / "cells.h5"
    assert verb("draw", folder, "--part", "grid", "--cells", cells, "--out", tmp_path / "plots") == 0
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["a.png"]
