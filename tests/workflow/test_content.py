"""Content decides what runs again: changes that keep or lower a file's modification time, with the jobs counted."""

import os
import shutil

import h5py
import pytest
import yaml

from .conftest import ROOT, Workspace, make_study

pytestmark = pytest.mark.xdist_group("content")

LATER = {"aggregate": 1, "decide": 1, "summarise": 1, "plot": 1, "all": 1}
ONE = {"search_sites": 1, **LATER}
EVERYTHING = {"check": 1, "search_sites": 3, **LATER}
PUBLISHING = {"all": 1}


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A study fitted once by a copy of the repository: three datasets, one in an HDF5 file that links to another."""
    base = tmp_path_factory.mktemp("content")
    root = base / "repository"
    for name in ("Snakefile", "workflow", "profiles", "envs", "config/config.yaml", "pipeline/cavity"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, root / name)
    workspace = Workspace(make_study(base / "work" / "study", datasets=2).folder, root)
    config = yaml.safe_load((workspace.study / "config.yaml").read_text())
    config["phases"][0] = {"name": "main", "inference": "independent", "search": {"name": "Laplace"}}
    (workspace.study / "config.yaml").write_text(yaml.safe_dump(config))
    code = (workspace.study / "study.py").read_text()
    code = code.replace("population = cv.H", "from helpers.scale import SCALE\n\npopulation = cv.H")
    code = code.replace("population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 10.0), ", "")
    code = code.replace("sigma=cv.HalfNormalPrior(10.0))", "").replace("population.drawn_variable()", "prior()")
    code = code.replace("def factor(", "def prior():\n    return cv.GaussianPrior(0.0, 10.0 * SCALE)\n\n\ndef factor(")
    (workspace.study / "study.py").write_text(code)
    (base / "shared").mkdir()
    (base / "shared" / "scale.py").write_text("SCALE = 1.0\n")
    (workspace.study / "helpers").symlink_to(base / "shared")
    write_linked(workspace, 2.0)
    with h5py.File(workspace.study / "d2.h5", "w") as file:
        file["y"], file["sigma"] = h5py.ExternalLink("target.h5", "y"), [5.0]
    with (workspace.study / "datasets.tsv").open("a") as table:
        table.write("d2\td2.h5\n")
    run = workspace.run()
    assert run.jobs == EVERYTHING and len(run.searched) == 3
    return workspace


@pytest.fixture
def copied(searched, tmp_path):
    """A copy, times and links included."""
    shutil.copytree(searched.folder.parent, tmp_path / "copy", symlinks=True)
    workspace = Workspace(tmp_path / "copy" / "work", tmp_path / "copy" / "repository")
    (workspace.study / "helpers").unlink()
    (workspace.study / "helpers").symlink_to(tmp_path / "copy" / "shared")
    return workspace


def write_linked(workspace, y):
    """The file that d2.h5 links to."""
    with h5py.File(workspace.study / "target.h5", "w") as file:
        file["y"] = [y]


def with_time_of(path, change, back=0.0):
    """Change a file and give it its old times, or older ones."""
    state = path.stat()
    change()
    os.utime(path, (state.st_atime - back, state.st_mtime - back))


def an_older_file_replaces_the_data(workspace):
    path = workspace.study / "d0.csv"
    with_time_of(path, lambda: path.write_text("y,sigma\n99.0,5.0\n"), back=1e6)


def data_change_and_keep_their_time_and_size(workspace):
    path = workspace.study / "d0.csv"
    with_time_of(path, lambda: path.write_text(path.read_text().replace("5.0", "4.0")))


def two_data_files_are_swapped(workspace):
    one, other, between = (workspace.study / name for name in ("d0.csv", "d1.csv", "between"))
    one.rename(between), other.rename(one), between.rename(other)


def a_linked_file_changes(workspace):
    path = workspace.study / "target.h5"
    with_time_of(path, lambda: write_linked(workspace, 3.0), back=1e6)


def the_table_is_restored(workspace):
    path = workspace.study / "datasets.tsv"
    rows = path.read_text().replace("d0.csv", "?").replace("d1.csv", "d0.csv").replace("?", "d1.csv")
    with_time_of(path, lambda: path.write_text(rows), back=1e6)


def study_py_is_restored(workspace):
    path = workspace.study / "study.py"
    with_time_of(path, lambda: path.write_text(path.read_text().replace("10.0 *", "20.0 *")), back=1e6)


def a_linked_package_changes(workspace):
    path = workspace.study / "helpers" / "scale.py"
    with_time_of(path, lambda: path.write_text("SCALE = 2.0\n"), back=1e6)


def the_package_is_updated(workspace):
    path = workspace.root / "pipeline" / "cavity" / "search" / "laplace.py"
    with_time_of(path, lambda: path.write_text(path.read_text() + "\n# another version\n"), back=1e6)


def the_plots_of_the_package_are_updated(workspace):
    path = workspace.root / "pipeline" / "cavity" / "plot" / "corner.py"
    with_time_of(path, lambda: path.write_text(path.read_text() + "\n# another version\n"), back=1e6)


def everything_is_touched(workspace):
    for path in (*workspace.study.iterdir(), *(workspace.root / "pipeline").rglob("*.py")):
        path.touch()


CHANGES = [
    (an_older_file_replaces_the_data, ONE, ["d0"]),
    (data_change_and_keep_their_time_and_size, ONE, ["d0"]),
    (two_data_files_are_swapped, {**ONE, "search_sites": 2}, ["d0", "d1"]),
    (a_linked_file_changes, ONE, ["d2"]),
    (the_table_is_restored, {**ONE, "search_sites": 2}, ["d0", "d1"]),
    (study_py_is_restored, EVERYTHING, ["d0", "d1", "d2"]),
    (a_linked_package_changes, EVERYTHING, ["d0", "d1", "d2"]),
    (the_package_is_updated, EVERYTHING, ["d0", "d1", "d2"]),
    (the_plots_of_the_package_are_updated, {"plot": 1, "all": 1}, []),
    (everything_is_touched, PUBLISHING, []),
]


QUICK = (data_change_and_keep_their_time_and_size, the_package_is_updated)
MARKED = [pytest.param(*row, id=row[0].__name__, marks=[pytest.mark.long] * (row[0] not in QUICK)) for row in CHANGES]


@pytest.mark.parametrize(("change", "jobs", "datasets"), MARKED)
def test_what_runs_after_a_change_that_no_time_tells(copied, change, jobs, datasets):
    before = copied.published()
    change(copied)
    run = copied.run()
    assert run.jobs == jobs
    assert [name for _, name in run.searched] == datasets
    changed = copied.published()["summary.json"] != before["summary.json"]
    assert changed == bool(datasets)


@pytest.mark.long
def test_a_file_that_changes_between_two_rounds_mixes_no_answer(tmp_path):
    """The run in which it changes fails and says so; the next one gives what the new file gives from the start."""
    changing, fresh = (make_study(tmp_path / name / "study", datasets=3) for name in ("changing", "fresh"))
    (fresh.study / "d1.csv").write_text("y,sigma\n11.0,5.0\n")
    fresh.run()
    said = changing.while_running(
        "(Rule: aggregate)", lambda: shutil.copyfile(fresh.study / "d1.csv", changing.study / "d1.csv")
    )
    assert said.returncode == 1 and "Traceback" not in said.output
    assert "study/config.yaml: a data file, the table or study.py changed while the workflow was running" in said.output
    again = changing.run()
    assert {name for number, name in again.searched if number == 0} == {"d1"}
    assert changing.published() == fresh.published()
