"""What is shipped runs whole through the command of the README, whatever the seed."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml
from tests.statistics.check import assert_same_posterior
from tests.statistics.shipped import counts, orbits, tumours
from tests.workflow.conftest import ONE_THREAD, ROOT

SEEDS = (1, 2, 3)
STUDIES = (
    "counts",
    "eight_schools",
    "feature_grid",
    "gaussian_hierarchical",
    "gaussian_shared",
    "lensing",
    "orbits",
    "tumours",
)
CENTRE, SD, LOG_EVIDENCE = 49.354, 0.797, 435.12  # by quadrature over 401 centres, 600 widths, 900 normalisations
SHARED = {"population", "centre", *counts.COEFFICIENTS, "scatter", "within", "patient"}
#: Study -> function of its folder: the shared parameters and ln Z without this package; and datasets that are enough.
EXACT = {"counts": counts.exact, "orbits": orbits.exact, "tumours": tumours.exact}
FEW = {
    "counts": ("plate01", "plate02", "plate06", "plate07", "plate12", "plate13", "plate17", "plate18"),
    "orbits": ("star01", "star08", "star09"),
    "tumours": ("p1a", "p1b", "p2a", "p4a", "p4b", "p6a", "p6b"),
}
FARTHEST, TOGETHER = 4.0, 1.6  # stated errors: of one of thirty comparisons, and the root mean square of a phase's
#: Phases whose model follows from an earlier fit (its best values, its best cell), and those whose priors it cuts.
ANOTHER_MODEL = {"lensing": {"mass"}, "feature_grid": {"measured"}}
ANOTHER_SPACE = {"lensing": {"both"}}


def run(name, seed, folder):
    """Folder of the results of a copy of a study with another seed."""
    shutil.copytree(ROOT / "config" / name, folder / name)
    return run_copy(name, seed, folder)


def run_copy(name, seed, folder):
    """Folder of the results of the study folder/name with another seed."""
    config = folder / name / "config.yaml"
    text, changed = re.subn(r"(?m)^seed: \d+$", f"seed: {seed}", config.read_text())
    assert changed == 1
    config.write_text(text)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "1"]
    command += ["--config", f"study={config}", "--directory", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **ONE_THREAD}, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"[A-Z]\w+Warning|Traceback", done.stdout + done.stderr)
    return folder / "results" / name


def summaries(name, folder):
    """Phase -> summary.json of every phase of a study."""
    phases = yaml.safe_load((ROOT / "config" / name / "config.yaml").read_text())["phases"]
    return {phase["name"]: json.loads((folder / phase["name"] / "summary.json").read_text()) for phase in phases}


def pulls(one, other):
    """Name -> difference of two fits' means, in its stated error."""
    found = {}
    for name, a in one["parameters"].items():
        b = other["parameters"][name]
        found[name] = abs(a["mean"] - b["mean"]) / np.hypot(a["mcse"], b["mcse"])
    return found


def assert_same(one, other, evidence=True):
    """Two seeds agree within their stated errors: each shared parameter, and all parameters together."""
    found = pulls(one, other)
    shared = {name: pull for name, pull in found.items() if name.split(".")[0] in SHARED}
    if evidence:
        error = np.hypot(one["log_evidence_error"], other["log_evidence_error"])
        shared["ln Z"] = abs(one["log_evidence"] - other["log_evidence"]) / error
    for name, pull in shared.items():
        assert pull < FARTHEST, f"{name} differs by {pull:.1f} of its stated errors"
    together = np.sqrt(np.mean(np.square(list(found.values()))))
    assert together < TOGETHER, f"parameters differ by {together:.2f} of their stated errors"


@pytest.mark.long
@pytest.mark.parametrize("name", STUDIES)
def test_every_study_runs_whole_and_its_seeds_agree(name, tmp_path):
    found = {}
    for seed in SEEDS:
        folder = run(name, seed, tmp_path / str(seed))
        found[seed] = summaries(name, folder)
        for phase, summary in found[seed].items():
            assert summary["converged"] is True and summary["warnings"] == [], (seed, phase, summary["warnings"])
            assert list((folder / phase / "plots").glob("*.png"))
        if name in EXACT:
            assert_exact(found[seed]["main"], name, tmp_path / "1" / name)
        if name == "gaussian_shared":
            assert_right(found[seed]["main"])
            assert {f"fit_g0{i}.png" for i in range(1, 6)} <= {path.name for path in (folder / "main/plots").iterdir()}
    for one, other in itertools.combinations(found.values(), 2):
        for phase in set(one) - ANOTHER_MODEL.get(name, set()):
            assert_same(one[phase], other[phase], evidence=phase not in ANOTHER_SPACE.get(name, set()))


@pytest.mark.parametrize("name", FEW)
def test_a_few_datasets_run_whole_and_right(name, tmp_path):
    shutil.copytree(ROOT / "config" / name, tmp_path / name)
    config, table = tmp_path / name / "config.yaml", tmp_path / name / "datasets.tsv"
    header, *rows = table.read_text().splitlines()
    kept = [row for row in rows if row.split("\t")[0] in FEW[name]]
    table.write_text("\n".join([header, *kept]) + "\n")
    settings = yaml.safe_load(config.read_text())
    settings["phases"][0].setdefault("ep", {})["datasets_per_job"] = len(kept)
    config.write_text(yaml.safe_dump(settings))
    folder = run_copy(name, 1, tmp_path)
    summary = summaries(name, folder)["main"]
    assert summary["converged"] is True and summary["warnings"] == []
    assert_exact(summary, name, tmp_path / name)
    assert {"convergence.png", "corner.png", "graph.png"} < {path.name for path in (folder / "main/plots").iterdir()}


def assert_exact(summary, name, folder):
    exact, log_evidence = EXACT[name](folder)
    found = {key: (row["mean"], row["sd"]) for key, row in summary["parameters"].items()}
    assert_same_posterior(found, exact, dm=0.1)
    assert summary["log_evidence"] == pytest.approx(log_evidence, abs=3 * summary["log_evidence_error"])


def assert_right(summary):
    centre = summary["parameters"]["centre"]
    assert centre["mean"] == pytest.approx(CENTRE, abs=0.05 * SD) and centre["sd"] == pytest.approx(SD, rel=0.05)
    assert summary["log_evidence"] == pytest.approx(LOG_EVIDENCE, abs=0.2)


@pytest.mark.parametrize("shared, own, match", [(5.0, 0.0, "population.mean differs"), (0.0, 2.5, "parameters differ")])
def test_the_check_fails_where_one_seed_is_elsewhere(shared, own, match):
    def summary(shared=0.0, own=0.0):
        away = {"population.mean": shared, **{f"d{k}.x": own for k in range(20)}}
        rows = {name: {"mean": np.sqrt(2.0) * 0.1 * pull, "mcse": 0.1} for name, pull in away.items()}
        return {"parameters": rows, "log_evidence": 1.0, "log_evidence_error": 0.1}

    assert_same(summary(), summary(1.0, 1.0))
    with pytest.raises(AssertionError, match=match):
        assert_same(summary(), summary(shared, own))
