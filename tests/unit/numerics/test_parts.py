"""Parts of a sample and what they tell of its average."""

import numpy as np
import pytest

from cavity.numerics.mixture import Mixture
from cavity.numerics.parts import averaging, part_of, variance_of_mean


def test_parts_are_consecutive_and_equal_to_within_one():
    assert part_of(8).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    sizes = np.bincount(part_of(403))
    assert sizes.sum() == 403 and np.ptp(sizes) == 1 and (np.diff(part_of(403)) >= 0).all()


def test_each_part_of_equal_weights_averages_to_the_whole():
    assert np.allclose(np.full(403, 1 / 403) @ averaging(403), 1.0)


def test_fewer_points_than_parts_are_exact():
    assert variance_of_mean(np.array([1.0]) @ averaging(1)) == 0.0


def test_the_variance_is_what_random_points_show():
    rng = np.random.default_rng(0)
    w = np.exp(0.5 * rng.normal(size=(4000, 400)))
    total = w.sum(1, keepdims=True)
    assert variance_of_mean(w / total @ averaging(400)).mean() == pytest.approx(np.log(total).var(), rel=0.05)


def test_one_part_with_all_the_weight_is_a_variance_of_one():
    assert variance_of_mean(np.array([4.0, 0.0, 0.0, 0.0])) == 1.0


def test_parts_of_a_mixture_are_scrambled_apart():
    mixture, rng = Mixture.of([1.0], [np.zeros(2)], [np.eye(2)]), np.random.default_rng(1)
    z = mixture.draws_in_parts(256, rng)
    again = np.random.default_rng(1)
    assert np.array_equal(z[:64], mixture.draws(64, again)) and np.array_equal(z[64:128], mixture.draws(64, again))
