"""Grids, maps, comparisons and interpolations as jobs: what a change runs, and what a failed cell costs."""

import copy
import json

import h5py
import numpy as np
import pytest

from .many import CONFIG, configure, fitted, write_series, write_study

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("many")]

NOTHING_ELSE = {"sensitivity_maps": [], "comparisons": [], "interpolations": []}


@pytest.fixture
def study(fresh):
    write_study(fresh)
    return fresh


def results(workspace, *parts):
    return workspace.folder.joinpath("results", "study", *parts)


def test_first_run_then_changes_one_at_a_time(study):
    first = study.run()
    jobs = first.jobs
    assert jobs["grid_cells"] == 9 and jobs["grid_collect"] == jobs["grid_plot"] == 1, jobs
    assert jobs["sensitivity_cells"] == 3 and jobs["sensitivity_collect"] == jobs["sensitivity_plot"] == 1
    assert jobs["compare"] == jobs["compare_plot"] == jobs["interpolate"] == jobs["interpolate_plot"] == 1
    assert len(fitted(first, "heights")) == 9 and len(fitted(first, "map")) == 3
    _check_numbers(study)
    assert study.run().jobs == {"all": 1}

    # one axis refined: only the cells that are new are fitted; the phase that starts from the grid follows
    config = copy.deepcopy(CONFIG)
    config["grid_searches"][0]["parameters"] = {"level.height": [0, 2.5, 5, 7.5, 10]}
    configure(study, config)
    refined = study.run()
    assert fitted(refined, "heights") == [f"{name}:{cell}" for name in ("s1", "s2", "s3") for cell in (2, 3)]
    assert "sensitivity_cells" not in refined.jobs and "compare" not in refined.jobs
    assert refined.jobs["search_sites"] == 3, "the last phase alone"

    # one dataset's data: its cells alone
    write_series(study.study, "s2", 6.5, 0.0)
    changed = study.run()
    assert fitted(changed, "heights") == [f"s2:{cell}" for cell in range(4)]
    assert changed.jobs["compare"] == 1

    # the late phase's search: neither grid nor map
    config["phases"][2]["search"] = {"name": "Laplace", "n_draws": 500}
    configure(study, config)
    late = study.run()
    assert not {"grid_cells", "sensitivity_cells", "compare", "grid_collect"} & set(late.jobs)
    assert late.jobs["search_sites"] == 3

    # the gridded phase's search: every cell
    config["phases"][1]["search"] = {"name": "Laplace", "n_draws": 500}
    configure(study, config)
    early = study.run()
    assert len(fitted(early, "heights")) == 12 and "sensitivity_cells" not in early.jobs


def _check_numbers(study):
    with h5py.File(results(study, "heights", "cells.h5")) as file:
        cells = file["fits/s1"]
        whole = np.logaddexp.reduce(cells["log_evidence"][:] + cells["log_mass"][:])
    tilted = json.loads(results(study, "tilted", "summary.json").read_text())
    models = json.loads(results(study, "models", "summary.json").read_text())
    assert models["models"]["tilted"]["log_evidence"] == pytest.approx(tilted["log_evidence"])
    assert models["datasets"]["s1"]["tilted"]["log_evidence"] == pytest.approx(whole, abs=0.1)
    assert models["datasets"]["s1"]["tilted"]["difference"] == 0.0, "s1 has a slope"
    assert models["datasets"]["s2"]["flat"]["difference"] == 0.0, "s2 has none"
    with h5py.File(results(study, "map", "cells.h5")) as file:
        differences = file["fits/s1/log_evidence_difference"][:]
    assert differences[0] < 0.0 < differences[2]
    last = json.loads(results(study, "last", "summary.json").read_text())
    assert last["parameters"]["s2.level.height"]["mean"] == pytest.approx(6.0, abs=0.5)
    curves = json.loads(results(study, "over_time", "summary.json").read_text())
    assert len(curves["at"]) == 50 and set(curves["parameters"]) == {"level.height", "slope.steepness"}
    for part in ("heights", "map", "models", "over_time"):
        assert list(results(study, part, "plots").glob("*.png"))


def test_a_failed_cell_is_named_and_run_again_alone(study):
    config = {**CONFIG, "phases": CONFIG["phases"][1:2], **NOTHING_ELSE}
    configure(study, config)
    study.run("--until", "check")
    (study.study / "broken").touch()
    broken = study.run("--until", "grid_cells", check=False)
    assert broken.returncode == 1
    assert "heights: 1 of 1 cells failed, the others are kept: s1, cell level.height in [5, 10]" in broken.output
    assert "a detector is off" in broken.output and "Traceback" not in broken.output
    assert len(fitted(broken, "heights")) == 6
    (study.study / "broken").unlink()
    repaired = study.run()
    assert fitted(repaired, "heights") == ["s1:2", "s2:2", "s3:2"] and repaired.jobs["grid_cells"] == 3


def test_the_same_numbers_come_out_of_one_process(study):
    import cavity as cv

    study.run()
    alone = cv.Study.load(study.study, results=study.folder / "alone")
    alone.fit()
    with (
        h5py.File(results(study, "heights", "cells.h5")) as jobs,
        h5py.File(study.folder / "alone" / "study" / "heights" / "cells.h5") as process,
    ):
        for name in ("s1", "s2", "s3"):
            for key in ("log_evidence", "log_mass", "max_log_likelihood"):
                np.testing.assert_array_equal(jobs[f"fits/{name}/{key}"][:], process[f"fits/{name}/{key}"][:])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"grid_searches": [{"name": "g", "phase": "flat", "parameters": {"level.height": 0}}]}, "at least 1"),
        ({"grid_searches": [{"name": "g", "phase": "flta", "parameters": {"level.height": 2}}]}, "no phase flta"),
        (
            {"grid_searches": [{"name": "g", "phase": "flat", "dataset": "s9", "parameters": {"level.height": 2}}]},
            "g: the table has no dataset s9; did you mean",
        ),
    ],
)
def test_a_bad_configuration_stops_before_any_job(study, change, sentence):
    configure(study, {**CONFIG, "phases": CONFIG["phases"][:2], **change})
    run = study.run(check=False)
    assert run.returncode == 2 and sentence in run.output and not run.jobs


def test_an_axis_over_an_unknown_parameter_is_one_sentence(study):
    grids = [{"name": "g", "phase": "flat", "parameters": {"level.hight": 2}}]
    config = {**CONFIG, "phases": CONFIG["phases"][:1], "grid_searches": grids}
    configure(study, {**config, **NOTHING_ELSE})
    run = study.run(check=False)
    assert run.returncode == 1 and "Traceback" not in run.output
    assert "level.hight is not a free parameter of the model; did you mean level.height?" in run.output
    assert not run.searched and not fitted(run, "g")
