"""Copies of the last round in the fixed folder."""

import shutil

import pytest

from cavity.database import Aggregator
from cavity.errors import DamagedError, ResultError
from cavity.posterior.store import write_sealed_text
from cavity.study import Study
from cavity.study.fixed_folders import publish_round, report


@pytest.fixture
def study(fitted, tmp_path):
    """A study whose results lie in the folder of its third round."""
    folder, results = fitted
    study = Study.load(folder, results=tmp_path / "results")
    shutil.copytree(results / "points" / "main", study.paths.round("main", 2))
    return study


def test_a_round_is_copied_and_equal_files_stay_untouched(study):
    folder = publish_round(study, study.paths.round("main", 2))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "round-" not in str(path))
    assert {"summary.json", "posterior.h5"} <= {path.name for path in files} and any(p.suffix == ".png" for p in files)
    times = [path.stat().st_mtime_ns for path in files]
    publish_round(study, study.paths.round("main", 2))
    assert [path.stat().st_mtime_ns for path in files] == times


def test_the_index_is_made_once_and_kept_where_nothing_changed(study):
    publish_round(study, study.paths.round("main", 2))
    first = study.paths.database.stat().st_mtime_ns
    publish_round(study, study.paths.round("main", 2))
    assert study.paths.database.stat().st_mtime_ns == first
    study.paths.database.unlink()
    publish_round(study, study.paths.round("main", 2))
    assert len(Aggregator.from_database(study.paths.database)) >= 1


def test_a_damaged_index_is_made_anew(study):
    publish_round(study, study.paths.round("main", 2))
    for damage in (lambda content: b"", lambda content: content.replace(b"population", b"populatian")):
        content = study.paths.database.read_bytes()
        study.paths.database.write_bytes(damage(content))
        assert study.paths.database.read_bytes() != content
        publish_round(study, study.paths.round("main", 2))
        assert len(Aggregator.from_database(study.paths.database)) >= 1
        assert b"populatian" not in study.paths.database.read_bytes()


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 1 for byte in content[middle : middle + 64]) + content[middle + 64 :]


@pytest.mark.parametrize("damage", [flipped, lambda content: b"", lambda content: content[:-9]])
@pytest.mark.parametrize("name", ["summary.json", "posterior.h5", "plots/graph.png", "check.txt"])
def test_a_damaged_source_is_named_and_not_published(study, name, damage):
    folder = study.paths.round("main", 2)
    write_sealed_text(folder.parent / "check.txt", "fine\n")
    publish_round(study, folder)
    published = study.paths.phase("main")
    before = {path: path.read_bytes() for path in (published / "summary.json", published / "posterior.h5")}
    path = folder.parent / name if name == "check.txt" else folder / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedError, match=f"^{path.parent if 'plots' in name else path}: ") as caught:
        publish_round(study, folder)
    assert caught.value.path == (path.parent if "plots" in name else path)
    assert {path: path.read_bytes() for path in before} == before


def test_a_round_without_any_plot_is_damaged_and_one_without_a_folder_of_them_is_not(study):
    folder = study.paths.round("main", 2)
    for plot in (folder / "plots").iterdir():
        plot.unlink()
    with pytest.raises(DamagedError, match="plots: there is no plot in it"):
        publish_round(study, folder)
    (folder / "plots").rmdir()
    publish_round(study, folder)


def test_plots_of_an_older_round_go(study):
    stale = study.paths.phase("main") / "plots" / "old.png"
    stale.parent.mkdir(exist_ok=True)
    stale.write_bytes(b"")
    publish_round(study, study.paths.round("main", 2))
    assert not stale.exists()


def test_the_report_has_the_table_and_says_where_files_are(study):
    publish_round(study, study.paths.round("main", 2))
    text = report(study)
    for part in ("points, phase main: 2 datasets, ep", "population.mean", "log evidence", "converged after", "plots"):
        assert part in text


def test_a_folder_that_is_no_round_is_refused(study, tmp_path):
    with pytest.raises(ResultError, match="not a round of one of the phases of points"):
        publish_round(study, tmp_path)
