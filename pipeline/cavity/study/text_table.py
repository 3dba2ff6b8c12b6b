"""The one reader of text tables: lines of a csv or tsv file as cells that know their line and column."""

import csv
import gzip
import re
from dataclasses import dataclass
from pathlib import Path

from cavity.errors import DatasetError
from cavity.study.cell_values import is_number

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


@dataclass(frozen=True)
class TextTable:
    """A table as it is written: every cell is text.

    Attributes
    ----------
    path
        The file.
    columns
        Name -> cells, in the order of the file.
    lines
        The line of the file that each row stands in, counted from 1.
    header
        The line of the names.
    """

    path: Path
    columns: dict
    lines: tuple
    header: int = 1

    def at(self, row, name):
        """``file, line 3, column y``: where a cell is."""
        return f"{self.path}, line {self.lines[row]}, column {name}"


def read_text(path, encoding="utf-8-sig"):
    """The text of a file, unpacked where its name ends in ``.gz``, every line's end a newline.

    Raises
    ------
    OSError, EOFError, ValueError
        If it cannot be read, unpacked or decoded.
    """
    content = Path(path).read_bytes()
    content = gzip.decompress(content) if Path(path).suffix.lower() == ".gz" else content
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 text; save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text_table(path):
    """A csv or tsv file.

    Empty lines and lines that begin with ``#`` are left out. The names of the columns stand in the first other line, or
    in the comment right above it (``# x,y``, as numpy.savetxt writes them) where that line holds values. A cell in
    double quotes may hold the delimiter, and a quote as two; it ends in its line.

    Raises
    ------
    DatasetError
        One sentence with file, line and column.
    OSError, EOFError, ValueError
        See :func:`read_text`.
    """
    path = Path(path)
    delimiter = _delimiter(path)
    lines, comment = _lines(read_text(path))
    if not lines:
        raise DatasetError(f"{path}: the table is empty; its first line names the columns")
    first = _cells(path, *lines[0], delimiter)
    line, header = _commented_header(comment, first, delimiter) or (lines[0][0], first)
    _check_header(path, line, header, delimiter)
    rows = []
    for number, text in lines if header is not first else lines[1:]:
        row = _cells(path, number, text, delimiter, header)
        if len(row) != len(header):
            raise DatasetError(f"{path}, line {number}: {len(row)} fields where the header has {len(header)}")
        rows.append((number, row))
    columns = zip(*(row for _, row in rows)) if rows else [()] * len(header)
    return TextTable(path, dict(zip(header, columns)), tuple(number for number, _ in rows), line)


def _delimiter(path):
    """A comma in a csv file, else a tab."""
    packed = path.suffix.lower() == ".gz"
    return _DELIMITERS.get((Path(path.stem) if packed else path).suffix.lower(), "\t")


def _cells(path, number, line, delimiter, header=()):
    """The cells of one line."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    _check_quotes(path, number, line, delimiter, header)
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    except csv.Error as error:
        raise DatasetError(f"{path}, line {number}: cannot be read ({error})") from None


def _lines(text):
    """((number, line) of those that count, (number, text) of the last comment above them or None)."""
    lines, comment = [], None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.lstrip().startswith("#"):
            comment = comment if lines else (number, line.lstrip().lstrip("#").strip())
        elif line.strip(" \r"):
            lines.append((number, line))
    return lines, comment


def _check_quotes(path, number, line, delimiter, header):
    """A cell that begins with a quote ends with one: otherwise it would swallow what follows."""
    closed = re.compile(rf'"(?:[^"]|"")*"\s*({re.escape(delimiter)}|$)')
    position = column = 0
    while position <= len(line):
        if line.startswith('"', position):
            end = closed.match(line, position)
            if end is None:
                name = header[column] if column < len(header) else column + 1
                raise DatasetError(
                    f'{path}, line {number}, column {name}: the cell begins with a quote (") and does not end '
                    "with one; close the quote, or remove it"
                )
            position = end.end() if end.group(1) else len(line) + 1
        else:
            following = line.find(delimiter, position)
            position = following + 1 if following >= 0 else len(line) + 1
        column += 1


def _commented_header(comment, first, delimiter):
    """(line, names) of a header that is written as a comment, or None where the first line itself is the header."""
    if comment is None:
        return None
    number, text = comment
    names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter), [])]
    holds_values = any(map(is_number, first)) or ("dataset" in names and "dataset" not in first)
    return (number, names) if len(names) == len(first) and holds_values else None


def _check_header(path, line, header, delimiter):
    """Every column has a name of its own."""
    for column, name in enumerate(header, start=1):
        if not name:
            raise DatasetError(f"{path}, line {line}, column {column}: the column has no name; name it or remove it")
        if header.count(name) > 1:
            raise DatasetError(f"{path}, line {line}: the column {name} is there twice; rename one of them")
    if all(is_number(name) for name in header):
        raise DatasetError(f"{path}, line {line}: numbers where the names of the columns must be; add a line of names")
    other = next((mark for mark in _NAMES if mark != delimiter and len(header) == 1 and mark in header[0]), None)
    if other is not None:
        raise DatasetError(
            f"{path}, line {line}: the cells stand between {_NAMES[other]}; this kind of file has {_NAMES[delimiter]}"
        )
