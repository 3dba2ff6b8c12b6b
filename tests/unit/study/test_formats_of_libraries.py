"""FITS, ECSV and parquet, which other libraries read; without them one sentence says what to install."""

import sys

import numpy as np
import pandas
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from cavity.errors import DatasetError
from cavity.study.formats import read_arrays


def stars():
    """Three rows with a masked number and a masked text."""
    return Table(
        {
            "flux": MaskedColumn([1.5, 2.5, 3.5], mask=[False, True, False]),
            "count": MaskedColumn([1, 2, 3], mask=[True, False, False]),
            "name": ["p", "q", "r"],
            "good": [True, False, True],
        }
    )


def check_stars(found):
    assert np.array_equal(found["flux"], [1.5, np.nan, 3.5], equal_nan=True)
    assert np.array_equal(found["count"], [np.nan, 2.0, 3.0], equal_nan=True)
    assert found["name"].tolist() == ["p", "q", "r"] and found["good"].tolist() == [True, False, True]
    assert all(array.dtype.isnative for array in found.values())


@pytest.mark.parametrize("name", ["x.fits", "x.fits.gz", "x.ecsv"])
def test_a_table_gives_its_columns_and_a_masked_value_is_nan(tmp_path, name):
    stars().write(tmp_path / name)
    check_stars(read_arrays(tmp_path / name, "a"))


def test_a_parquet_file_gives_its_columns_and_a_missing_value_is_nan(tmp_path):
    frame = pandas.DataFrame({"flux": [1.5, None, 3.5], "name": ["p", "q", "r"], "good": [True, False, True]})
    frame["count"] = pandas.array([None, 2, 3], dtype="Int64")
    frame.to_parquet(tmp_path / "x.parquet")
    check_stars(read_arrays(tmp_path / "x.parquet", "a"))


def test_an_image_has_the_stem_as_key_and_this_machines_numbers(tmp_path):
    image = np.arange(6.0).reshape(2, 3)
    fits.PrimaryHDU(image).writeto(tmp_path / "sky.fits")
    found = read_arrays(tmp_path / "sky.fits", "a")
    assert np.array_equal(found["sky"], image) and found["sky"].dtype.isnative


def test_extensions_are_found_by_their_names_and_serve_many_rows(tmp_path):
    parts = [fits.ImageHDU(np.full(2, k), name=name) for k, name in enumerate(("DATA", "NOISE"))]
    fits.HDUList([fits.PrimaryHDU(), *parts]).writeto(tmp_path / "x.fits")
    assert read_arrays(tmp_path / "x.fits", "a")["NOISE"].tolist() == [1, 1]
    table = Table({"dataset": ["a", "b", "a"], "y": [1.0, 2.0, 3.0]})
    table.write(tmp_path / "all.fits")
    assert read_arrays(tmp_path / "all.fits", "a", 0, 2)["y"].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(("name", "library"), [("x.fits", "astropy"), ("x.ecsv", "astropy"), ("x.parquet", "pyarrow")])
def test_a_library_that_is_not_there_is_named(tmp_path, monkeypatch, name, library):
    (tmp_path / name).touch()
    for module in list(sys.modules):
        if module.partition(".")[0] == library:
            monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DatasetError, match=rf"dataset a: .*{name}: .* needs {library}: pip install 'cavity\[files\]'"):
        read_arrays(tmp_path / name, "a")


@pytest.mark.parametrize("name", ["x.fits", "x.ecsv", "x.parquet"])
def test_a_damaged_file_is_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"SIMPLE = nothing\nof it\n")
    with pytest.raises(DatasetError, match=f"dataset a: .*{name}: cannot be read") as caught:
        read_arrays(tmp_path / name, "a")
    assert "\n" not in str(caught.value)
