"""A bad study gets one sentence that says what, where and what to do; nothing already computed is lost."""

import re
import shutil
from pathlib import Path

import pytest

from cavity.cli import main

GRID = "grid_searches: [{{name: g, phase: main, parameters: {{{}}}}}]\n"
SPOIL = {
    "no configuration": (lambda s: (s.folder / "config.yaml").unlink(), "config.yaml: no such file"),
    "no table": (lambda s: (s.folder / "datasets.tsv").unlink(), "datasets.tsv: no such file"),
    "no study.py": (lambda s: (s.folder / "study.py").unlink(), "study.py: no such file"),
    "no data file": (lambda s: (s.folder / "b.csv").unlink(), "dataset b: b.csv: no such file"),
    "unknown key": (
        lambda s: s.replace("config.yaml", "search:", "serch:"),
        "config.yaml: phases[0].serch: no such key; did you mean search?",
    ),
    "unknown search": (lambda s: s.replace("config.yaml", "Laplace", "Laplas"), "did you mean Laplace?"),
    "unknown setting": (lambda s: s.replace("config.yaml", "Laplace", "Laplace, n_drws: 3"), "did you mean n_draws?"),
    "id with a slash": (lambda s: s.replace("datasets.tsv", "b\t", "b/x\t"), "'b/x' cannot be a dataset id"),
    "id twice": (lambda s: s.replace("datasets.tsv", "b\t", "a\t"), "the dataset a is there twice"),
    "no rows": (lambda s: (s.folder / "datasets.tsv").write_text("dataset\tpath\n"), "the table has no rows"),
    "limits the wrong way round": (
        lambda s: s.replace("study.py", "cv.HalfNormalPrior(10.0)", "cv.UniformPrior(2.0, 1.0)"),
        "study.py, line 20: ",
    ),
    "likelihood is NaN": (lambda s: s.replace("b.csv", "4.0", "nan"), "dataset b: "),
    "likelihood raises": (lambda s: s.replace("study.py", "return -0.5", "return [][1] * -0.5"), "dataset a: "),
    "factor returns nothing": (
        lambda s: s.replace("study.py", "return cv.A", "cv.A"),
        "factor returned nothing for dataset a; return a cavity.AnalysisFactor",
    ),
    "shared parameter unused": (
        lambda s: s.replace("study.py", "\npopulation", "\nspare = cv.UniformPrior(0.0, 1.0)\npopulation"),
        "shared parameter spare is used by no dataset",
    ),
    "a grid's axis over no parameter": (
        lambda s: s.replace("config.yaml", "phases:", f"{GRID.format('population.men: 2')}phases:"),
        "config.yaml: g: population.men is not a free parameter of phase main; did you mean population.mean?",
    ),
    "a grid's axis over a drawn parameter": (
        lambda s: s.replace("config.yaml", "phases:", f"{GRID.format('b.effect.size: 2')}phases:"),
        "config.yaml: g: grid search over b.effect.size: it is drawn from a parent",
    ),
    "a grid's axis beyond the limits": (
        lambda s: s.replace("config.yaml", "phases:", f"{GRID.format('population.sigma: [-1, 1]')}phases:"),
        "config.yaml: g: grid search over population.sigma: -1 is outside its prior's limits",
    ),
    "id of a shared parameter": (lambda s: s.replace("datasets.tsv", "b\t", "population\t"), "dataset population "),
}


@pytest.mark.parametrize("name", SPOIL)
def test_one_sentence_and_exit_code_2(study, name, capsys):
    spoil, sentence = SPOIL[name]
    spoil(study)
    assert main(["check", str(study.folder)]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1 and "Traceback" not in error


def test_the_same_study_unspoilt_is_fine(study, capsys):
    assert main(["check", str(study.folder)]) == 0
    assert "effects, phase main: 3 datasets, ep" in capsys.readouterr().out


def test_noise_of_zero_is_named(capsys, tmp_path):
    folder = tmp_path / "profiles"
    shutil.copytree(Path(__file__).parents[3] / "config" / "gaussian_hierarchical", folder)
    path = folder / "data" / "g07.csv"
    lines = path.read_text().splitlines()
    lines[5] = lines[5].replace("0.05", "0.0")
    path.write_text("\n".join(lines) + "\n")
    assert main(["check", str(folder)]) == 2
    assert "dataset g07: ValueError: the noise of pixel 4 is not positive" in capsys.readouterr().err


def test_snakemake_exits_with_2_for_what_parsing_sees(study):
    study.replace("config.yaml", "search:", "serch:")
    code, output = study.snakemake()
    assert code == 2
    assert "phases[0].serch: no such key; did you mean search?" in output and "Traceback" not in output


def test_nothing_is_searched_where_an_axis_is_wrong(study):
    study.replace("config.yaml", "phases:", f"{GRID.format('population.men: 2')}phases:")
    code, output = study.snakemake()
    assert code == 1 and "population.men is not a free parameter" in output and "Traceback" not in output
    assert not list(study.folder.parent.glob("results/effects/.cache/*"))


def test_snakemake_exits_with_1_for_what_a_job_sees_and_shows_the_sentence(study):
    study.replace("b.csv", "4.0", "nan")
    code, output = study.snakemake()
    assert code == 1
    assert "dataset b: " in output and "Traceback" not in output


def searched_first(output):
    """The datasets of round 0 that jobs of one dataset each searched."""
    return re.findall(r"round 0: \d of 3 searches, searched (\w)$", output, re.MULTILINE)


@pytest.mark.long
def test_what_was_computed_before_a_dataset_failed_is_kept(study):
    away_from_the_middle = "if self.y[0] == 4.0 and instance.effect.size != 0.0: return float('nan')"
    study.replace("study.py", "        return -0.5", f"        {away_from_the_middle}\n        return -0.5")
    code, output = study.snakemake()
    assert code == 1 and "dataset b: " in output
    assert {"a", "c"} <= {
        line[-1] for line in output.splitlines() if "round 0" in line and "searches, searched" in line
    }
    study.replace("b.csv", "4.0", "4.1")
    code, output = study.snakemake()
    assert code == 0
    assert searched_first(output) == ["b"]
