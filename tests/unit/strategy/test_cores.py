"""One function on many items: order, closures, refusals."""

import os

import pytest

from cavity.errors import SearchError
from cavity.strategy.cores import map_cores


@pytest.mark.parametrize("cores", [1, 2])
def test_values_come_in_the_order_of_the_items(cores):
    offset = 10
    assert map_cores(lambda x: x + offset, range(6), cores) == [10, 11, 12, 13, 14, 15]


def test_more_than_one_core_works_in_other_processes():
    assert os.getpid() not in map_cores(lambda _: os.getpid(), range(4), 2)
    assert set(map_cores(lambda _: os.getpid(), range(4), 1)) == {os.getpid()}


@pytest.mark.parametrize("cores", [0, -1, 1.5, True, "2"])
def test_a_wrong_number_of_cores_is_one_sentence(cores):
    with pytest.raises(SearchError, match="number_of_cores must be a whole number of at least 1"):
        map_cores(abs, [1, 2], cores)
