"""Every kind of data file, alone and shared by several rows."""

import gzip
import json

import h5py
import numpy as np
import pytest

from cavity.errors import DatasetError
from cavity.study.formats import read_arrays

DATA, NOISE = np.arange(3.0), np.full(3, 0.5)


def write_npz(path):
    np.savez(path, data=DATA, noise_map=NOISE)


def write_h5(path):
    with h5py.File(path, "w") as file:
        file["data"], file["noise_map"] = DATA, NOISE


def write_csv(path):
    path.write_text("data,noise_map\n" + "".join(f"{a},{b}\n" for a, b in zip(DATA, NOISE)))


def write_tsv(path):
    path.write_text("data\tnoise_map\n" + "".join(f"{a}\t{b}\n" for a, b in zip(DATA, NOISE)))


def write_json(path):
    path.write_text(json.dumps({"data": DATA.tolist(), "noise_map": NOISE.tolist()}))


@pytest.mark.parametrize(
    ("suffix", "write"),
    [("npz", write_npz), ("h5", write_h5), ("csv", write_csv), ("tsv", write_tsv), ("json", write_json)],
)
def test_a_file_gives_its_arrays_by_key(tmp_path, suffix, write):
    path = tmp_path / f"x.{suffix}"
    write(path)
    found = read_arrays(path, "x")
    assert set(found) == {"data", "noise_map"}
    assert np.array_equal(found["data"], DATA) and np.array_equal(found["noise_map"], NOISE)


def test_null_in_json_is_nan_or_no_text(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"y": [1, null], "m": [true, null], "t": ["a", null], "z": null}', "utf-8-sig")
    found = read_arrays(path, "x")
    assert np.array_equal(found["y"], [1.0, np.nan], equal_nan=True)
    assert np.array_equal(found["m"], [1.0, np.nan], equal_nan=True)
    assert found["t"].tolist() == ["a", ""] and np.isnan(found["z"])


def test_a_list_of_objects_is_a_table_of_which_rows_may_lack_values(tmp_path):
    (tmp_path / "x.json").write_text('[{"y": 1, "n": "p"}, {"y": null, "n": "q"}, {"n": "r"}]')
    found = read_arrays(tmp_path / "x.json", "a")
    assert np.array_equal(found["y"], [1.0, np.nan, np.nan], equal_nan=True) and found["n"].tolist() == ["p", "q", "r"]


def test_a_packed_text_file_is_read_as_the_file_in_it(tmp_path):
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"y\n1\n2\n"))
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(b"[1.0, 2.0]"))
    assert read_arrays(tmp_path / "x.csv.gz", "a")["y"].tolist() == [1.0, 2.0]
    assert read_arrays(tmp_path / "x.json.gz", "a")["x"].tolist() == [1.0, 2.0]


def test_one_array_has_the_stem_as_key(tmp_path):
    np.save(tmp_path / "image.npy", DATA)
    (tmp_path / "data.json").write_text("[0.0, 1.0, 2.0]")
    assert np.array_equal(read_arrays(tmp_path / "image.npy", "x")["image"], DATA)
    (tmp_path / "v1.Data.JSON").write_text("[1.0]")
    assert list(read_arrays(tmp_path / "v1.Data.JSON", "x")) == ["v1.Data"]
    assert np.array_equal(read_arrays(tmp_path / "data.json", "x")["data"], DATA)


def test_a_column_dataset_says_which_lines_belong_to_a_row(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("dataset,y,label\na,1,p\nb,2,q\na,3,r\n")
    found = read_arrays(path, "a", 0, 2)
    assert found["y"].tolist() == [1.0, 3.0] and found["label"].tolist() == ["p", "r"] and "dataset" not in found


def test_ids_that_look_like_numbers_stay_text(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("dataset,y\n007,1\n7,2\n")
    assert read_arrays(path, "007", 0, 2)["y"].tolist() == [1.0]


def test_rows_of_one_file_get_their_slice_or_their_group(tmp_path):
    np.savez(tmp_path / "all.npz", data=np.arange(6.0).reshape(2, 3), size=np.array([4, 5]))
    found = read_arrays(tmp_path / "all.npz", "b", 1, 2)
    assert found["data"].tolist() == [3.0, 4.0, 5.0] and found["size"] == 5
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file["b/data"] = DATA
    assert np.array_equal(read_arrays(tmp_path / "all.h5", "b", 1, 2)["data"], DATA)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.txt", "1", "unknown kind of file"),
        ("x.json", "{", "cannot be read"),
        ("x.json", '{"y": 1, "y": 2}', "the key y is there twice"),
        ("x.json", '{"y": [1, "a"]}', r"y: a number \(1\) and a text \('a'\) in one list"),
        ("x.json", '{"y": [1, true]}', "y: a number .* and a truth value"),
        ("x.json", '{"f": {"y": [[1, 2], [3]]}}', "f.y: .* in one list|f.y: the lists in it have different lengths"),
        ("x.json", '[{"y": 1}, 2]', "x: an object .* and a number"),
        ("x.csv.gz", "y\n1\n", "cannot be read"),
        ("x.fits", "SIMPLE", "x.fits"),
        ("x.parquet", "PAR", "x.parquet"),
        ("x.npz", "no archive", "cannot be read"),
        ("x.h5", "no archive", "cannot be read"),
        ("x.csv", "dataset,y\nb,1\n", "no line of its column dataset has this id"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_dataset_and_file(tmp_path, name, content, sentence):
    (tmp_path / name).write_text(content)
    with pytest.raises(DatasetError, match=f"dataset a: .*{name}: .*{sentence}|dataset a: .*/{sentence}: ") as caught:
        read_arrays(tmp_path / name, "a")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the table is empty"),
        ("a,b\n1\n", "line 2: 1 fields where the header has 2"),
        ("a,b\n", "line 1: a header without rows"),
        ("a,a\n1,2\n", "line 1: the column a is there twice"),
        ("a\n1\n2\nx\n", "line 4, column a: 'x' is not a number"),
    ],
)
def test_a_text_table_that_cannot_be_read_names_the_line(tmp_path, content, sentence):
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(DatasetError, match=f"dataset a: .*x.csv.*{sentence}"):
        read_arrays(tmp_path / "x.csv", "a")


def test_a_shared_file_of_the_wrong_length_is_named(tmp_path):
    np.savez(tmp_path / "all.npz", data=DATA)
    with pytest.raises(DatasetError, match=r"2 rows of the table name this file, but data has the shape \(3,\)"):
        read_arrays(tmp_path / "all.npz", "a", 0, 2)


def test_pickled_arrays_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_arrays(tmp_path / "x.npy", "a")
