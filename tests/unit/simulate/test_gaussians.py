"""Simulated profiles: the same for a seed, and what their truth says."""

import numpy as np
import pytest

from cavity.simulate import SIMULATORS
from cavity.simulate.gaussians import PIXELS, GaussianHierarchical, GaussianShared, gaussian_profile


@pytest.mark.parametrize("simulator", [GaussianHierarchical(datasets=3), GaussianShared(datasets=3)])
def test_a_seed_makes_one_simulation(simulator):
    first, again, other = simulator.simulate(1), simulator.simulate(1), simulator.simulate(2)
    assert first.truth == again.truth != other.truth
    assert all(np.array_equal(first.data[name]["data"], again.data[name]["data"]) for name in first.data)


def test_the_noise_around_the_truth_is_as_stated():
    simulation = GaussianHierarchical(datasets=200, noise=0.05).simulate(4)
    residuals = []
    for name, columns in simulation.data.items():
        values = [simulation.truth[f"{name}.gaussian.{key}"] for key in ("centre", "normalization", "sigma")]
        residuals.append(columns["data"] - gaussian_profile(PIXELS, *values))
    assert np.std(residuals) == pytest.approx(0.05, rel=0.02)
    assert abs(np.mean(residuals)) < 0.05 * 4 / np.sqrt(np.size(residuals))


def test_centres_scatter_as_the_population():
    simulation = GaussianHierarchical(datasets=2000, mean=40.0, sigma=5.0).simulate(4)
    centres = [value for name, value in simulation.truth.items() if name.endswith(".centre")]
    assert np.mean(centres) == pytest.approx(40.0, abs=4 * 5.0 / np.sqrt(2000))
    assert np.std(centres) == pytest.approx(5.0, rel=0.07)


def test_a_shared_centre_has_one_name():
    truth = GaussianShared(datasets=2, centre=60.0).simulate(1).truth
    assert truth["centre"] == 60.0 and not any(name.endswith(".gaussian.centre") for name in truth)


def test_a_profile_integrates_to_its_normalization():
    assert gaussian_profile(PIXELS, 50.0, 3.0, 5.0).sum() == pytest.approx(3.0, rel=1e-6)


def test_every_simulator_has_a_name():
    assert {"gaussian_hierarchical", "gaussian_shared"} <= set(SIMULATORS)
