"""The verb draw: a picture for each dataset of a grid."""

from .levels import fit_cells, verb, write_levels


def test_a_grid_is_drawn(tmp_path):
    folder = write_levels(tmp_path / "levels")
    assert verb("collect", folder, "--part", "grid", "--cells", *fit_cells(folder), "--out", tmp_path / "out") == 0
    cells = tmp_path / "out" / "cells.h5"
    assert verb("draw", folder, "--part", "grid", "--cells", cells, "--out", tmp_path / "plots") == 0
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["a.png"]
