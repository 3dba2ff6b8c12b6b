"""A hash of content: what a checkpoint belongs to."""

import hashlib
import inspect
from collections.abc import Mapping

import numpy as np


def content_hash(*objects):
    """SHA-256 (hex) of numbers, text, arrays, containers, and objects by their class's source and attributes."""
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
    """A class or function by its source; an instance by its class and attributes."""
    definition = item if inspect.isclass(item) or inspect.isroutine(item) else type(item)
    digest.update(f"object:{getattr(definition, '__module__', '')}:{getattr(definition, '__qualname__', '')};".encode())
    try:
        digest.update(inspect.getsource(definition).encode())
    except (OSError, TypeError):
        pass
    if definition is not item:
        state = dict(getattr(item, "__dict__", {}))
        for name in _slots(type(item)):
            if hasattr(item, name):
                state[name] = getattr(item, name)
        _feed(digest, state, seen)


def _slots(cls):
    names = []
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if not name.startswith("__")]
