"""Simulated orbits: Kepler's equation, the noise, and the study's own classes against the simulator's."""

import json
from pathlib import Path

import numpy as np
import pytest

from cavity.simulate.orbits import Orbits, velocities
from cavity.study import Study

CONFIG = Path(__file__).parents[3] / "config" / "orbits"


def test_a_seed_makes_one_simulation():
    first, again, other = (Orbits(datasets=2).simulate(seed) for seed in (1, 1, 2))
    assert first.truth == again.truth != other.truth
    assert np.array_equal(first.data["star01"]["velocity"], again.data["star01"]["velocity"])


def test_a_round_orbit_is_a_cosine():
    days = np.linspace(-20.0, 20.0, 50)
    orbit = {"shape": -40.0, "period": 7.0, "phase": 0.25}
    turn = 2.0 * np.pi * (days / 7.0 + 0.25)
    assert velocities(days, orbit, 3.0, 4.0) == pytest.approx(3.0 * np.cos(turn) - 4.0 * np.sin(turn))


@pytest.mark.parametrize("shape", [-1.0, 0.0, 2.0])
def test_an_orbit_closes_and_its_velocity_averages_to_nothing(shape):
    days = np.arange(4000) / 4000 * 10.0
    orbit = {"shape": shape, "period": 10.0, "phase": 0.3}
    found = velocities(days, orbit, 5.0, 2.0)
    assert found.mean() == pytest.approx(0.0, abs=1e-9)
    assert velocities(days + 10.0, orbit, 5.0, 2.0) == pytest.approx(found)


def test_the_studys_own_classes_agree_with_the_simulator():
    study, truth = Study.load(CONFIG), json.loads((CONFIG / "truth.json").read_text())
    residuals = []
    for name in ("star01", "star05", "star09"):
        factor = study.namespace["factor"](study.dataset(name))
        orbit = {key: truth[f"{name}.orbit.{key}"] for key in ("shape", "period", "phase")}
        paths = factor.prior_model.parameter_names
        instance = factor.prior_model.instance_from_vector([truth[f"{name}.{path}"] for path in paths])
        analysis, parts = factor.analysis, instance.orbit.parts(factor.analysis.days)
        assert parts[1] == pytest.approx(velocities(analysis.days, orbit, 1.0, 0.0), abs=1e-9)
        assert parts[2] == pytest.approx(velocities(analysis.days, orbit, 0.0, 1.0), abs=1e-9)
        mean, log_likelihood = analysis.factors(instance.orbit)
        residuals.append((analysis.velocity - mean @ parts) / analysis.error)
        arrays = {path: np.full(2, truth[f"{name}.{path}"]) for path in paths}
        assert analysis.log_likelihood_batch(arrays) == pytest.approx(log_likelihood)
    assert np.sum(np.square(residuals)) == pytest.approx(27 - 9, abs=4 * np.sqrt(2 * 18))


def test_the_factors_are_integrated_out_exactly():
    """Against the density of the velocities themselves: noise plus the three parts times their prior variance."""
    study = Study.load(CONFIG)
    factor = study.namespace["factor"](study.dataset("star03"))
    analysis = factor.analysis
    orbit = factor.prior_model.instance_from_vector([-0.5, 12.0, 0.3]).orbit
    parts = orbit.parts(analysis.days)
    covariance = np.diag(analysis.error**2) + 400.0 * parts.T @ parts
    _, log_volume = np.linalg.slogdet(2.0 * np.pi * covariance)
    expected = -0.5 * (analysis.velocity @ np.linalg.solve(covariance, analysis.velocity) + log_volume)
    assert analysis.factors(orbit)[1] == pytest.approx(expected)
