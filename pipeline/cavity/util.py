"""Small readers that the documents' examples use."""

import json
from pathlib import Path

import numpy as np

from cavity.errors import DatasetError


def numpy_array_from_json(file_path):
    """A JSON list of numbers, nested to any depth, as an array of floats.

    Raises
    ------
    DatasetError
        If the file does not exist or holds anything else.
    """
    path = Path(file_path)
    if not path.is_file():
        raise DatasetError(f"{path}: no such file")
    try:
        return np.array(json.loads(path.read_text(encoding="utf-8")), float)
    except (ValueError, TypeError) as error:
        raise DatasetError(f"{path}: not a JSON list of numbers ({error})") from None
