"""Simulated tumours: what is missing, who belongs to whom, and the study's own classes against the simulator's."""

import json
from pathlib import Path

import numpy as np
import pytest

from cavity.simulate.tumours import KINDS, Tumours
from cavity.study import Study

CONFIG = Path(__file__).parents[3] / "config" / "tumours"


def test_a_seed_makes_one_simulation():
    first, again, other = (Tumours(patients=4).simulate(seed) for seed in (1, 1, 2))
    assert first.truth == again.truth != other.truth and first.covariates == again.covariates


def test_every_second_patient_misses_one_kind_of_data():
    simulation = Tumours(patients=6).simulate(3)
    missed = {}
    for name, columns in simulation.data.items():
        gone = [kind for kind, names in KINDS.items() if np.isnan(columns[names[0]]).all()]
        missed.setdefault(simulation.covariates[name]["patient"], set()).update(gone)
    assert list(missed.values()) == [set(), {"biopsies"}, set(), {"scans"}, set(), {"sequencing"}]
    assert "p4a.tumour.log_volume" not in simulation.truth and "p1a.tumour.log_volume" in simulation.truth


def test_growth_scatters_within_patients_and_between_them():
    truth = Tumours(patients=2000, mean=-1.0, sigma=0.5, within=0.1).simulate(1).truth
    between = [value for name, value in truth.items() if name.startswith("patient.")]
    own = {name: value for name, value in truth.items() if name.endswith(".tumour.log_growth")}
    within = [value - truth[f"patient.{name.split('.')[0][:-1]}.log_growth"] for name, value in own.items()]
    assert (np.mean(between), np.std(between)) == pytest.approx((-1.0, 0.5), abs=0.04)
    assert np.std(within) == pytest.approx(0.1, rel=0.05)


def test_the_studys_own_classes_agree_with_the_truth():
    study, truth = Study.load(CONFIG), json.loads((CONFIG / "truth.json").read_text())
    residuals = []
    for name in ("p1a", "p2b", "p5c", "p9a"):
        factor = study.namespace["factor"](study.dataset(name))
        paths = factor.prior_model.parameter_names
        instance = factor.prior_model.instance_from_vector([truth[f"{name}.{path}"] for path in paths])
        analysis = factor.analysis
        residuals.append((analysis.data - analysis.model_data(instance)) / analysis.noise_map)
        arrays = {path: np.full(2, truth[f"{name}.{path}"]) for path in paths}
        assert analysis.log_likelihood_batch(arrays) == pytest.approx(analysis.log_likelihood_function(instance))
    assert np.mean(np.square(residuals)) == pytest.approx(1.0, abs=0.5)
