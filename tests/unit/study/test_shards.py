"""Buckets of datasets."""

import pytest

from cavity.grid.cells import cell_keys
from cavity.study.shards import MOST, cell_shards, shards_of


def names(count):
    return [f"d{index:05d}" for index in range(count)]


def test_few_datasets_have_a_job_each():
    assert shards_of(["b", "a"]) == {"b": ("b",), "a": ("a",)}
    assert shards_of(names(20), 1).keys() == set(names(20))


@pytest.mark.parametrize("count", [9, 20, 1000, 20000])
def test_every_dataset_is_in_one_shard(count):
    shards = shards_of(names(count))
    assert sorted(name for shard in shards.values() for name in shard) == names(count)
    assert len(shards) <= MOST


def test_a_dataset_added_leaves_the_others_where_they_are():
    before, after = shards_of(names(33), 5), shards_of([*names(33), "new"], 5)
    assert before.keys() == after.keys()
    assert {name: tuple(d for d in shard if d != "new") for name, shard in after.items()} == before


def test_the_order_of_the_table_is_kept_inside_a_shard():
    for shard in shards_of(names(100), 20).values():
        assert list(shard) == sorted(shard)


# --- cells of a grid --------------------------------------------------------------------------------------------------

DATASETS = tuple(f"d{k}" for k in range(10))


@pytest.mark.parametrize("cells_per_job", [1, 7, "auto"])
@pytest.mark.parametrize("fits", [("all",), DATASETS, tuple(f"d{k}" for k in range(200))])
def test_every_cell_of_every_fit_is_in_one_shard(fits, cells_per_job):
    parameters = {"x": 5, "y": [0, 1, 2]}
    shards = cell_shards(fits, parameters, cells_per_job)
    tasks = [task for shard in shards.values() for task in shard]
    assert sorted(tasks) == sorted((fit, cell) for fit in fits for cell in cell_keys(parameters))


def test_few_cells_have_a_job_each_and_many_share_about_thirty():
    assert len(cell_shards(("all",), {"x": 5})) == 5
    shards = cell_shards(DATASETS, {"x": 8, "y": 5})
    assert 20 <= len(shards) <= 40 and max(map(len, shards.values())) <= 60


def test_a_shard_holds_cells_of_one_bucket_of_datasets():
    groups = {}
    for name, tasks in cell_shards(DATASETS, {"x": 40}).items():
        groups.setdefault(frozenset(fit for fit, _ in tasks), []).append(name)
    assert sum(map(len, groups)) == len(DATASETS), "no dataset is in two buckets"


def test_a_refined_axis_leaves_the_other_cells_in_their_shards():
    before = cell_shards(("d1", "d2"), {"x": [0, 20, 40]})
    after = cell_shards(("d1", "d2"), {"x": [0, 10, 20, 40]})
    assert len(set(before) & set(after)) == 2 and len(after) == 6
