"""Lensed images: the lens equation, the blur, and the study's own profiles against the simulator's."""

import sys
from pathlib import Path

import numpy as np
import pytest

from cavity.simulate.lensing import Lensing, blur_matrix, isothermal_deflections, lens_image
from cavity.study import Study

CONFIG = Path(__file__).parents[3] / "config" / "lensing"
CENTRE = {"centre.centre_0": 0.0, "centre.centre_1": 0.0}
ROUND = {**CENTRE, "axis_ratio": 1.0 - 1e-9, "angle": 30.0, "einstein_radius": 1.3}


def test_a_round_isothermal_mass_bends_by_its_einstein_radius_everywhere():
    x, y = np.random.default_rng(0).normal(size=(2, 100))
    a, b = isothermal_deflections(x, y, ROUND)
    assert np.hypot(a, b) == pytest.approx(1.3, rel=1e-4)
    assert a * y == pytest.approx(b * x, abs=1e-4), "towards the centre"


def test_the_deflection_is_a_gradient_of_half_the_mass_within():
    """Its divergence is twice the convergence, which is sqrt(q) b / (2 sqrt(q^2 x^2 + y^2)) for this profile."""
    mass = {**ROUND, "axis_ratio": 0.7, "angle": 0.0}
    x, y, step = np.array([0.4, -1.1]), np.array([0.7, 0.3]), 1e-5
    right, left = (isothermal_deflections(x + s, y, mass)[0] for s in (step, -step))
    up, down = (isothermal_deflections(x, y + s, mass)[1] for s in (step, -step))
    divergence = (right - left + up - down) / (2.0 * step)
    convergence = 0.5 * 1.3 * np.sqrt(0.7) / np.sqrt(0.7**2 * x**2 + y**2)
    assert divergence == pytest.approx(2.0 * convergence, rel=1e-6)


def test_the_blur_keeps_light_away_from_the_edge():
    kernel = blur_matrix(30, 1.0)
    image = np.zeros((30, 30))
    image[15, 12] = 2.0
    blurred = kernel @ image @ kernel.T
    assert blurred.sum() == pytest.approx(2.0) and blurred.max() == blurred[15, 12] < 1.0


def test_the_noise_around_the_truth_is_as_stated():
    simulator = Lensing(datasets=2)
    simulation = simulator.simulate(5)
    kernel = blur_matrix(simulator.pixels, simulator.blur)
    for name, columns in simulation.data.items():
        own = [item for item in simulation.truth.items() if item[0].startswith(name)]
        lens = {path.removeprefix(f"{name}."): value for path, value in own}
        image = lens_image(columns["x"], columns["y"], lens).reshape(simulator.pixels, -1)
        residuals = columns["image"] - (kernel @ image @ kernel.T).ravel()
        assert np.std(residuals) == pytest.approx(simulator.noise, rel=0.1)


def test_the_studys_own_classes_make_the_same_image():
    study = Study.load(CONFIG)
    bulge_radius_truth = {name: value for name, value in _truth().items() if name.startswith("lens1.")}
    mass = study.namespace["mass"](study.dataset("lens1"), {"light": _Light(study, bulge_radius_truth)})
    names = [f"lens1.{name}" for name in mass.prior_model.parameter_names]
    instance = mass.prior_model.instance_from_vector([bulge_radius_truth[name] for name in names])
    residuals = (mass.analysis.data - mass.analysis.model_data(instance)) / mass.analysis.noise_map
    assert np.mean(residuals**2) == pytest.approx(1.0, abs=0.15)
    assert "profiles" not in sys.modules or "lensing" in str(sys.modules["profiles"].__file__)


class _Light:
    """An earlier phase that found the truth."""

    def __init__(self, study, truth):
        model = study.namespace["light"](study.dataset("lens1")).prior_model
        self.instance = model.instance_from_vector([truth[f"lens1.{name}"] for name in model.parameter_names])


def _truth():
    import json

    return json.loads((CONFIG / "truth.json").read_text())
