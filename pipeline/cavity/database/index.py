"""results.sqlite: an index over the HDF5 files of results, made anew from them at any time."""

import errno
import json
import logging
import math
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from cavity.database.entry import checksum_of, entries_of, is_result_file
from cavity.errors import AccessError, ResultError
from cavity.posterior.store import atomic_path

logger = logging.getLogger("cavity.database")

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, checksum TEXT NOT NULL);
CREATE TABLE fits (
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES files(id), kind TEXT, identity TEXT, study TEXT,
    phase TEXT, name TEXT, dataset TEXT, inference TEXT, log_evidence REAL, log_evidence_error REAL,
    log_likelihood REAL, calls INTEGER, ess REAL, converged INTEGER);
CREATE TABLE statistics (fit INTEGER NOT NULL, path TEXT NOT NULL, mean REAL, sd REAL, q05 REAL, q16 REAL, q50 REAL,
    q84 REAL, q95 REAL, PRIMARY KEY (fit, path)) WITHOUT ROWID;
CREATE TABLE "values" (fit INTEGER NOT NULL, path TEXT NOT NULL, value, PRIMARY KEY (fit, path)) WITHOUT ROWID;
CREATE TABLE classes (fit INTEGER NOT NULL, path TEXT NOT NULL, module TEXT, qualname TEXT, PRIMARY KEY (fit, path))
    WITHOUT ROWID;
CREATE TABLE covariates (fit INTEGER NOT NULL, path TEXT NOT NULL, value, PRIMARY KEY (fit, path)) WITHOUT ROWID;
CREATE TABLE settings (fit INTEGER NOT NULL, path TEXT NOT NULL, value, PRIMARY KEY (fit, path)) WITHOUT ROWID;
CREATE INDEX value_of_path ON "values" (path, value);
CREATE INDEX class_of_path ON classes (path, qualname);
"""
COLUMNS = (
    "kind",
    "identity",
    "study",
    "phase",
    "name",
    "dataset",
    "inference",
    "log_evidence",
    "log_evidence_error",
    "log_likelihood",
    "calls",
    "ess",
    "converged",
)
_DETAILS = ("statistics", '"values"', "classes", "covariates", "settings")


def result_files(folder):
    """The files of results under a folder, sorted: rounds, caches and hidden folders are passed over.

    Raises
    ------
    ResultError
        If there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultError(f"{folder}: no such folder of results")
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "round-", "after-")))
        found += [Path(parent, name) for name in sorted(files) if name.endswith(".h5") and not name.startswith(".")]
    return [path for path in found if is_result_file(path)]


def write_database(folder, path=None):
    """Make the index of a folder anew, atomically; its path, ``results.sqlite`` in the folder unless given."""
    path = Path(path) if path is not None else Path(folder) / "results.sqlite"
    with atomic_path(path) as temporary, closing(sqlite3.connect(temporary)) as connection:
        try:
            new_index(connection)
            for file in result_files(folder):
                add_file(connection, file, path.parent)
            connection.commit()
        except sqlite3.OperationalError as error:
            code = errno.ENOSPC if "full" in str(error) else errno.EIO
            raise AccessError(OSError(code, str(error)), path) from error
    return path


def new_index(connection):
    """An empty index in a connection."""
    connection.executescript(SCHEMA)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return connection


def open_index(path):
    """A copy in memory of an index on disk, brought up to date with the files it names.

    Raises
    ------
    ResultError
        If there is no such file, or it is not an index of this version.
    """
    path = Path(path)
    if not path.is_file():
        raise ResultError(f"{path}: there is no such database; make it with Aggregator.from_directory(...).write(path)")
    memory = sqlite3.connect(":memory:")
    try:
        disk = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        disk.backup(memory)
        disk.close()
        (version,) = memory.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise ResultError(f"{path}: not a database of results ({error}); make it anew from the results") from None
    if version != SCHEMA_VERSION:
        raise ResultError(f"{path}: a database of version {version}, this is {SCHEMA_VERSION}; make it anew")
    refresh(memory, path.parent)
    return memory


def refresh(connection, root):
    """Read the files again whose content is not what the index says, and drop those that are gone."""
    for file, name, checksum in connection.execute("SELECT id, path, checksum FROM files").fetchall():
        path = Path(root, name)
        try:
            current = checksum_of(path)
        except ResultError as error:
            logger.warning("%s", error)
            current = None
        if current == checksum:
            continue
        for table in _DETAILS:
            connection.execute(f"DELETE FROM {table} WHERE fit IN (SELECT id FROM fits WHERE file = ?)", (file,))
        connection.execute("DELETE FROM fits WHERE file = ?", (file,))
        connection.execute("DELETE FROM files WHERE id = ?", (file,))
        if current is not None:
            add_file(connection, path, root)


def add_file(connection, path, root):
    """Index one file; a damaged one is reported in the log and left out."""
    try:
        checksum, entries = checksum_of(path), entries_of(path)
    except ResultError as error:
        logger.warning("%s", error)
        return
    name = os.path.relpath(path, root)
    file = connection.execute("INSERT INTO files (path, checksum) VALUES (?, ?)", (name, checksum)).lastrowid
    for entry in entries:
        _add_entry(connection, file, entry)


def _add_entry(connection, file, entry):
    columns = ", ".join(("file", *COLUMNS))
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    row = (file, *(getattr(entry, column) for column in COLUMNS))
    fit = connection.execute(f"INSERT INTO fits ({columns}) VALUES ({marks})", row).lastrowid
    quantiles = ("mean", "sd", "q05", "q16", "q50", "q84", "q95")
    connection.executemany(
        f"INSERT INTO statistics VALUES (?, ?{', ?' * len(quantiles)})",
        [(fit, path, *(values[key] for key in quantiles)) for path, values in entry.statistics.items()],
    )
    for table, content in (("values", entry.values), ("covariates", entry.covariates), ("settings", entry.settings)):
        rows = [(fit, path, _plain(value)) for path, value in content.items()]
        connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?)', rows)
    rows = [(fit, path, *name.split(":", 1)) for path, name in entry.classes.items()]
    connection.executemany("INSERT INTO classes VALUES (?, ?, ?, ?)", rows)


def _plain(value):
    """What SQLite can hold: numbers and texts as they are, lists and dicts as JSON text, NaN as nothing."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if value is None or isinstance(value, (int, float, str)) else json.dumps(value)
