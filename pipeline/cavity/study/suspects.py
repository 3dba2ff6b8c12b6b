"""Which cells of a dataset may be why its likelihood is no finite number: file, line, column of each."""

from contextlib import contextmanager

import numpy as np

from cavity.errors import CavityError, LikelihoodError, NoStartError, NotFiniteError, StudyError
from cavity.study.cell_values import is_missing, is_number
from cavity.study.formats import read_content
from cavity.study.text_table import read_text_table

LISTED = 12  # of each kind, and how many more there are
_KINDS = {
    "NaN": np.isnan,
    "infinite": np.isinf,
    "zero": lambda values: values == 0.0,
}


@contextmanager
def cells_named(study, dataset):
    """What a factor or a likelihood of this dataset raises goes on with the cells that may be why.

    After a TypeError those are texts, after a result that is not finite or a failed calculation NaN, infinities and
    zeros as well; other errors are the code's own.
    """
    try:
        yield
    except (LikelihoodError, NoStartError, StudyError) as error:
        cause = error.__cause__
        if isinstance(error, (NotFiniteError, NoStartError)) or isinstance(cause, (ValueError, ArithmeticError)):
            listed = suspects(study, dataset)
        elif isinstance(cause, TypeError):
            listed = suspects(study, dataset, ())
        else:
            raise
        raise type(error)(f"{error}{listed}") from cause


def suspects(study, dataset, kinds=_KINDS):
    """``; b.csv: line 3, column noise is zero; datasets.tsv: ...``, or nothing where no cell stands out.

    Parameters
    ----------
    study
        A ``cavity.study.Study``; nothing is listed for None.
    dataset
        An id of its table.
    kinds
        Some of "NaN", "infinite" and "zero"; texts in columns are listed always.
    """
    if study is None:
        return ""
    try:
        files = [_in_file(study.dataset(dataset), kinds), _in_table(study, dataset, kinds)]
    except CavityError:  # what cannot be read is said where it is read
        return ""
    return "".join(f"; {path}: {'; '.join(places)}" for path, places in files if places)


def _in_file(dataset, kinds):
    """(path, places) of the dataset's own file."""
    if dataset.path is None:
        return None, []
    content = read_content(dataset.path, dataset.id, *dataset.row)
    found = {kind: [] for kind in ("text", *kinds)}
    for key, value in content.arrays.items():
        array = np.asarray(value) if not isinstance(value, dict) else np.array(None)
        if array.dtype.kind == "U" and array.size:
            found["text"].append((key, array, np.unravel_index(_first_text(array.ravel()), array.shape)))
        for kind in kinds if array.dtype.kind in "fiuc" else ():
            found[kind] += [(key, array, tuple(place)) for place in np.argwhere(_KINDS[kind](array))]
    return dataset.path, _sentences(found, content.lines)


def _sentences(found, lines):
    sentences = []
    for kind, cells in found.items():
        for key, array, place in cells[:LISTED]:
            what = f"text ({str(array[place])!r})" if kind == "text" else kind
            sentences.append(f"{_place(key, array, place, lines)} is {what}")
        if len(cells) > LISTED:
            sentences.append(f"{len(cells) - LISTED:,} more are {kind}")
    return sentences


def _place(key, array, place, lines):
    """``line 3, column y`` in a text table, ``y[1]`` in other files."""
    if lines is not None:
        return f"line {lines[place[0] if place else 0]}, column {key}"
    return f"{key}[{', '.join(map(str, place))}]" if array.ndim else key


def _in_table(study, dataset, kinds):
    """(path, places) of the dataset's row of the table."""
    path = study.folder / study.config.datasets
    table = read_text_table(path)
    row = table.columns["dataset"].index(dataset)
    places = []
    for name, value in study.dataset(dataset).covariates.items():
        where = f"line {table.lines[row]}, column {name}"
        if isinstance(value, str):
            places.append(f"{where} is text ({value!r}){_why(table, name, value)}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            places += [f"{where} is {kind}" for kind in kinds if _KINDS[kind](np.asarray(value, dtype=float))]
    return path, places


def _first_text(cells):
    """The place of the first cell that is no number, of the first one where all look like numbers."""
    return next((row for row, cell in enumerate(cells) if not (is_number(cell) or is_missing(cell))), 0)


def _why(table, name, value):
    """Why a cell that looks like a number is none: another one of its column."""
    cells = table.columns[name]
    other = _first_text(cells)
    if not is_number(value):
        return ""
    if is_number(cells[other]) or is_missing(cells[other]):
        return ", as two cells of its column are written differently and are one number"
    return f", as line {table.lines[other]} has {cells[other]!r}"
