import numpy as np
import pytest

from cavity.errors import SearchError
from cavity.search import DynestyStatic
from cavity.search.checkpoint import CallLog, checkpoint_key

from ...statistics.search.problems import correlated_gaussian

KEY = "ab" * 32


def written(folder, values, blocks=1):
    log = CallLog(folder, KEY, 2)
    for block in np.array_split(values, blocks):
        for value in block:
            log.add(np.array([value, -value]), float(value) ** 2)
        log.flush()
    return log


def replayed(folder, values, key=KEY):
    log = CallLog(folder, key, 2)
    return [log.recorded(np.array([value, -value])) for value in values]


def test_what_was_recorded_is_given_back_in_order(tmp_path):
    values = np.arange(1.0, 8.0)
    written(tmp_path, values, blocks=3)
    assert replayed(tmp_path, [*values, 9.0]) == [*(values**2), None]


def test_rows_are_given_back_as_far_as_they_go(tmp_path):
    written(tmp_path, np.arange(3.0))
    log = CallLog(tmp_path, KEY, 2)
    rows = np.array([[value, -value] for value in np.arange(5.0)])
    assert log.recorded_rows(rows) == [0.0, 1.0, 4.0]
    log.add_rows(rows[3:], np.array([9.0, 16.0]))
    log.flush()
    assert replayed(tmp_path, np.arange(5.0)) == [0.0, 1.0, 4.0, 9.0, 16.0]


def test_another_key_sees_nothing(tmp_path):
    written(tmp_path, np.arange(3.0))
    assert replayed(tmp_path, [0.0], key="cd" * 32) == [None]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_block_ends_the_record_before_it(tmp_path, damage):
    values = np.arange(6.0)
    written(tmp_path, values, blocks=3)
    path = tmp_path / KEY / "calls-000001"
    content = path.read_bytes()
    path.write_bytes({"cut": content[:-5], "flip": content[:40] + b"x" + content[41:], "empty": b""}[damage])
    assert replayed(tmp_path, values)[:3] == [0.0, 1.0, None]


def test_a_block_of_another_key_is_not_taken(tmp_path):
    written(tmp_path, np.arange(3.0))
    other = tmp_path / ("cd" * 32)
    other.mkdir()
    (other / "calls-000000").write_bytes((tmp_path / KEY / "calls-000000").read_bytes())
    assert replayed(tmp_path, [0.0], key="cd" * 32) == [None]


def test_a_block_that_does_not_follow_is_not_taken(tmp_path):
    written(tmp_path, np.arange(6.0), blocks=3)
    (tmp_path / KEY / "calls-000001").rename(tmp_path / KEY / "calls-000009")
    (tmp_path / KEY / "calls-000002").rename(tmp_path / KEY / "calls-000001")
    assert replayed(tmp_path, np.arange(3.0)) == [0.0, 1.0, None]


def test_other_parameters_than_recorded_end_the_replay_and_keep_what_agreed(tmp_path):
    written(tmp_path, np.arange(4.0))
    log = CallLog(tmp_path, KEY, 2)
    assert log.recorded(np.array([0.0, -0.0])) == 0.0
    assert log.recorded(np.array([7.0, 7.0])) is None
    assert log.recorded(np.array([2.0, -2.0])) is None
    log.add(np.array([7.0, 7.0]), 98.0)
    log.flush()
    again = CallLog(tmp_path, KEY, 2)
    assert [again.recorded(np.array(v)) for v in ([0.0, -0.0], [7.0, 7.0], [2.0, -2.0])] == [0.0, 98.0, None]


def test_discard_removes_the_folder(tmp_path):
    written(tmp_path, np.arange(3.0)).discard()
    assert not (tmp_path / KEY).exists()


def test_a_write_leaves_no_temporary_file(tmp_path):
    written(tmp_path, np.arange(3.0))
    assert [path.name for path in (tmp_path / KEY).iterdir()] == ["calls-000000"]


def test_the_key_changes_with_all_that_changes_the_run():
    problem = correlated_gaussian(2).problem
    key = checkpoint_key(problem, DynestyStatic(), np.random.default_rng(1), "raise")
    assert key == checkpoint_key(problem, DynestyStatic(name="elsewhere"), np.random.default_rng(1), "raise")
    others = [
        checkpoint_key(problem, DynestyStatic(nlive=51), np.random.default_rng(1), "raise"),
        checkpoint_key(problem, DynestyStatic(), np.random.default_rng(2), "raise"),
        checkpoint_key(problem, DynestyStatic(), np.random.default_rng(1), "reject"),
        checkpoint_key(correlated_gaussian(3).problem, DynestyStatic(), np.random.default_rng(1), "raise"),
    ]
    assert len({key, *others}) == 5


def test_a_problem_without_identity_gets_no_checkpoint():
    import dataclasses

    problem = dataclasses.replace(correlated_gaussian(2).problem, identity="")
    with pytest.raises(SearchError, match="identity"):
        checkpoint_key(problem, DynestyStatic(), np.random.default_rng(1), "raise")
