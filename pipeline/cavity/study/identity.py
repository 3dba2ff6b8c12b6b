"""Identity is content: hashes of data, sources and settings, so that results are reused only for equal inputs."""

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version


def digest(*parts):
    """SHA-256 of texts and JSON-able values, in order."""
    found = hashlib.sha256()
    for part in parts:
        text = part if isinstance(part, str) else json.dumps(part, sort_keys=True, default=str)
        found.update(f"{len(text)}:{text}".encode())
    return found.hexdigest()


def file_digest(path):
    """SHA-256 of a file's bytes; read once a process unless its size or time changed."""
    state = path.stat()
    return _file_digest(str(path), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _file_digest(path, size, modified):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_digest(files):
    """SHA-256 of what a study's code is: the files' names and contents."""
    return digest(*(f"{path.name}\n{file_digest(path)}" for path in files))


def row_digest(dataset):
    """SHA-256 of a table row: id, covariates and which file it names, but not that file's content."""
    name = dataset.path.name if dataset.path is not None else ""
    return digest(dataset.id, name, list(dataset.row), dict(dataset.texts) or dict(dataset.covariates))


def dataset_digest(dataset):
    """SHA-256 of a dataset: its row of the table and its file's content."""
    return digest(row_digest(dataset), file_digest(dataset.path) if dataset.path is not None else "")


def settings_of(config, phase):
    """What of the configuration changes a search, as a JSON-able dict: how the rounds end is left out."""
    return {
        "seed": config.seed,
        "phase": phase.name,
        "factor": phase.factor,
        "inference": phase.inference,
        "search": phase.search.settings,
        "max_calls": phase.max_calls,
        "on_error": phase.on_error,
        "cavity": versions()["cavity"],
    }


@lru_cache(maxsize=1)
def versions():
    """Versions of this package and of what its numbers depend on."""
    found = {"python": platform.python_version()}
    for name in ("cavity", "numpy", "scipy", "dynesty"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


class Provenance(Mapping):
    """A result's origin, found out when it is first read: hashing all data is only worth it for a result."""

    def __init__(self, find):
        self._find, self._found = find, None

    def _content(self):
        if self._found is None:
            self._found = self._find()
        return self._found

    def __getitem__(self, key):
        return self._content()[key]

    def __iter__(self):
        return iter(self._content())

    def __len__(self):
        return len(self._content())
