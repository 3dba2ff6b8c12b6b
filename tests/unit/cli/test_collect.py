"""The verb collect: all cells in one file; a missing one is named."""

import h5py
import numpy as np

from .levels import fit_cells, verb, write_levels


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
