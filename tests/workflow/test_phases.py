"""A chain of phases is file edges: what a later phase does never touches an earlier one."""

import json

import pytest
import yaml

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("phases")]

ALONE = """

def alone(dataset):
    effect = cv.Model(Effect, size=cv.GaussianPrior(0.0, 20.0))
    return cv.AnalysisFactor(prior_model=cv.Collection(effect=effect), analysis=Analysis(**dataset.load()))
"""
PHASES = [
    {"name": "each", "inference": "independent", "factor": "alone", "search": {"name": "Laplace"}},
    {"name": "all", "inference": "joint", "search": {"name": "DynestyStatic", "nlive": 50}, "after": []},
    {"name": "full", "search": {"name": "Laplace"}, "after": ["each"], "ep": {"tolerance": 1.0, "max_rounds": 3}},
]


def write_phases(workspace, phases):
    (workspace.study / "config.yaml").write_text(yaml.safe_dump({"phases": phases}))


def test_a_chain_of_three_inferences_and_what_a_change_runs(fresh):
    write_phases(fresh, PHASES)
    with (fresh.study / "study.py").open("a") as file:
        file.write(ALONE)
    first = fresh.run()
    assert first.jobs["joint_search"] == 1 and first.jobs["check"] == 3 and first.jobs["search_sites"] == 12
    assert (fresh.folder / "results" / "study" / "full" / "after-0" / "round-000").is_dir()
    joint, ep = (
        json.loads((fresh.folder / "results" / "study" / name / "summary.json").read_text()) for name in ("all", "full")
    )
    assert abs(joint["log_evidence"] - ep["log_evidence"]) < 5 * joint["log_evidence_error"] + 0.2
    assert fresh.run().jobs == {"all": 1}

    early, joint_phase, late = PHASES
    write_phases(fresh, [early, joint_phase, {**late, "search": {"name": "Laplace", "n_draws": 600}}])
    run = fresh.run()
    assert "joint_search" not in run.jobs and run.jobs["check"] == 1 and run.jobs["search_sites"] == 6
    assert len([number for number, _ in run.searched if number == 0]) == 6

    write_phases(fresh, [{**early, "search": {"name": "Laplace", "n_draws": 600}}, joint_phase, late])
    run = fresh.run()
    assert "joint_search" not in run.jobs and run.jobs["search_sites"] == 12
