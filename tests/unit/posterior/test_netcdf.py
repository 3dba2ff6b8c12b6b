"""Arrays with named dimensions in a file."""

import h5py
import numpy as np
import pytest

from cavity.errors import DamagedError, ResultError
from cavity.posterior.netcdf import Variable, read_groups, write_groups

GROUPS = {
    "posterior": {
        "dataset": Variable(("dataset",), ["a", "bé"]),
        "x": Variable(("draw", "dataset"), np.arange(6.0).reshape(3, 2), {"units": "m"}),
    },
    "notes": {"text": Variable((), "bé"), "number": Variable((), 0.1), "many": Variable(("row",), np.arange(3))},
}


def test_groups_come_back(tmp_path):
    checksum = write_groups(tmp_path / "g.h5", GROUPS)
    groups, stored = read_groups(tmp_path / "g.h5")
    assert stored == checksum
    assert groups["posterior"]["dataset"] == ["a", "bé"] and set(groups["posterior"]) == {"dataset", "x"}
    np.testing.assert_array_equal(groups["posterior"]["x"], GROUPS["posterior"]["x"].array)
    assert groups["notes"]["text"] == "bé" and groups["notes"]["number"] == 0.1
    only, _ = read_groups(tmp_path / "g.h5", only=("notes",))
    assert set(only) == {"notes"}


def test_a_changed_index_of_a_counted_dimension_is_noticed(tmp_path):
    write_groups(tmp_path / "g.h5", GROUPS)
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        file["posterior/draw"][1] = 7
    with pytest.raises(DamagedError, match="g.h5: not a readable result .*/posterior/draw does not count from 0"):
        read_groups(tmp_path / "g.h5")


def test_xarray_sees_dimensions_coordinates_and_units(tmp_path):
    xarray = pytest.importorskip("xarray")
    write_groups(tmp_path / "g.h5", GROUPS)
    with xarray.open_dataset(tmp_path / "g.h5", group="posterior", engine="h5netcdf") as found:
        assert found["x"].dims == ("draw", "dataset") and found["x"].attrs["units"] == "m"
        assert list(found["dataset"].values) == ["a", "bé"]
        assert float(found["x"].sel(dataset="bé")[2]) == 5.0


def test_shapes_must_agree_with_dimensions(tmp_path):
    with pytest.raises(ResultError, match="for dimensions"):
        write_groups(tmp_path / "g.h5", {"g": {"x": Variable(("a",), np.ones((2, 2)))}})
    with pytest.raises(ResultError, match="3 along a, others have 2"):
        write_groups(tmp_path / "g.h5", {"g": {"x": Variable(("a",), np.ones(2)), "y": Variable(("a",), np.ones(3))}})
    assert not list(tmp_path.iterdir())


def test_a_changed_number_is_noticed(tmp_path):
    write_groups(tmp_path / "g.h5", GROUPS)
    with h5py.File(tmp_path / "g.h5", "a") as file:
        file["posterior/x"][0, 0] = 1e-300
    with pytest.raises(ResultError, match="g.h5: the content does not match"):
        read_groups(tmp_path / "g.h5")


def test_a_file_of_something_else_is_a_sentence(tmp_path):
    (tmp_path / "g.h5").write_text("text")
    with pytest.raises(ResultError, match="g.h5: not a readable result"):
        read_groups(tmp_path / "g.h5")
