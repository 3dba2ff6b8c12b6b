"""The aggregator: find stored results by what they are, and read them one at a time."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from cavity.database.attribute import Attribute, Condition
from cavity.database.catalogue import Catalogue
from cavity.database.entry import checksum_of, is_posterior
from cavity.database.index import COLUMNS, add_file, new_index, open_index, result_files, write_database
from cavity.errors import ResultError, did_you_mean
from cavity.posterior.phase import PhaseResult
from cavity.posterior.result import load_result
from cavity.posterior.stored_model import StoredModel, parameter_paths

VALUES = (
    "samples",
    "instance",
    "max_log_likelihood_instance",
    "median_pdf_instance",
    "model",
    "summary",
    "search",
    "covariates",
    *COLUMNS,
)


class Aggregator:
    """Results of many fits.

    Make one with :meth:`from_directory` or :meth:`from_database`; ``agg.gaussian.sigma`` is an attribute to query by.
    """

    def __init__(self, connection, root, condition=None, classes=()):
        self._connection, self._root = connection, Path(root)
        self._condition, self._classes = condition, tuple(classes)

    @classmethod
    def from_directory(cls, folder, classes=()):
        """Read every result under a folder into an index in memory.

        Parameters
        ----------
        classes
            For instances of models whose classes cannot be imported: a notebook's own, or a study's.
        """
        connection = new_index(sqlite3.connect(":memory:"))
        for path in result_files(folder):
            add_file(connection, path, folder)
        return cls(connection, folder, classes=classes)

    @classmethod
    def from_database(cls, path, classes=()):
        """Open a ``results.sqlite``; files that changed since it was made are read again, those gone are left out."""
        return cls(open_index(path), Path(path).parent, classes=classes)

    def write(self, path=None):
        """Write the index of the whole folder to ``results.sqlite``; its path."""
        return write_database(self._root, path)

    # --- queries ------------------------------------------------------------------------------------------------

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return Attribute((name,))

    def __getitem__(self, name):
        """An attribute whose name is one of the aggregator's own methods: ``agg["values"]``."""
        return Attribute((str(name),))

    def query(self, condition):
        """The fits that meet a condition such as ``(agg.gaussian.sigma > 3) & (agg.dataset.time < 2)``.

        A free parameter's value is its posterior median.

        Raises
        ------
        ResultError
            If no fit has such an attribute; the sentence has the nearest one.
        """
        if not isinstance(condition, Condition):
            raise ResultError(f"query takes a condition such as agg.gaussian.sigma > 3, got {condition!r}")
        condition._sql(Catalogue(self._connection))
        joined = condition if self._condition is None else self._condition & condition
        return Aggregator(self._connection, self._root, joined, self._classes)

    def current(self, study):
        """The phases' fits whose identity is what the study's data, sources, settings and seed give now."""
        condition = None
        for phase in study.config.phases:
            same = (
                (self["study"] == study.name)
                & (self["phase"] == phase.name)
                & (self["identity"] == study.identity(phase.name))
            )
            condition = same if condition is None else condition | same
        return self.query(condition)

    def attributes(self):
        """Every attribute that a query can use, as dotted text."""
        return Catalogue(self._connection).names()

    def __len__(self):
        where, values = self._where()
        return self._connection.execute(f"SELECT COUNT(*) FROM fits WHERE {where}", values).fetchone()[0]

    def _where(self):
        return ("1", ()) if self._condition is None else self._condition._sql(Catalogue(self._connection))

    def _rows(self):
        """(fit, path of its file, checksum, row as a dict) in the order of the files."""
        where, values = self._where()
        columns = ", ".join(f"fits.{column}" for column in COLUMNS)
        text = (
            f"SELECT fits.id, files.path, files.checksum, {columns} FROM fits JOIN files ON files.id = fits.file "
            f"WHERE {where} ORDER BY files.path, fits.id"
        )
        for fit, path, checksum, *row in self._connection.execute(text, values).fetchall():
            yield fit, self._root / path, checksum, dict(zip(COLUMNS, row, strict=True))

    # --- contents -----------------------------------------------------------------------------------------------

    def values(self, name):
        """A generator over one thing of every fit, with no more than one file in memory.

        Parameters
        ----------
        name
            samples, instance (of the highest likelihood), median_pdf_instance, model, summary, search, covariates, or a
            property of the fit such as log_evidence, dataset, identity.

        Raises
        ------
        ResultError
            If there is no such thing, or a file changed since it was indexed.
        """
        if name not in VALUES:
            raise ResultError(f"fits have no {name}{did_you_mean(name, VALUES)}")
        return self._values(name)

    def _values(self, name):
        if name in COLUMNS:
            yield from (row[name] for *_, row in self._rows())
        elif name in ("search", "covariates"):
            table = {"search": "settings"}.get(name, name)
            for fit, *_ in self._rows():
                yield dict(self._connection.execute(f"SELECT path, value FROM {table} WHERE fit = ?", (fit,)))
        else:
            for samples in self._samples():
                yield _part(samples, name)

    def _samples(self):
        """Samples of every fit, with their model where it is stored; each file is read once, and verified."""
        path_read, content = None, None
        for _, path, checksum, row in self._rows():
            if path != path_read:
                if checksum_of(path) != checksum:
                    raise ResultError(f"{path}: it changed since it was indexed; make the aggregator anew")
                path_read, content = path, None
                content = PhaseResult.read(path.parent) if is_posterior(path) else load_result(path, self._classes)
            yield self._samples_of(content, row)

    def _samples_of(self, content, row):
        if row["kind"] == "fit":
            return content.samples
        if row["kind"] == "phase":
            return content.shared
        samples, stored = content.locals[row["dataset"]], content.models.get(row["dataset"])
        names = None if stored is None else _names_in_model(stored, samples)
        if names is None:
            return samples
        return replace(samples.subset(names), model=StoredModel(stored, names, self._classes))

    @property
    def table(self):
        """pandas: a row a fit; its properties, the dataset's columns, and each parameter's median and sd."""
        import pandas as pd

        rows = []
        for fit, _, _, row in self._rows():
            execute = self._connection.execute
            for path, value in execute("SELECT path, value FROM covariates WHERE fit = ?", (fit,)):
                row[f"dataset.{path}"] = value
            for path, median, sd in execute("SELECT path, q50, sd FROM statistics WHERE fit = ?", (fit,)):
                row |= {path: median, f"{path} sd": sd}
            rows.append(row)
        return pd.DataFrame(rows, columns=None if rows else list(COLUMNS))


def _names_in_model(stored, samples):
    """The samples' parameters in the model's order, None where the samples do not have all of them."""
    names = parameter_paths(stored)
    return names if set(names) == set(samples.names) else None


def _part(samples, name):
    if name == "samples":
        return samples
    if name == "instance":
        return samples.max_log_likelihood_instance
    if name == "model" and samples.model is None:
        raise ResultError("the model of these samples was not stored with them")
    return getattr(samples, name)
