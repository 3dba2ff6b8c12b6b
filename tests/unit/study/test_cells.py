"""Cells in shards, and the keeping of what is finished."""

import pytest

from cavity.study.cells import cell_keys, cell_shards

DATASETS = tuple(f"d{k}" for k in range(10))


def test_a_cell_that_stays_keeps_its_key():
    before = cell_keys({"x": [0, 20, 40], "y": 2})
    after = cell_keys({"x": [0, 10, 20, 40], "y": 2})
    assert before["1-0"] == after["2-0"] and before["0-0"] not in after.values()
    assert list(before) == ["0-0", "0-1", "1-0", "1-1"] and len(set(before.values())) == 4
    values = cell_keys({"x": {"values": [1.0, 2.0]}})
    assert values["1"] == cell_keys({"x": {"values": [2.0]}})["0"]


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
