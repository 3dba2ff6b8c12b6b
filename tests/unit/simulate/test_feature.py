"""Profiles with and without a feature."""

import numpy as np
import pytest

from cavity.simulate.feature import FeatureGrid
from cavity.simulate.gaussians import PIXELS, gaussian_profile


def test_a_seed_makes_one_simulation():
    first, again, other = (FeatureGrid().simulate(seed) for seed in (1, 1, 2))
    assert np.array_equal(first.data["faint"]["data"], again.data["faint"]["data"])
    assert not np.array_equal(first.data["faint"]["data"], other.data["faint"]["data"])


def test_only_the_faint_profile_has_the_feature():
    simulation = FeatureGrid(noise=1e-6, centre=40.0).simulate(1)
    extra = simulation.data["faint"]["data"] - simulation.data["plain"]["data"]
    assert extra == pytest.approx(gaussian_profile(PIXELS, 40.0, 0.6, 1.5), abs=1e-5)
    assert simulation.truth["faint.feature.centre"] == 40.0
    assert not any(name.startswith("plain.feature") for name in simulation.truth)
