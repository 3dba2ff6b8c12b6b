"""Particles split into modes: as many as there are, and no more."""

import numpy as np
import pytest

from cavity.propagate.clusters import split_modes


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("modes", [1, 2, 3])
def test_the_number_of_modes(d, modes):
    rng = np.random.default_rng(d)
    label = np.arange(600) % modes
    theta = rng.normal(size=(600, d)) + 9.0 * label[:, None]
    found = split_modes(theta, np.zeros(600))
    assert len(np.unique(found)) == modes
    assert all(len(np.unique(found[label == k])) == 1 for k in range(modes))


def test_weights_decide_what_a_mode_is():
    theta = np.concatenate([np.random.default_rng(0).normal(size=(300, 1)), np.full((10, 1), 50.0)])
    log_w = np.concatenate([np.zeros(300), np.full(10, -60.0)])
    assert split_modes(theta, log_w)[:300].max() == 0


def test_equal_particles_are_one_mode():
    assert split_modes(np.zeros((5, 2)), np.zeros(5)).tolist() == [0] * 5
