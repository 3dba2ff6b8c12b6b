"""What runs again after a change: counts of jobs, for every line of the table in docs/workflow.md."""

import json
import shutil
import signal

import pytest

pytestmark = pytest.mark.xdist_group("workflow")

SEARCHES = {f"d{index}" for index in range(6)}


def test_a_first_run_searches_every_dataset_in_every_round(finished):
    folder = finished.folder / "results" / "study" / "main"
    decisions = [json.loads((folder / f"round-00{k}" / "decision.json").read_text())["decision"] for k in range(2)]
    assert decisions == ["pilot", "max_rounds"]
    assert json.loads((folder / "summary.json").read_text())["converged"] is False
    assert list((folder / "plots").glob("*.png"))


def test_nothing_changed(workspace):
    assert workspace.run().jobs == {"all": 1}


def test_a_data_file_is_touched(workspace):
    (workspace.study / "d2.csv").touch()
    assert workspace.run().jobs == {"all": 1}


def test_publishing_changes_no_file_when_nothing_changed(workspace):
    folder = workspace.folder / "results" / "study" / "main"
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.*")}
    workspace.run()
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.*")} == before


def test_the_maximum_is_raised_after_a_stop_at_it(workspace):
    workspace.configure(max_rounds=3)
    run = workspace.run()
    assert run.jobs == {"refresh_sites": 6, "aggregate": 1, "decide": 3, "summarise": 1, "plot": 1, "all": 1}
    assert {number for number, _ in run.searched} == {2}


def test_a_looser_then_a_tighter_tolerance(workspace):
    workspace.configure(tolerance=10.0)
    assert workspace.run().jobs == {"decide": 2, "summarise": 1, "plot": 1, "all": 1}
    summary = workspace.folder / "results" / "study" / "main" / "summary.json"
    assert json.loads(summary.read_text())["converged"] is True
    workspace.configure(tolerance=1e-4, max_rounds=3)
    run = workspace.run()
    assert run.jobs == {"refresh_sites": 6, "aggregate": 1, "decide": 3, "summarise": 1, "plot": 1, "all": 1}
    assert {number for number, _ in run.searched} == {2}
    assert json.loads(summary.read_text())["converged"] is False


def test_the_content_of_one_data_file_changes(workspace):
    (workspace.study / "d2.csv").write_text("y,sigma\n11.0,5.0\n")
    run = workspace.run()
    assert run.jobs["search_sites"] == 1
    assert [name for number, name in run.searched if number == 0] == ["d2"]
    assert {name for number, name in run.searched if number == 1} == SEARCHES
    assert run.jobs["aggregate"] == run.jobs["decide"] == 2


def test_a_dataset_is_added(workspace):
    workspace.add_dataset("d6", 3.0)
    run = workspace.run()
    assert run.jobs["search_sites"] == 1
    assert [name for number, name in run.searched if number == 0] == ["d6"]
    assert {name for number, name in run.searched if number == 1} == SEARCHES | {"d6"}


@pytest.mark.long
def test_the_settings_of_the_search_change(workspace):
    workspace.configure(search={"name": "Laplace", "n_draws": 600})
    run = workspace.run()
    assert run.jobs["search_sites"] == run.jobs["refresh_sites"] == 6
    assert {name for number, name in run.searched if number == 0} == SEARCHES


def test_outputs_that_were_deleted_come_back_without_a_search(workspace):
    before = workspace.published()
    for folder in (workspace.folder / "results" / "study" / "main").glob("round-*"):
        shutil.rmtree(folder)
    run = workspace.run()
    assert run.jobs["search_sites"] == run.jobs["refresh_sites"] == 6
    assert run.searched == []
    assert workspace.published() == before


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_was_ended_resumes_to_the_identical_result(how, finished, fresh):
    assert fresh.interrupt("of 6 searches, searched", how) != 0
    if how == signal.SIGKILL:
        fresh.run("--unlock")
    resumed = fresh.run()
    assert len([name for number, name in resumed.searched if number == 0]) < 6
    assert fresh.published() == finished.published()


def test_one_process_gives_the_bits_of_the_workflow(finished, tmp_path):
    from cavity.study import Study

    result = Study.load(finished.study, results=tmp_path).fit()["main"]
    result.write(tmp_path)
    published = finished.published()
    for name in ("summary.json", "posterior.h5"):
        assert (tmp_path / name).read_bytes() == published[name]


@pytest.mark.long
def test_a_plot_that_fails_stops_no_publication(fresh):
    path = fresh.study / "study.py"
    drawn = "data, noise_map = [1.0], 1.0\n\n    def model_data(self, instance):\n        return 1 / 0\n\n    "
    path.write_text(path.read_text().replace("def __init__(self, y", f"{drawn}def __init__(self, y"))
    run = fresh.run()
    published = fresh.published()
    assert {"summary.json", "posterior.h5", "corner.png", "graph.png"} <= set(published)
    assert not [name for name in published if name.startswith("fit")]
    assert "plots/fit_d0.png: not drawn, ZeroDivisionError: division by zero; everything else goes on" in run.output
    assert fresh.run().jobs == {"all": 1}
