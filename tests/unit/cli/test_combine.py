"""The verb combine: an interpolation of a phase's results."""

import json

from .levels import verb, write_levels


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
