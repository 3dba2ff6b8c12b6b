"""One function on many items: order, closures, refusals."""

import os
import sys

import pytest
from threadpoolctl import threadpool_info

from cavity.errors import SearchError
from cavity.grid.cores import map_cores

JAX = "cavity.search.jax_likelihood"


@pytest.fixture(autouse=True)
def without_jax(monkeypatch):
    """Whatever other tests of this process imported."""
    monkeypatch.delitem(sys.modules, JAX, raising=False)


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


def test_workers_have_one_thread_of_the_linear_algebra_library():
    def threads(_):
        return max((pool["num_threads"] for pool in threadpool_info()), default=1)

    assert map_cores(threads, range(2), 2) == [1, 1]


def test_what_jax_runs_in_is_not_forked(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, JAX, object())
    assert map_cores(lambda item: os.getpid(), range(3), 2) == [os.getpid()] * 3
    assert "one core is used" in caplog.text
