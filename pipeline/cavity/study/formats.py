"""Reading a data file as a dict of arrays: npz, npy, HDF5, csv, tsv, json; with other libraries FITS, ECSV, parquet."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cavity.errors import DatasetError
from cavity.study.cell_values import array_of
from cavity.study.text_table import read_text, read_text_table


@dataclass(frozen=True)
class Content:
    """What one dataset has in a file.

    Attributes
    ----------
    arrays
        Key -> array, number, text or dict of them.
    lines
        (n,) the line that each row of a text table stands in; None for other files.
    """

    arrays: dict
    lines: np.ndarray | None = None


def read_arrays(path, dataset, position=0, rows=1):
    """Key -> array of one dataset, see :func:`read_content`."""
    return read_content(path, dataset, position, rows).arrays


def read_content(path, dataset, position=0, rows=1):
    """The :class:`Content` of one dataset.

    Parameters
    ----------
    path
        The file; of a text or json file also one packed as ``.gz``.
    dataset
        The id of the row.
    position, rows
        Which of the ``rows`` rows that name this file it is.

    Raises
    ------
    DatasetError
        If it cannot be read, or has nothing for this dataset: the dataset, the file, and the line where it has one.
    """
    path = Path(path)
    reader = _READERS.get(_kind(path))
    if reader is None:
        raise DatasetError(f"dataset {dataset}: {path}: unknown kind of file; one of {', '.join(_READERS)} is needed")
    try:
        content = reader(path)
    except DatasetError as error:
        raise DatasetError(f"dataset {dataset}: {error}") from None
    except FileNotFoundError:
        raise DatasetError(f"dataset {dataset}: {path}: no such file; correct the column path of the table") from None
    except Exception as error:  # a damaged file may raise anything in the library that reads it
        raise DatasetError(f"dataset {dataset}: {path}: cannot be read ({_one_line(error)})") from None
    return _row(content, path, dataset, position, rows)


def _kind(path):
    """The ending that says what a file is, without ``.gz``."""
    ends = [end.lower() for end in path.suffixes[-2:]]
    return ends[0] if len(ends) == 2 and ends[1] == ".gz" and ends[0] in _PACKED else path.suffix.lower()


def _stem(path):
    """The name of a file without the ending that says what it is, and without ``.gz``."""
    return path.name[: path.name.lower().rindex(_kind(path))]


def _one_line(error):
    return " ".join(str(error).split()) or type(error).__name__


def _row(content, path, dataset, position, rows):
    """What belongs to one dataset in a file that may hold many."""
    arrays = content.arrays
    if isinstance(arrays.get(dataset), dict):
        return Content(arrays[dataset])
    if "dataset" in arrays:
        mine = np.atleast_1d(arrays["dataset"]).astype(str) == dataset
        if not mine.any():
            raise DatasetError(f"dataset {dataset}: {path}: no line of its column dataset has this id")
        for key, value in arrays.items():
            if np.ndim(value) == 0 or len(value) != len(mine):
                raise DatasetError(
                    f"dataset {dataset}: {path}: {key} has the shape {np.shape(value)}, the column dataset "
                    f"{len(mine)} rows; give both as many"
                )
        own = {key: value[mine] for key, value in arrays.items() if key != "dataset"}
        return Content(own, None if content.lines is None else content.lines[mine])
    if rows == 1:
        return content
    for key, value in arrays.items():
        if np.ndim(value) == 0 or len(value) != rows:
            raise DatasetError(
                f"dataset {dataset}: {path}: {rows} rows of the table name this file, but {key} has the shape "
                f"{np.shape(value)}; give it {rows} rows or a column dataset"
            )
    own = {key: value[position] for key, value in arrays.items()}
    return Content(own, None if content.lines is None else content.lines[[position]])


def _table(path):
    """Columns of a text table with a header line; the column dataset is text."""
    table = read_text_table(path)
    if not table.lines:
        raise DatasetError(f"{path}, line {table.header}: a header without rows; give it a line for each value")
    columns = {
        name: np.array(cells) if name == "dataset" else array_of(table, name) for name, cells in table.columns.items()
    }
    return Content(columns, np.array(table.lines))


def _json(path):
    """A json object's entries, the columns of a list of objects, or one array under the file's stem."""
    content = json.loads(read_text(path), object_pairs_hook=_unique)
    if isinstance(content, list) and content and all(isinstance(row, dict) for row in content):
        keys = dict.fromkeys(key for row in content for key in row)
        content = {key: [row.get(key) for row in content] for key in keys}
    return Content(_value(content if isinstance(content, dict) else {_stem(path): content}))


def _unique(pairs):
    """A json object, with a key that is there twice as an error."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)} is there twice")
    return found


def _value(entry, key=""):
    """Lists become arrays, objects stay dicts, numbers and text stay what they are; null is nan, or no text."""
    if isinstance(entry, dict):
        return {name: _value(inner, f"{key}.{name}" if key else name) for name, inner in entry.items()}
    if isinstance(entry, list):
        return _array(entry, key)
    return np.nan if entry is None else entry


def _array(entry, key):
    """The array of a list, of one kind of values; null is nan among numbers and truth values, '' among texts."""
    try:
        cells = np.array(entry, dtype=object)
    except ValueError:
        raise ValueError(f"{key}: the lists in it have different lengths") from None
    kinds = {_kind_of(cell): cell for cell in cells.ravel()}
    missing = kinds.pop("null", ...) is None
    if len(kinds) > 1 or not kinds.keys() <= {"a number", "a truth value", "a text"}:
        listed = " and ".join(f"{kind} ({cell!r})" for kind, cell in kinds.items())
        raise ValueError(f"{key}: {listed} in one list; give numbers only, null where a value is missing")
    if not missing:
        return np.asarray(entry)
    if "a text" in kinds:
        return np.where(cells == None, "", cells).astype(str)  # noqa: E711
    return cells.astype(float)


def _kind_of(cell):
    if cell is None:
        return "null"
    if isinstance(cell, bool):
        return "a truth value"
    named = {int: "a number", float: "a number", str: "a text", dict: "an object"}
    return named.get(type(cell), "a list beside values")


def _npz(path):
    with np.load(path, allow_pickle=False) as archive:
        return Content({key: archive[key] for key in archive.files})


def _npy(path):
    return Content({_stem(path): np.load(path, allow_pickle=False)})


def _hdf5(path):
    import h5py

    def tree(group):
        return {key: tree(item) if isinstance(item, h5py.Group) else _native(item[()]) for key, item in group.items()}

    with h5py.File(path, "r", locking=False) as file:
        return Content(tree(file))


def _native(value):
    """HDF5 text as str; every other value as it is."""
    if isinstance(value, bytes):
        return value.decode()
    if getattr(value, "dtype", None) == np.dtype(object):
        return np.array([item.decode() if isinstance(item, bytes) else item for item in value])
    return value


def _fits(path):
    """The columns of a file's one table, its one image under the file's stem, or each extension under its name."""
    fits, table = _library("astropy.io.fits", path), _library("astropy.table", path)
    found = {}
    with fits.open(path, memmap=False) as file:
        for number, part in enumerate(file):
            if part.data is None:
                continue
            name = part.name if part.name and part.name not in found else f"{part.name}{number}"
            is_table = isinstance(part, fits.BinTableHDU | fits.TableHDU)
            found[name] = _columns(table.Table.read(part)) if is_table else _own_order(part.data)
    if not found:
        raise ValueError("it holds no data")
    if len(found) > 1:
        return Content(found)
    (only,) = found.values()
    return Content(only if isinstance(only, dict) else {_stem(path): only})


def _ecsv(path):
    return Content(_columns(_library("astropy.table", path).Table.read(path, format="ascii.ecsv")))


def _columns(table):
    """Name -> array of an astropy table; a masked value is nan, or no text."""
    table.convert_bytestring_to_unicode()
    return {name: _filled(np.ma.asarray(table[name])) for name in table.colnames}


def _filled(column):
    if not np.ma.is_masked(column):
        return _own_order(np.asarray(column.data))
    return column.filled("") if column.dtype.kind == "U" else column.astype(float).filled(np.nan)


def _own_order(array):
    """The same numbers in this machine's order of bytes."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _parquet(path):
    """The columns of a parquet file; a missing value is nan, or no text."""
    import pandas

    _library("pyarrow", path)
    return Content({str(name): _series(column) for name, column in pandas.read_parquet(path).items()})


def _series(column):
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_bool_dtype(column.dtype) and not column.hasnans:
        return column.to_numpy(dtype=bool)
    if is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=float, na_value=np.nan) if column.hasnans else column.to_numpy()
    return column.fillna("").to_numpy(dtype=str)


def _library(name, path):
    """A module that only some files need."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise DatasetError(f"{path}: this kind of file needs {package}: pip install 'cavity[files]'") from None


_READERS = {
    ".npz": _npz,
    ".npy": _npy,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
    ".csv": _table,
    ".tsv": _table,
    ".json": _json,
    ".fits": _fits,
    ".ecsv": _ecsv,
    ".parquet": _parquet,
}
_PACKED = (".csv", ".tsv", ".json", ".fits", ".ecsv")
