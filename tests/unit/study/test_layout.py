"""Which files a job reads."""

import re

import pytest

from cavity.study.layout import Layout, Run
from cavity.study.study import Study


@pytest.fixture
def layout(folder):
    (folder / "config.yaml").write_text(
        "phases: [{name: light, inference: independent}, {name: all, inference: joint}, {name: full}]\n"
    )
    return Layout(Study.load(folder))


def test_a_run_is_a_phase_and_the_rounds_before_it():
    assert Run.parse("light") == Run("light")
    assert Run.parse("full/after-0-3") == Run("full", (0, 3))


def test_patterns_match_the_runs_of_their_phases_only(layout):
    ep, joint, none = layout.run_pattern("ep"), layout.run_pattern("joint"), layout.run_pattern()
    assert re.fullmatch(ep, "full/after-0-12") and not re.fullmatch(ep, "full") and not re.fullmatch(ep, "light")
    assert re.fullmatch(joint, "all/after-0") and not re.fullmatch(joint, "full/after-0-0")
    assert not re.fullmatch(none, "light")


def test_a_later_phase_reads_the_last_rounds_of_those_it_sees(layout):
    assert layout.earlier("light") == []
    assert layout.earlier("full/after-0-3") == [
        "results/points/light/round-000/posterior.h5",
        "results/points/all/after-0/round-003/posterior.h5",
    ]
    assert layout.run_after("full", {"light": 0, "all": 3}) == "full/after-0-3"


def test_files_of_a_round(layout):
    assert layout.state("light", "002") == "results/points/light/round-002/global.h5"
    assert layout.states("light", 1) == [f"results/points/light/round-00{k}/global.h5" for k in (0, 1)]
    assert layout.sites("light", 0) == [f"results/points/light/round-000/sites/{name}.h5" for name in "ab"]
    assert layout.sites("all/after-0", 0) == []
    assert layout.published("light", 0)[0] == "results/points/light/round-000/summary.json"


def test_inputs_of_a_shard(layout, folder):
    assert layout.data("light", "a") == [str(folder / "a.csv")]
    assert layout.data("light") == [str(folder / "a.csv"), str(folder / "b.csv")]
    assert layout.code() == [str(folder / "shapes.py"), str(folder / "study.py")]
    assert layout.data_digest(["a"]) == layout.study.data_digest(["a"]) != layout.data_digest(["b"])


def test_a_run_is_held_to_the_data_that_it_began_with(layout, folder):
    before = layout.data_digest(["a"]), layout.data_digest()
    (folder / "a.csv").write_text("y\n7.0\n")
    assert (layout.data_digest(["a"]), layout.data_digest()) == before
    assert layout.data_digest(["a"]) != layout.study.data_digest(["a"])


@pytest.mark.parametrize("prefix", ["", "one/", "points/", "a/results/"])
def test_the_results_folder_keeps_a_modules_prefix(layout, prefix):
    assert layout.results_of(f"{prefix}results/points/light/round-000/global.h5") == f"{prefix}results"
