"""The table of datasets: one row a dataset, checked before anything runs."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from cavity.config import DATASET_ID
from cavity.errors import DatasetError, did_you_mean
from cavity.study.cell_values import covariates_of
from cavity.study.dataset import Dataset
from cavity.study.text_table import read_text_table

LABEL = "label"  # the column with the name that plots and tables show
_RESERVED = ("id", "covariates", "row", "load", "texts", "with_texts")


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
    table = _read(Path(path))
    _check_header(table)
    columns = table.columns
    _check_ids(table)
    files = _files(table)
    names = [name for name in columns if name not in ("dataset", "path")]
    covariates = {name: covariates_of(table, name) for name in names if name != LABEL}
    if LABEL in names:
        covariates[LABEL] = [cell or None for cell in columns[LABEL]]
    rows, seen = Counter(files), Counter()
    datasets = []
    for index, (identifier, file) in enumerate(zip(columns["dataset"], files, strict=True)):
        values = {name: covariates[name][index] for name in names}
        texts = {name: columns[name][index] for name in names}
        datasets.append(Dataset(id=identifier, path=file, covariates=values, texts=texts, row=(seen[file], rows[file])))
        seen[file] += 1
    return tuple(datasets)


def _read(path):
    """The table as it is written, without rows that hold nothing."""
    try:
        table = read_text_table(path)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; the key datasets of config.yaml names the table") from None
    except (OSError, EOFError, ValueError) as error:
        raise DatasetError(f"{path}: the table cannot be read ({error})") from None
    if not table.lines:
        raise DatasetError(f"{path}, line {table.header}: the table has no rows; give it a line for each dataset")
    kept = [row for row, cells in enumerate(zip(*table.columns.values())) if any(cells)]
    columns = {name: tuple(cells[row] for row in kept) for name, cells in table.columns.items()}
    return replace(table, columns=columns, lines=tuple(table.lines[row] for row in kept))


def _check_header(table):
    """The column ``dataset`` is there, and no column takes a name of Dataset's own."""
    header = list(table.columns)
    if "dataset" not in header:
        hint = did_you_mean("dataset", header)
        raise DatasetError(
            f"{table.path}: there is no column dataset{hint or '; the columns are ' + ', '.join(header)}"
        )
    for name in header:
        if name in _RESERVED or name.startswith("_"):
            raise DatasetError(f"{table.path}: a column cannot be named {name!r}; rename it")


def _check_ids(table):
    """Every id is usable as a file name, and none is there twice."""
    first = {}
    for line, identifier in zip(table.lines, table.columns["dataset"], strict=True):
        where = f"{table.path}, line {line}"
        if not re.fullmatch(DATASET_ID, identifier):
            raise DatasetError(
                f"{where}: {identifier!r} cannot be a dataset id; use up to 64 letters, digits, dots, dashes, plus "
                f"signs and underscores, a letter or digit first, and a column {LABEL} for the name in plots"
            )
        if identifier in first:
            also = first[identifier]
            raise DatasetError(f"{where}: the dataset {identifier} is there twice (first in line {also})")
        first[identifier] = line


def _files(table):
    """The file of every row; a missing one is an error that names its row."""
    path, columns = table.path, table.columns
    if "path" not in columns:
        return [None] * len(columns["dataset"])
    files = []
    exists = {}
    for line, identifier, entry in zip(table.lines, columns["dataset"], columns["path"], strict=True):
        where = f"{path}, line {line}: dataset {identifier}"
        if not entry:
            raise DatasetError(f"{where}: its path is empty")
        if entry not in exists:
            exists[entry] = (path.parent / entry).is_file()
        if not exists[entry]:
            raise DatasetError(f"{where}: {entry}: no such file (paths are relative to the table)")
        files.append(path.parent / entry)
    return files
