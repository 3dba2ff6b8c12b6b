"""One row of the table of datasets: an id, a file, covariates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cavity.errors import DatasetError, did_you_mean


@dataclass(frozen=True)
class Dataset:
    """What ``factor(dataset)`` of a study.py gets.

    A covariate is an attribute: ``dataset.time`` is the row's value in the column ``time``, a number where the whole
    column is numbers, True or False where it is truth values, else text. A column that names groups is text.

    Parameters
    ----------
    id
        The row's id.
    path
        The row's file, or None where the table has no column ``path``.
    covariates
        Column -> value, without ``dataset`` and ``path``.
    row
        (position, count) of this row among the rows that name the same file.
    texts
        Column -> the cell as it is written.
    """

    id: str
    path: Path | None = None
    covariates: Mapping[str, Any] = field(default_factory=dict)
    row: tuple[int, int] = (0, 1)
    texts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "covariates", MappingProxyType(dict(self.covariates)))
        object.__setattr__(self, "texts", MappingProxyType(dict(self.texts)))

    def __getattr__(self, name):
        if name.startswith("_") or name in ("covariates", "texts"):
            raise AttributeError(name)
        if name in self.covariates:
            return self.covariates[name]
        columns = ", ".join(self.covariates) or "none but dataset and path"
        hint = did_you_mean(name, self.covariates) or f"; the covariates are {columns}"
        raise AttributeError(f"dataset {self.id}: the table has no column {name}{hint}")

    def __str__(self):
        return self.id

    def with_texts(self, columns):
        """The same dataset with some columns as they are written: the keys of groups."""
        own = {name: self.texts[name] for name in columns if name in self.texts}
        return replace(self, covariates={**self.covariates, **own}) if own else self

    def load(self):
        """The row's data: key -> array (text stays text).

        An npz or HDF5 file gives its arrays, csv, tsv, ECSV, parquet and a FITS table their columns, a json object its
        entries; a file of one array has its stem as key. A missing value is nan. Where one file serves many rows: the
        lines whose column ``dataset`` is this id, the group or entry of that name, else this row's slice along the
        first axis.

        Raises
        ------
        DatasetError
            If the file is missing, cannot be read, or has nothing for this row.
        """
        from cavity.study.formats import read_arrays

        if self.path is None:
            raise DatasetError(f"dataset {self.id}: the table has no column path, so there is nothing to load")
        return read_arrays(self.path, self.id, *self.row)
