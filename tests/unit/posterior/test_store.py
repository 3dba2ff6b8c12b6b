"""HDF5 trees: round trips to the last bit, equal bytes, damage that is noticed."""

import errno
import fcntl
import json
import os

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cavity.errors import AccessError, DamagedError, ResultError
from cavity.posterior.samples import Samples
from cavity.posterior.store import (
    atomic_path,
    check_sealed_text,
    load_attributes,
    load_json,
    load_tree,
    new_file,
    samples_from_tree,
    samples_tree,
    save_tree,
    tree_checksum,
    write_json,
    write_sealed_text,
)

TREE = {
    "arrays": {
        "float": np.array([1.0, np.nan, -0.0, np.inf, 5e-324]),
        "single": np.float32([0.1]),
        "integer": np.arange(6).reshape(2, 3),
        "boolean": np.array([True, False]),
        "complex": np.array([1j]),
        "texts": np.array(["a", "bé"], dtype="U5"),
        "empty": np.empty((0, 3)),
        "none": np.empty(0, dtype="U1"),
        "scalar": np.array(2.0),
    },
    "plain": {"i": 3, "f": 0.1, "b": True, "n": None, "s": "bé", "empty": "", "long": "x" * 100_000, "inf": -np.inf},
    "lists": {"texts": ["b", "a"], "numbers": [1, 2.5, None, [True]], "empty": []},
    "nothing": {},
    "a.b": {f"key {j}": j for j in range(30)},
}


def same(a, b):
    if isinstance(a, dict):
        return list(a) == list(b) or set(a) == set(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and (a.tobytes() == b.tobytes())
    return type(a) is type(b) and a == b


def test_a_tree_comes_back_to_the_last_bit(tmp_path):
    save_tree(tmp_path / "deep" / "tree.h5", TREE, attributes={"kind": "test", "round": 3})
    loaded = load_tree(tmp_path / "deep" / "tree.h5")
    assert set(loaded) == set(TREE)
    for part, expected in TREE.items():
        assert set(loaded[part]) == set(expected)
        for key, value in expected.items():
            assert same(value, loaded[part][key]), f"{part}/{key}"
    assert load_attributes(tmp_path / "deep" / "tree.h5") == {"kind": "test", "round": 3}


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    hnp.arrays(st.sampled_from(["f8", "f4", "i8", "u1", "?"]), hnp.array_shapes(min_side=0, max_side=3)),
)
KEYS = st.text("abc .é", min_size=1, max_size=4).filter(lambda key: key != ".")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=st.dictionaries(KEYS, st.one_of(LEAVES, st.dictionaries(KEYS, LEAVES, max_size=12)), max_size=12))
def test_any_tree_comes_back(tmp_path, tree):
    save_tree(tmp_path / "tree.h5", tree)
    assert tree_checksum(load_tree(tmp_path / "tree.h5")) == tree_checksum(tree)


def test_equal_content_gives_equal_bytes(tmp_path):
    save_tree(tmp_path / "a.h5", TREE)
    save_tree(tmp_path / "b.h5", TREE)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_the_checksum_sees_every_kind_of_change():
    def changed(part, key, value):
        return {**TREE, part: {**TREE[part], key: value}}

    assert tree_checksum(dict(reversed(TREE.items()))) == tree_checksum(TREE)
    others = [
        changed("arrays", "float", np.array([1.0, np.nan, 0.0, np.inf, 5e-324])),
        changed("arrays", "single", np.float64([0.1])),
        changed("arrays", "integer", np.arange(6).reshape(3, 2)),
        changed("plain", "i", 3.0),
        changed("plain", "b", 1),
        changed("plain", "n", "None"),
        changed("lists", "texts", ["a", "b"]),
        changed("nothing", "key", None),
    ]
    assert len({tree_checksum(tree) for tree in [TREE, *others]}) == 1 + len(others)


def test_a_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "tree.h5"
    save_tree(path, {"x": np.arange(100.0)})
    data = bytearray(path.read_bytes())
    position = data.index(np.arange(100.0).tobytes())
    data[position + 12] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ResultError, match="tree.h5: the content does not match"):
        load_tree(path)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.7])
def test_a_cut_file_is_a_sentence_with_its_name(tmp_path, fraction):
    path = tmp_path / "tree.h5"
    save_tree(path, {"x": np.arange(1000.0), "y": "text"})
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(ResultError, match="tree.h5"):
        load_tree(path)


def test_a_missing_or_foreign_file_is_a_sentence(tmp_path):
    with pytest.raises(ResultError, match="no such result"):
        load_tree(tmp_path / "none.h5")
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ResultError, match="foreign.h5"):
        load_tree(tmp_path / "foreign.h5")


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "tree.h5"
    save_tree(path, {"x": 1})
    with pytest.raises(ResultError, match="object cannot be stored"):
        save_tree(path, {"x": np.arange(3), "y": object()})
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert load_tree(path) == {"x": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["tree.h5"]


REFUSED = [{"a/b": 1}, {".": 1}, {"": 1}, {1: 1}, {"cavity:sha256": 1}, {"x": {"y": {1, 2}}}, {"x": 2**70}]


@pytest.mark.parametrize("tree", REFUSED)
def test_what_cannot_be_stored_is_refused(tmp_path, tree):
    with pytest.raises(ResultError):
        save_tree(tmp_path / "tree.h5", tree)


def test_samples_come_back_equal(tmp_path):
    rng = np.random.default_rng(5)
    samples = Samples(
        names=("a.b", "c"),
        values=rng.normal(size=(50, 2)),
        log_weights=rng.normal(size=50),
        log_likelihoods=rng.normal(size=50),
        unit=rng.random((50, 2)),
        log_evidence=-1.1,
        pareto_k=0.3,
        calls=12,
        rejected=1,
        labels=(r"\alpha", "c"),
        units=("m", ""),
        info={"autocorrelation": [1.5, float("nan")], "nested": {"x": 0.1}},
    )
    save_tree(tmp_path / "s.h5", samples_tree(samples))
    assert samples_from_tree(load_tree(tmp_path / "s.h5")) == samples


def test_json_has_no_nan(tmp_path):
    write_json(tmp_path / "s.json", {"a": np.float64("nan"), "b": [np.inf, 0.1], "c": np.arange(2)})
    written = {"a": None, "b": ["inf", 0.1], "c": [0, 1]}
    assert load_json(tmp_path / "s.json") == written
    assert json.loads((tmp_path / "s.json").read_text()).items() > written.items()


def test_files_are_written_and_read_where_locks_fail(tmp_path):
    """A lock that another holds refuses one, as a file system without locks does."""
    path = tmp_path / "x.h5"
    path.touch()
    with open(path, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="lock"):
            h5py.File(path, "w", locking=True)
        with new_file(path) as file:
            file.attrs["a"] = 1
    save_tree(path, {"a": 1})
    with open(path, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="lock"):
            h5py.File(path, "r", locking=True)
        assert load_tree(path) == {"a": 1}


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"a": 1', None])
def test_a_damaged_json_file_is_named(tmp_path, damage):
    path = tmp_path / "s.json"
    write_json(path, {"a": 0.1, "b": True})
    path.write_text(path.read_text().replace("0.1", "0.2") if damage is None else damage)
    with pytest.raises(DamagedError, match="s.json: .*; delete it and run again") as caught:
        load_json(path)
    assert caught.value.path == path


def test_a_sealed_text_tells_whether_it_is_what_was_written(tmp_path):
    path = tmp_path / "check.txt"
    write_sealed_text(path, "sha256 of a model\nthe cost\n")
    check_sealed_text(path)
    assert path.read_text().startswith("sha256 of a model\nthe cost\n")
    for damaged in ("", path.read_text().replace("cost", "cast"), path.read_text()[:-9], "the cost\n"):
        path.write_text(damaged)
        with pytest.raises(DamagedError, match="check.txt"):
            check_sealed_text(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EIO])
def test_what_the_machine_refuses_is_a_sentence_and_leaves_no_file(tmp_path, monkeypatch, code):
    def refuse(*paths):
        raise OSError(code, os.strerror(code), str(paths[0]))

    path = tmp_path / "tree.h5"
    save_tree(path, {"x": 1})
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(AccessError, match=f"tree.h5: {os.strerror(code)}; .*, then give the same command again$"):
        save_tree(path, {"x": 2})
    monkeypatch.undo()
    assert load_tree(path) == {"x": 1} and [file.name for file in tmp_path.iterdir()] == ["tree.h5"]


def test_a_full_disk_that_hdf5_finds_when_it_closes_a_file_is_a_sentence(tmp_path):
    said = (
        "Can't decrement id ref count (file write failed: errno = 28, error message = 'No space left on device', b = 0)"
    )
    with pytest.raises(AccessError, match="x.h5: No space left on device; make space"), atomic_path(tmp_path / "x.h5"):
        raise RuntimeError(said)


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    save_tree(tmp_path / "tree.h5", {"x": 1})
    monkeypatch.setattr("cavity.posterior.store.h5py.File", refuse)
    with pytest.raises(AccessError, match="tree.h5: No locks available"):
        load_tree(tmp_path / "tree.h5")
