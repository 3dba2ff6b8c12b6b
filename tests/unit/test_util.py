"""The documents' readers."""

import numpy as np
import pytest

from cavity.errors import DatasetError
from cavity.util import numpy_array_from_json


def test_a_list_of_numbers(tmp_path):
    path = tmp_path / "data.json"
    path.write_text("[[1, 2.5], [3e-1, 4]]")
    assert np.array_equal(numpy_array_from_json(file_path=path), [[1.0, 2.5], [0.3, 4.0]])


@pytest.mark.parametrize("text", ['{"a": 1}', "[1, ", '["x"]', "[[1], [1, 2]]"])
def test_anything_else_is_refused_by_name(tmp_path, text):
    path = tmp_path / "data.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match="data.json: not a JSON list of numbers"):
        numpy_array_from_json(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match="nothing.json: no such file"):
        numpy_array_from_json(tmp_path / "nothing.json")
