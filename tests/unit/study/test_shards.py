"""Buckets of datasets."""

import pytest

from cavity.study.shards import MOST, shards_of


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
