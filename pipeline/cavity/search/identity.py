"""A hash of content: what a checkpoint belongs to."""

import hashlib
import inspect
from collections.abc import Mapping

import numpy as np

#: Classes of these packages are known by their name; their version is part of a checkpoint's key.
LIBRARIES = ("builtins", "numpy", "scipy", "cavity", "abc", "typing", "collections", "enum")
NO_CONTENT = ("__module__", "__doc__", "__qualname__", "__firstlineno__", "__static_attributes__", "__slots__")


def content_hash(*objects):
    """SHA-256 (hex) of numbers, text, arrays, containers, functions by their code, objects by class and attributes.

    What a function reads from its module is not followed.
    """
    digest = hashlib.sha256()
    for item in objects:
        _feed(digest, item, set())
    return digest.hexdigest()


def _feed(digest, item, seen):
    if item is None or isinstance(item, (bool, int, float, complex, str, bytes)):
        digest.update(f"{type(item).__name__}:{item!r};".encode())
    elif isinstance(item, (np.ndarray, np.generic)):
        item = np.asarray(item)
        digest.update(f"array:{item.dtype.str}:{item.shape};".encode())
        if item.dtype.hasobject:
            for value in item.ravel().tolist():
                _feed(digest, value, seen)
        else:
            digest.update(np.ascontiguousarray(item).tobytes())
    elif id(item) in seen:
        digest.update(b"seen;")
    else:
        seen = seen | {id(item)}
        if isinstance(item, Mapping):
            digest.update(f"mapping:{len(item)};".encode())
            for key, value in item.items():
                _feed(digest, key, seen)
                _feed(digest, value, seen)
        elif isinstance(item, (list, tuple)):
            digest.update(f"sequence:{len(item)};".encode())
            for value in item:
                _feed(digest, value, seen)
        elif isinstance(item, (set, frozenset)):
            digest.update(f"set:{sorted(content_hash(value) for value in item)};".encode())
        else:
            _feed_object(digest, item, seen)


def _feed_object(digest, item, seen):
    """A class by its methods, a function by its code, an instance by its class and attributes."""
    if isinstance(item, type):
        _feed_class(digest, item, seen)
    elif hasattr(item, "__code__"):
        _feed_function(digest, item, seen)
    elif inspect.ismethod(item):
        _feed(digest, (item.__func__, item.__self__), seen)
    else:
        _feed_class(digest, type(item), seen)
        state = dict(getattr(item, "__dict__", {}))
        for name in _slots(type(item)):
            if hasattr(item, name):
                state[name] = getattr(item, name)
        _feed(digest, state, seen)


def _feed_class(digest, cls, seen):
    for base in cls.__mro__:
        digest.update(f"class:{base.__module__}:{base.__qualname__};".encode())
        if base.__module__.split(".")[0] in LIBRARIES:
            continue
        for name, value in sorted(vars(base).items()):
            value = getattr(value, "__func__", getattr(value, "fget", value))
            if hasattr(value, "__code__") or isinstance(value, (int, float, str, tuple, np.ndarray)):
                if name not in NO_CONTENT:
                    _feed(digest, (name, value), seen)


def _feed_function(digest, function, seen):
    digest.update(f"function:{function.__qualname__};".encode())
    _feed_code(digest, function.__code__, seen)
    _feed(digest, (function.__defaults__, function.__kwdefaults__), seen)
    for cell in function.__closure__ or ():
        try:
            _feed(digest, cell.cell_contents, seen)
        except ValueError:  # a cell that is not filled yet
            digest.update(b"empty;")


def _feed_code(digest, code, seen):
    digest.update(code.co_code)
    _feed(digest, code.co_names, seen)
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            _feed_code(digest, constant, seen)
        else:
            _feed(digest, constant, seen)


def _slots(cls):
    names = []
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if not name.startswith("__")]
