"""HDF5 files: nested dicts of arrays and plain values, written atomically, equal bytes for equal content, checked.

Arrays are datasets; numbers, texts, booleans and None are attributes of their group; a list of texts is a dataset of
texts and any other list a JSON text. The SHA-256 of the content is stored beside it.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
from pathlib import Path

import h5py
import numpy as np

from cavity.errors import AccessError, DamagedError, ResultError
from cavity.posterior.samples import Samples

FORMAT = 1
_CHECKSUM, _FORMAT, _ATTRIBUTES = "cavity:sha256", "cavity:format", "cavity:attributes"
_KIND = "cavity:kind"
_SHA256, _SEAL = "sha256", "sha256 "
NOT_AS_WRITTEN = "the content does not match its checksum"
_REFUSED = (errno.EACCES, errno.EPERM, errno.EIO, errno.ENOLCK, errno.EAGAIN, errno.ESTALE, errno.EMFILE)
_LONGEST_ATTRIBUTE = 16_000  # HDF5 keeps an attribute's group header below 64 kB


@contextlib.contextmanager
def atomic_path(path):
    """A temporary path in the same folder; moved onto ``path`` (after fsync) only if the block ends well.

    Raises
    ------
    AccessError
        If the machine refuses: a full disk, a folder that cannot be written.
    """
    path = Path(path)
    temporary = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _fsync(temporary)
        os.replace(temporary, path)
        _fsync(path.parent)
    except OSError as error:
        raise AccessError(error, path) from error
    except RuntimeError as error:  # HDF5's, where the disk is full when a file is closed
        refused = re.search(r"errno = (\d+), error message = '([^']*)'", str(error))
        if refused is None:
            raise
        raise AccessError(OSError(int(refused[1]), refused[2]), path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def new_file(path):
    """An HDF5 file that keeps the order of its groups and whose bytes depend on nothing but its content."""
    return h5py.File(path, "w", libver=("earliest", "v110"), track_order=True, locking=False)


def old_file(path):
    """An HDF5 file to read. Never locked: files are written under another name, and many clusters have no locks."""
    return h5py.File(path, "r", locking=False)


def write_text(path, text):
    """A small text file, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_sealed_text(path, text):
    """A text file, atomically, whose last line is the SHA-256 of the others."""
    write_text(path, f"{text}{_SEAL}{hashlib.sha256(text.encode()).hexdigest()}\n")


def check_sealed_text(path):
    """DamagedError where a file of :func:`write_sealed_text` is not what was written."""
    text, _, seal = _read_text(path).rpartition(_SEAL)
    if hashlib.sha256(text.encode()).hexdigest() != seal.strip():
        raise DamagedError(path, NOT_AS_WRITTEN)


def write_json(path, content):
    """A JSON file, atomically, with floats that read back to the last bit; NaN and infinities become null and texts.

    ``content`` is a dict; the SHA-256 of it is added as its last entry, ``sha256``.
    """
    content = _standard_json(content)
    write_text(path, json.dumps({**content, _SHA256: _json_checksum(content)}, indent=1, allow_nan=False) + "\n")


def load_json(path):
    """The content of a file of :func:`write_json`; a ResultError names it where it is missing or damaged."""
    try:
        content = json.loads(_read_text(path))
    except ValueError as error:
        raise DamagedError(path, f"not readable as JSON ({error})") from None
    if not isinstance(content, dict) or content.pop(_SHA256, None) != _json_checksum(content):
        raise DamagedError(path, NOT_AS_WRITTEN)
    return content


def save_tree(path, tree, attributes=None):
    """Write a nested dict.

    Parameters
    ----------
    tree
        Keys are texts without a slash; values are dicts, numeric, boolean or text arrays, numbers, texts, booleans,
        None, or lists and tuples that JSON can hold (a tuple loads as a list).
    attributes
        A JSON-able dict about the file, read alone by :func:`load_attributes`.

    Raises
    ------
    ResultError
        If a key or a value cannot be stored.
    """
    attributes_text = json.dumps(attributes or {}, sort_keys=True)
    checksum = tree_checksum(tree, attributes_text)
    with atomic_path(path) as temporary, new_file(temporary) as file:
        file.attrs[_FORMAT] = FORMAT
        file.attrs[_CHECKSUM] = checksum
        _put(file, _ATTRIBUTES, attributes_text)
        _write_group(file, tree)
    return checksum


def load_tree(path):
    """The nested dict of :func:`save_tree`, its checksum verified.

    Raises
    ------
    ResultError
        If the file is missing, damaged or of another format; the sentence names it.
    """
    with _opened(path) as file:
        tree, attributes_text = _read_group(file, root=True), _read_leaf(file, _ATTRIBUTES)
        stored = file.attrs[_CHECKSUM]
    if tree_checksum(tree, attributes_text) != stored:
        raise DamagedError(path, NOT_AS_WRITTEN)
    return tree


def load_attributes(path):
    """The ``attributes`` of :func:`save_tree`, without reading the arrays."""
    with _opened(path) as file:
        return json.loads(_read_leaf(file, _ATTRIBUTES))


def stored_checksum(path):
    """The checksum that a file of :func:`save_tree` carries, without reading its arrays."""
    with _opened(path) as file:
        return str(file.attrs[_CHECKSUM])


def tree_checksum(tree, attributes_text=""):
    """SHA-256 of a nested dict's content, independent of the order of its keys; also the identity of inputs."""
    digest = hashlib.sha256(attributes_text.encode())
    _digest(digest, "", tree)
    return digest.hexdigest()


def samples_tree(samples):
    """Samples as a tree for :func:`save_tree`; the model is left out."""
    tree = {"names": list(samples.names), "values": samples.values, "log_weights": samples.log_weights}
    for key in ("log_likelihoods", "log_priors", "unit", "log_evidence", "log_evidence_error", "pareto_k"):
        if getattr(samples, key) is not None:
            tree[key] = getattr(samples, key)
    for key in ("labels", "units"):
        if getattr(samples, key) is not None:
            tree[key] = list(getattr(samples, key))
    info = json.dumps(samples.info, sort_keys=True)
    return {**tree, "calls": samples.calls, "rejected": samples.rejected, "info": info}


def samples_from_tree(tree, model=None):
    """The inverse of :func:`samples_tree`, equal to the last bit."""
    return Samples(**{**tree, "info": json.loads(tree["info"])}, model=model)


# --- inside -----------------------------------------------------------------------------------------------------


def _json_checksum(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _read_text(path):
    with readable(path):
        return Path(path).read_text(encoding="utf-8")


@contextlib.contextmanager
def readable(path):
    """What reading a result raises, as one sentence: it is missing, the machine refuses, or it is damaged."""
    try:
        yield
    except FileNotFoundError:
        raise ResultError(f"{path}: there is no such result; run the step that makes it") from None
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno in _REFUSED:
            raise AccessError(error, path) from error
        raise DamagedError(path, f"not a readable result ({error})") from error


def _fsync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _opened(path):
    """A file of ours, with HDF5's own exceptions turned into one sentence."""
    with readable(path), old_file(path) as file:
        if int(file.attrs[_FORMAT]) != FORMAT:
            raise ResultError(f"{path}: written in format {file.attrs[_FORMAT]}, this version reads {FORMAT}")
        yield file


def _is_leaf(value):
    return value is None or isinstance(value, (str, bool, int, float, np.generic))


def _write_group(group, tree):
    for key, value in tree.items():
        _check_key(group.name, key)
        if isinstance(value, dict):
            _write_group(group.create_group(key, track_order=True), value)
        elif isinstance(value, np.ndarray):
            _write_array(group, key, value)
        elif isinstance(value, (list, tuple)):
            _write_list(group, key, value)
        elif _is_leaf(value):
            _put(group, key, value)
        else:
            raise ResultError(f"{group.name}/{key}: a {type(value).__name__} cannot be stored in a result")


def _check_key(where, key):
    if not isinstance(key, str) or not key or "/" in key or key == "." or key.startswith("cavity:"):
        raise ResultError(f"{where}: {key!r} cannot be a key of a result (a text, no slash, not '.', not 'cavity:...')")


def _put(group, key, value):
    """One plain value: an attribute, or a dataset where the text is long."""
    if isinstance(value, str) and len(value) > _LONGEST_ATTRIBUTE:
        dataset = group.create_dataset(key, data=value, dtype=h5py.string_dtype(), track_times=False)
        dataset.attrs[_KIND] = "text"
    elif value is None:
        group.attrs[key] = h5py.Empty("f8")
    elif isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise ResultError(f"{group.name}/{key}: {value} does not fit in 64 bits")
    else:
        group.attrs[key] = value


def _write_array(group, key, array):
    if array.dtype.kind in "biufc":
        group.create_dataset(key, data=array, track_times=False)
    elif array.dtype.kind == "U":
        dataset = group.create_dataset(key, data=array.astype(object), dtype=h5py.string_dtype(), track_times=False)
        dataset.attrs[_KIND] = array.dtype.str
    else:
        raise ResultError(f"{group.name}/{key}: an array of {array.dtype} cannot be stored in a result")


def _write_list(group, key, items):
    if items and all(isinstance(item, str) for item in items):
        content, kind = np.array(items, dtype=object), "texts"
    else:
        content, kind = _json(group.name, key, items), "json"
    dataset = group.create_dataset(key, data=content, dtype=h5py.string_dtype(), track_times=False)
    dataset.attrs[_KIND] = kind


def _json(where, key, items):
    def plain(value):
        if isinstance(value, np.generic):
            return value.item()
        raise ResultError(f"{where}/{key}: a list with a {type(value).__name__} cannot be stored in a result")

    return json.dumps(items, default=plain)


def _read_group(group, root=False):
    tree = {key: _read_leaf(group, key) for key in group.attrs if not key.startswith("cavity:")}
    for key, item in group.items():
        if root and key.startswith("cavity:"):
            continue
        tree[key] = _read_group(item) if isinstance(item, h5py.Group) else _read_dataset(item)
    return tree


def _read_leaf(group, key):
    if key in group:
        return _read_dataset(group[key])
    value = group.attrs[key]
    if isinstance(value, h5py.Empty):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _read_dataset(dataset):
    kind = dataset.attrs.get(_KIND)
    if kind is None:
        return np.asarray(dataset[()])
    if kind == "text":
        return dataset.asstr()[()]
    if kind == "json":
        return json.loads(dataset.asstr()[()])
    if kind == "texts":
        return dataset.asstr()[()].tolist()
    return dataset.asstr()[()].astype(np.dtype(kind))


def _digest(digest, path, value):
    if isinstance(value, dict):
        digest.update(f"{path}:dict:{len(value)}\n".encode())
        for key in sorted(value, key=str):
            _digest(digest, f"{path}/{key}", value[key])
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        little = np.ascontiguousarray(value.astype(value.dtype.newbyteorder("<"), copy=False))
        digest.update(f"{path}:{little.dtype.str}:{value.shape}\n".encode())
        digest.update(little.tobytes())
    elif isinstance(value, np.ndarray):
        digest.update(f"{path}:{value.dtype.str}:{value.shape}:{json.dumps(value.tolist(), default=str)}\n".encode())
    elif isinstance(value, (list, tuple)):
        digest.update(f"{path}:list:{_json('', path, value)}\n".encode())
    else:
        value = value.item() if isinstance(value, np.generic) else value
        digest.update(f"{path}:{type(value).__name__}:{value!r}\n".encode())


def _standard_json(value):
    """JSON without NaN: null for it, 'inf' and '-inf' for the infinities."""
    if isinstance(value, dict):
        return {str(key): _standard_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_standard_json(item) for item in value]
    if isinstance(value, np.ndarray):
        return _standard_json(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else ("inf" if value > 0 else "-inf")
    return value
