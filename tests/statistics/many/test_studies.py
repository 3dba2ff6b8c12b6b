"""The studies feature_grid and lensing, fitted whole: truths within three sds, the feature's cell found."""

import json
from pathlib import Path

import numpy as np
import pytest

import cavity as cv

CONFIG = Path(__file__).parents[3] / "config"

pytestmark = pytest.mark.long


def fitted(name, tmp_path):
    """(results of every phase and part, truth) of a study."""
    import matplotlib

    matplotlib.use("Agg")
    study = cv.Study.load(CONFIG / name, results=tmp_path)
    return study.fit(), json.loads((CONFIG / name / "truth.json").read_text())


def distances(result, truth):
    """Name -> (mean - truth) / sd, of the parameters that the result has."""
    found = result.parameters()
    return {name: (found[name]["mean"] - value) / found[name]["sd"] for name, value in truth.items() if name in found}


def test_the_grid_finds_the_feature_and_the_chain_measures_it(tmp_path):
    results, truth = fitted("feature_grid", tmp_path)
    grid = results["feature"].fits
    assert grid["faint"].best_cell.boxes["feature.centre"] == (60.0, 80.0)
    assert grid["faint"].probabilities.max() > 0.95 > 0.6 > grid["plain"].probabilities.max()
    for dataset in ("faint", "plain"):
        whole = results["anywhere"].locals[dataset]
        error = np.hypot(grid[dataset].log_evidence_error, whole.log_evidence_error)
        assert error < 0.1, "nested runs are polished"
        assert grid[dataset].log_evidence == pytest.approx(whole.log_evidence, abs=4.0 * error)
    faint = {name: value for name, value in truth.items() if name.startswith("faint.")}
    away = distances(results["measured"], faint)
    assert len(away) == 6 and max(map(abs, away.values())) < 3.0
    difference, error = results["evidence"].per_dataset["faint"].log_bayes_factor("anywhere", "profile")
    assert difference > 3.0 * error
    detected = results["detectable"].fits["plain"].threshold(5.0)
    assert np.all(np.diff(detected) > 0.0), "a wider feature must be brighter to be seen"


def test_the_lenses_are_recovered(tmp_path):
    results, truth = fitted("lensing", tmp_path)
    away = distances(results["both"], truth)
    assert results["both"].converged and len(away) == 87
    assert max(map(abs, away.values())) < 3.5 and np.mean(np.square(list(away.values()))) < 1.5
    assert abs(away["population.mean"]) < 3.0 and abs(away["population.sigma"]) < 3.0


def test_with_the_light_fixed_the_second_phase_alone_does_not_pass(tmp_path):
    study = cv.Study.load(CONFIG / "lensing", results=tmp_path)
    truth = json.loads((CONFIG / "lensing" / "truth.json").read_text())
    away = distances(study.fit(["mass"])["mass"], truth)
    assert np.mean(np.square(list(away.values()))) > 1.5
