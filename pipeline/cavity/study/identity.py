"""Identity is content: hashes of data, sources and settings, so that results are reused only for equal inputs."""

import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cavity.errors import DatasetError

PACKAGE = Path(__file__).parents[1]
NO_NUMBERS = ("plot", "database")  # parts of the package whose changes leave every number what it is
SETTLED = 2_000_000_000  # nanoseconds after which a file's times tell its content
HDF5 = (".h5", ".hdf5")

CHANGED = "{}: a data file, the table or study.py changed while the workflow was running; give the same command again"


def digest(*parts):
    """SHA-256 of texts and JSON-able values, in order."""
    found = hashlib.sha256()
    for part in parts:
        text = part if isinstance(part, str) else json.dumps(part, sort_keys=True, default=str)
        found.update(f"{len(text)}:{text}".encode())
    return found.hexdigest()


def file_digest(path):
    """SHA-256 of a file's bytes, links followed; of an HDF5 file, of those that it links to as well.

    Read once a process for as long as size, times and inode stay, and never taken from memory within two seconds of the
    last change, when a clock's tick may hide another one.

    Raises
    ------
    DatasetError
        If it cannot be read; the sentence says why.
    """
    try:
        return _content_digest(Path(path), frozenset())
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error}); give it back and run again") from None


def _content_digest(path, seen):
    state = path.stat()
    key = (str(path), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_dev)
    settled = time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > SETTLED
    content, linked = (_read_content if settled else _read_content.__wrapped__)(key)
    seen = seen | {path.resolve()}
    others = [file for file in linked if file.resolve() not in seen]
    parts = [_content_digest(file, seen) if file.is_file() else "missing" for file in others]
    return digest(content, *parts) if linked else content


@lru_cache(maxsize=400_000)
def _read_content(key):
    """(SHA-256 of a file's bytes, the files that it links to)."""
    path = Path(key[0])
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return content, _linked_files(path) if path.suffix.lower() in HDF5 else ()


def _linked_files(path):
    """The files that external links, external storage and virtual datasets of an HDF5 file name, in a fixed order."""
    import h5py

    found = set()

    def visit(group):
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                found.add(link.filename)
            elif isinstance(link, h5py.HardLink):
                item = group[name]
                if isinstance(item, h5py.Group):
                    if item.id.__hash__() not in groups:
                        groups.add(item.id.__hash__())
                        visit(item)
                else:
                    found.update(source for source, *_ in item.external or ())
                    found.update(source.file_name for source in (item.virtual_sources() if item.is_virtual else ()))

    groups = set()
    try:
        with h5py.File(path, "r") as file:
            groups.add(file.id.__hash__())
            visit(file)
    except (OSError, RuntimeError, KeyError):  # its reader says what is wrong with it
        pass
    found.discard(".")  # a virtual dataset's own file
    return tuple(path.parent / name for name in sorted(found))


def code_digest(files, folder):
    """SHA-256 of what decides a study's numbers besides data and settings.

    That is the study's sources by name and content, this package, and the versions of numpy, scipy and of what the
    sources import or whose search they name.
    """
    texts = [file.read_bytes() for file in files if file.suffix == ".py"]
    content = [[os.path.relpath(file, folder), file_digest(file)] for file in files]
    return digest(content, package_digest(), versions_of(_named(texts)))


def _named(texts):
    """Packages that Python sources import or whose searches they name."""
    from cavity.search import SEARCHES

    named = set()
    for text in texts:
        found = re.findall(rb"^\s*from\s+(\w+)", text, re.MULTILINE)
        for line in re.findall(rb"^\s*import\s+(.*)", text, re.MULTILINE):
            found += re.findall(rb"(?:^|,)\s*(\w+)", line)
        named.update(name.decode() for name in found)
        for name, search in SEARCHES.items():
            named.update(search.libraries if name.encode() in text else ())
    return named - {"cavity"}


@lru_cache(maxsize=1)
def package_digest():
    """SHA-256 of this package's sources; those that draw and those that look results up change no number."""
    return _sources_digest(name for name in os.listdir(PACKAGE) if name not in (*NO_NUMBERS, "__pycache__"))


@lru_cache(maxsize=1)
def drawing_digest():
    """SHA-256 of the sources of this package's plots."""
    return _sources_digest(["plot"])


def _sources_digest(names):
    files = []
    for path in (PACKAGE / name for name in sorted(names)):
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.suffix == ".py" else []
    return digest(*([file.relative_to(PACKAGE).as_posix(), file_digest(file)] for file in files))


def row_digest(dataset):
    """SHA-256 of a table row: id, covariates and which file it names, but not that file's content."""
    name = dataset.path.name if dataset.path is not None else ""
    return digest(dataset.id, name, list(dataset.row), dict(dataset.texts) or dict(dataset.covariates))


def dataset_digest(dataset):
    """SHA-256 of a dataset: its row of the table and its file's content."""
    return digest(row_digest(dataset), file_digest(dataset.path) if dataset.path is not None else "")


def settings_of(config, phase):
    """What of the configuration changes a search, as a JSON-able dict: how the rounds end is left out."""
    from cavity.search import SEARCHES

    return {
        "seed": config.seed,
        "phase": phase.name,
        "factor": phase.factor,
        "inference": phase.inference,
        "search": phase.search.settings,
        "max_calls": phase.max_calls,
        "on_error": phase.on_error,
        "versions": versions_of(SEARCHES[phase.search.name].libraries),
    }


def versions_of(packages):
    """Versions of numpy, scipy and those of some packages that are installed."""
    return {name: found for name in sorted({"numpy", "scipy", *packages}) if (found := _version(name))}


@cache
def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def versions():
    """Versions of this package and of what its numbers depend on."""
    found = {name: _version(name) for name in ("cavity", "numpy", "scipy", "dynesty")}
    return {"python": platform.python_version()} | {name: value for name, value in found.items() if value}


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
