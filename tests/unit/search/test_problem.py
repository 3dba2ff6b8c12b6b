import dataclasses

import numpy as np
import pytest

from ...statistics.search.problems import correlated_gaussian


def test_vectors_are_the_same_one_by_one_and_at_once():
    problem = correlated_gaussian(3).problem
    unit = np.random.default_rng(0).random((6, 3))
    one_by_one = dataclasses.replace(problem, prior_transform_batch=None)
    assert problem.vectors(unit) == pytest.approx(one_by_one.vectors(unit))
    assert one_by_one.vectors(unit[:0]).shape == (0, 3)


def test_ndim_is_the_number_of_names():
    assert correlated_gaussian(4).problem.ndim == 4
