"""Where a study stands, from its files alone."""

import os
import re

import pytest

from cavity.cli import main
from cavity.study import Study
from cavity.study.standings import status


def files_of(folder):
    """Every file with what a write would change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def verb(folder, tmp_path):
    """A verb of the workflow in the first round of the study with two datasets."""
    results = tmp_path / "results"
    first = results / "points" / "main" / "round-000"

    def run(name, *arguments):
        named = [str(argument).format(first=first) for argument in arguments]
        assert main([name, str(folder), "--results", str(results), "--phase", "main", *named]) == 0

    return run


def test_a_finished_study(fitted):
    folder, results = fitted
    before = files_of(results)
    said = status(Study.load(folder, results=results))
    assert re.fullmatch(r"main: finished, converged after \d+ rounds?; .*/points/main/summary.json", said)
    assert files_of(results) == before


def test_nothing_is_locked_composed_or_made(folder, tmp_path, capsys):
    (folder / "study.py").write_text("raise RuntimeError('composed')")
    assert main(["status", str(folder), "--results", str(tmp_path / "results")]) == 0
    assert capsys.readouterr().out == "main: not begun\n" and not (tmp_path / "results").exists()


def test_a_fit_in_one_process_is_seen_while_it_runs_and_after_it_was_killed(folder, tmp_path):
    study, seen = Study.load(folder, results=tmp_path / "results"), []

    def look(line):
        seen.append((line, status(study)))
        raise KeyboardInterrupt  # the end of the process, as far as the files go

    with pytest.raises(KeyboardInterrupt, match="what is finished is kept, and the same call goes on from there"):
        study.fit(progress=look)
    line, then = seen[0]
    assert line.startswith("main, round 0: 2 of 2 searches, 1 of at most 12 rounds, largest Monte Carlo error ")
    assert " sd (tolerance 0.15)" in line and "left: pilot (" in line
    assert then.splitlines()[0] == line and re.fullmatch(r"  last written [\d.]+ seconds ago", then.splitlines()[1])
    assert status(study).splitlines()[0] == line
    study.fit(progress=False)
    assert "main: finished, converged" in status(study)


def test_the_rounds_of_the_workflow(folder, tmp_path, verb, capsys):
    study = Study.load(folder, results=tmp_path / "results")
    verb("search", "--shard", "a", "--out", "{first}/sites/a.h5")
    assert capsys.readouterr().out == "main, round 0: 1 of 2 searches, searched a\n"
    assert status(study).startswith("main, round 0: 1 of 2 searches, 0 of at most 12 rounds\n  last written ")
    verb("search", "--shard", "b", "--out", "{first}/sites/b.h5")
    verb("aggregate", "--sites", "{first}/sites/a.h5", "{first}/sites/b.h5", "--out", "{first}/global.h5")
    capsys.readouterr()
    limits = ("--tolerance", "0.15", "--max-rounds", "12")
    verb("decide", "--state", "{first}/global.h5", *limits, "--out", "{first}/decision.json")
    told = capsys.readouterr().out
    assert told.startswith("main, round 0: 2 of 2 searches, 1 of at most 12 rounds, largest Monte Carlo error ")
    assert status(study).startswith(told.rstrip())
    (tmp_path / "results" / "points" / "main" / "round-001").mkdir()
    assert status(study).startswith("main, round 1: 0 of 2 searches, 1 of at most 12 rounds, largest Monte Carlo ")


def test_the_time_left_is_by_the_pace_of_the_files(folder, tmp_path, verb):
    study = Study.load(folder, results=tmp_path / "results")
    verb("check", "--out", tmp_path / "results" / "points" / "main" / "check.txt")
    verb("search", "--shard", "a", "--out", "{first}/sites/a.h5")
    first = tmp_path / "results" / "points" / "main"
    os.utime(first / "check.txt", (1000.0, 1000.0))
    os.utime(first / "round-000" / "sites" / "a.h5", (1040.0, 1040.0))
    assert ", about 40.0 seconds left\n" in status(study)
    os.utime(first / "check.txt", (2000.0, 2000.0))  # looked at again since: no pace
    assert "left" not in status(study)


def test_what_is_fitted_again_is_not_called_finished(folder, tmp_path):
    study = Study.load(folder, results=tmp_path / "results")
    study.fit(progress=False)
    (folder / "a.csv").write_text("y\n1.5\n")

    def look(line):
        assert status(study).startswith("main, round 0: 2 of 2 searches")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Study.load(folder, results=tmp_path / "results").fit(progress=look)
