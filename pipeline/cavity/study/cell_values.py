"""What the cells of a column mean: numbers, truth values, or text, decided for the whole column."""

import math
import re

import numpy as np

from cavity.errors import DatasetError

_NUMBER = re.compile(r"[+-]?(?=\.?[0-9])(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_MISSING = ("", "na", "nan")
_TRUTH = {"true": True, "false": False}


def is_number(text):
    """Whether a cell is a plain decimal number: 7, -.5, 2e-3 or inf, but not 007, 1_0 or 1,5, which stay text."""
    return _NUMBER.fullmatch(text) is not None or _INFINITE.fullmatch(text) is not None


def is_missing(text):
    """Whether nothing stands there: an empty cell, NA or nan."""
    return text.lower() in _MISSING


def array_of(table, name):
    """The column of a data file: (n,) floats (nan where a value is missing), booleans, or text as it is.

    Parameters
    ----------
    table
        A :class:`~cavity.study.text_table.TextTable`.
    name
        The column.

    Raises
    ------
    DatasetError
        If most cells are numbers and one is none; the sentence has its line.
    """
    cells = table.columns[name]
    if all(is_number(cell) or is_missing(cell) for cell in cells) and not any(map(_loses_digits, cells)):
        return np.array([float(cell) if is_number(cell) else math.nan for cell in cells])
    if all(map(_is_truth, cells)):
        return np.array([_TRUTH[cell.lower()] for cell in cells])
    if _all(_is_truth, [cell for cell in cells if not is_missing(cell)]):
        return np.array([_TRUTH.get(cell.lower(), math.nan) for cell in cells], dtype=float)
    _refuse_text_among_numbers(table, name, cells)
    return np.array(cells)


def covariates_of(table, name):
    """The column of a table of datasets: ints, floats, truth values (nan or None where one is missing), or texts.

    A column in which two different texts are one number (``1e1`` and ``10``) holds names, and is text.

    Parameters
    ----------
    table, name
        As in :func:`array_of`.

    Raises
    ------
    DatasetError
        If most cells are numbers with decimals and one is none; the sentence has its line.
    """
    cells = table.columns[name]
    filled = [cell for cell in cells if not is_missing(cell)]
    if _all(_is_truth, filled):
        return [_TRUTH.get(cell.lower()) for cell in cells]
    if all(is_number(cell) for cell in filled):
        kind = int if _all(_WHOLE.fullmatch, filled) else float
        if len({kind(cell) for cell in filled}) == len(set(filled)):
            return [math.nan if is_missing(cell) else kind(cell) for cell in cells]
    elif any(is_number(cell) and not _WHOLE.fullmatch(cell) for cell in filled):
        _refuse_text_among_numbers(table, name, cells)
    return [cell or None for cell in cells]


def _refuse_text_among_numbers(table, name, cells):
    """A cell that is no number at all, where at least half of the others are."""
    others = [row for row, cell in enumerate(cells) if not (is_number(cell) or is_missing(cell) or _is_name(cell))]
    numbers = sum(is_number(cell) for cell in cells)
    if others and numbers >= len(others):
        raise DatasetError(
            f"{table.at(others[0], name)}: {cells[others[0]]!r} is not a number; write a plain decimal, or leave the "
            "cell empty where a value is missing"
        )


def _is_name(cell):
    """Whether digits are written as no number is, 007 or 1_0: a column of such cells holds names."""
    return re.fullmatch(r"[+-]?[0-9][0-9_]*(\.[0-9_]*)?", cell) is not None


def _is_truth(cell):
    return cell.lower() in _TRUTH


def _loses_digits(cell):
    """Whether a whole number has more digits than a float holds: a catalogue's identifier."""
    return len(cell) > 15 and _WHOLE.fullmatch(cell) is not None and int(float(cell)) != int(cell)


def _all(test, cells):
    """Whether there are cells and all of them pass."""
    return bool(cells) and all(test(cell) for cell in cells)
