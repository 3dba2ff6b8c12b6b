"""cavity simulate"""

from cavity.cli import main


def test_datasets_are_written(tmp_path, capsys):
    arguments = ["--out", str(tmp_path), "--seed", "3", "--set", "datasets=4"]
    assert main(["simulate", "gaussian_hierarchical", *arguments]) == 0
    assert "4 datasets" in capsys.readouterr().out
    assert len((tmp_path / "datasets.tsv").read_text().splitlines()) == 5


def test_bad_arguments_are_one_sentence(tmp_path, capsys):
    for arguments, sentence in (
        (["gaussian_herarchical"], "did you mean gaussian_hierarchical?"),
        (["gaussian_shared", "--seed", "-1"], "a seed is a whole number"),
        (["gaussian_shared", "--set", "dataset=4"], "did you mean datasets?"),
        (["gaussian_shared", "--set", "datasets=many"], "datasets is a number"),
    ):
        assert main(["simulate", *arguments, "--out", str(tmp_path)]) == 2
        assert sentence in capsys.readouterr().err
