"""The table of datasets: one row a dataset, checked before anything runs."""

import csv
import math
import re
from collections import Counter
from pathlib import Path

from cavity.config import DATASET_ID
from cavity.errors import DatasetError, did_you_mean
from cavity.study.dataset import Dataset

_RESERVED = ("id", "covariates", "row", "load")


def read_table(path):
    """The datasets of a study, in the order of the table.

    Parameters
    ----------
    path
        A tsv file (csv where its name ends so) with the columns ``dataset``, ``path`` (optional, relative to the table)
        and any covariates.

    Raises
    ------
    DatasetError
        One sentence: the file, the line, the dataset, what to do.
    """
    path = Path(path)
    header, body = _read(path)
    _check_header(path, header)
    if not body:
        raise DatasetError(f"{path}: the table has no rows; give it a line for each dataset")
    columns = {name: [line[index].strip() for _, line in body] for index, name in enumerate(header)}
    _check_ids(path, [number for number, _ in body], columns["dataset"])
    files = _files(path, columns)
    names = [name for name in header if name not in ("dataset", "path")]
    covariates = {name: _typed(columns[name]) for name in names}
    rows, seen = Counter(files), Counter()
    datasets = []
    for index, (identifier, file) in enumerate(zip(columns["dataset"], files, strict=True)):
        values = {name: covariates[name][index] for name in names}
        datasets.append(Dataset(id=identifier, path=file, covariates=values, row=(seen[file], rows[file])))
        seen[file] += 1
    return tuple(datasets)


def _read(path):
    """The header, and (line number, cells) of every other line."""
    delimiter = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = enumerate(csv.reader(file, delimiter=delimiter), start=1)
            lines = [(number, line) for number, line in reader if any(line)]
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; the key datasets of config.yaml names the table") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: the table cannot be read ({error})") from None
    if not lines:
        raise DatasetError(f"{path}: the table is empty; its first line names the columns, dataset and path among them")
    header = [name.strip() for name in lines[0][1]]
    for number, line in lines[1:]:
        if len(line) != len(header):
            raise DatasetError(f"{path}, line {number}: {len(line)} fields where the header has {len(header)}")
    return header, lines[1:]


def _check_header(path, header):
    """The column ``dataset`` is there, and no column is there twice or takes a name of Dataset's own."""
    if "dataset" not in header:
        hint = did_you_mean("dataset", header)
        raise DatasetError(f"{path}: there is no column dataset{hint or '; the columns are ' + ', '.join(header)}")
    for name in header:
        if header.count(name) > 1:
            raise DatasetError(f"{path}: the column {name} is there twice")
        if name in _RESERVED or name.startswith("_") or not name:
            raise DatasetError(f"{path}: a column cannot be named {name!r}; rename it")


def _check_ids(path, lines, identifiers):
    """Every id is usable as a file name, and none is there twice."""
    first = {}
    for line, identifier in zip(lines, identifiers, strict=True):
        if not re.fullmatch(DATASET_ID, identifier):
            raise DatasetError(
                f"{path}, line {line}: {identifier!r} cannot be a dataset id; use up to 64 letters, digits, dots, "
                "dashes and underscores, a letter or digit first"
            )
        if identifier in first:
            also = first[identifier]
            raise DatasetError(f"{path}, line {line}: the dataset {identifier} is there twice (first in line {also})")
        first[identifier] = line


def _files(path, columns):
    """The file of every row; a missing one is an error that names its row."""
    if "path" not in columns:
        return [None] * len(columns["dataset"])
    files = []
    exists = {}
    for identifier, entry in zip(columns["dataset"], columns["path"], strict=True):
        if not entry:
            raise DatasetError(f"{path}: dataset {identifier}: its path is empty")
        if entry not in exists:
            exists[entry] = (path.parent / entry).is_file()
        if not exists[entry]:
            raise DatasetError(f"{path}: dataset {identifier}: {entry}: no such file (paths are relative to the table)")
        files.append(path.parent / entry)
    return files


def _typed(cells):
    """A whole column as ints or floats (an empty cell is nan), else as text (an empty cell is None)."""
    for kind in (int, float):
        try:
            return [kind(cell) if cell else math.nan for cell in cells]
        except ValueError:
            continue
    return [cell or None for cell in cells]
