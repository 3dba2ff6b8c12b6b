"""The verb cells: a shard's cells, found again the second time; refusals."""

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
