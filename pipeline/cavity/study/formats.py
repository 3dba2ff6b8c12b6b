"""Reading a data file as a dict of arrays: npz, npy, HDF5, csv, tsv, json."""

import csv
import json
from pathlib import Path

import numpy as np

from cavity.errors import DatasetError


def read_arrays(path, dataset, position=0, rows=1):
    """Key -> array of one dataset.

    Parameters
    ----------
    path
        The file.
    dataset
        The id of the row.
    position, rows
        Which of the ``rows`` rows that name this file it is.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(f"dataset {dataset}: {path}: unknown kind of file; one of {', '.join(_READERS)} is needed")
    try:
        content = reader(path)
    except FileNotFoundError:
        raise DatasetError(f"dataset {dataset}: {path}: no such file; correct the column path of the table") from None
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DatasetError(f"dataset {dataset}: {path}: cannot be read ({error})") from None
    return _row(content, path, dataset, position, rows)


def _row(content, path, dataset, position, rows):
    """What belongs to one dataset in a file that may hold many."""
    if isinstance(content.get(dataset), dict):
        return content[dataset]
    if "dataset" in content:
        mine = np.asarray(content["dataset"]).astype(str) == dataset
        if not mine.any():
            raise DatasetError(f"dataset {dataset}: {path}: no line of its column dataset has this id")
        return {key: value[mine] for key, value in content.items() if key != "dataset"}
    if rows == 1:
        return content
    for key, value in content.items():
        if np.ndim(value) == 0 or len(value) != rows:
            raise DatasetError(
                f"dataset {dataset}: {path}: {rows} rows of the table name this file, but {key} has the shape "
                f"{np.shape(value)}; give it {rows} rows or a column dataset"
            )
    return {key: value[position] for key, value in content.items()}


def _table(path, delimiter):
    """Columns of a text table with a header line; numbers where a whole column is numbers."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file, delimiter=delimiter) if line]
    if not lines:
        raise ValueError("it is empty")
    header, body = [name.strip() for name in lines[0]], lines[1:]
    for number, line in enumerate(body, start=2):
        if len(line) != len(header):
            raise ValueError(f"line {number} has {len(line)} fields, the header {len(header)}")
    columns = zip(*body, strict=True) if body else [()] * len(header)
    return {
        name: np.array([cell.strip() for cell in column]) if name == "dataset" else _numbers(column)
        for name, column in zip(header, columns, strict=True)
    }


def _numbers(column):
    """Floats, or text where one of the cells is not a number."""
    try:
        return np.array([float(cell) for cell in column])
    except ValueError:
        return np.array([cell.strip() for cell in column])


def _json(path):
    """A json object's entries, or one array under the file's stem."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return _value(content if isinstance(content, dict) else {path.stem: content})


def _value(entry):
    """Lists become arrays, objects stay dicts, numbers and text stay what they are."""
    if isinstance(entry, dict):
        return {key: _value(inner) for key, inner in entry.items()}
    return np.asarray(entry) if isinstance(entry, list) else entry


def _npz(path):
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def _hdf5(path):
    import h5py

    def tree(group):
        return {key: tree(item) if isinstance(item, h5py.Group) else _native(item[()]) for key, item in group.items()}

    with h5py.File(path, "r") as file:
        return tree(file)


def _native(value):
    """HDF5 text as str; every other value as it is."""
    if isinstance(value, bytes):
        return value.decode()
    if getattr(value, "dtype", None) == np.dtype(object):
        return np.array([item.decode() if isinstance(item, bytes) else item for item in value])
    return value


_READERS = {
    ".npz": _npz,
    ".npy": lambda path: {path.stem: np.load(path, allow_pickle=False)},
    ".h5": _hdf5,
    ".hdf5": _hdf5,
    ".csv": lambda path: _table(path, ","),
    ".tsv": lambda path: _table(path, "\t"),
    ".json": _json,
}
