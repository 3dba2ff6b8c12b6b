"""A hash of content: what a checkpoint belongs to."""

import copyreg
import hashlib
import inspect
import logging
import os
import sys
from collections.abc import Mapping
from functools import cache
from types import ModuleType

import numpy as np

from cavity.identity.code import is_library

logger = logging.getLogger("cavity.search")

#: Its state is no content: distributions of scipy hold it.
GLOBAL_GENERATOR = np.random.mtrand._rand

NO_CONTENT = ("__module__", "__doc__", "__qualname__", "__firstlineno__", "__static_attributes__", "__slots__")


def content_hash(*objects):
    """SHA-256 (hex) of numbers, text, arrays, containers, functions by their code, objects by class and content.

    An object's content is its attributes, and what its type says of itself when it is copied (a table, a date, a
    spline). One whose content cannot be told (a lock, an open file) is equal to nothing, itself included. What a
    function reads from its module is not followed.
    """
    digest = hashlib.sha256()
    for item in objects:
        _feed(digest, item, set())
    return digest.hexdigest()


def _feed(digest, item, seen):
    if item is None or isinstance(item, (bool, int, float, complex, str, bytes)):
        digest.update(f"{type(item).__name__}:{item!r};".encode())
    elif isinstance(item, np.ma.MaskedArray):
        _feed(digest, ("masked", np.ma.getmaskarray(item), item.data), seen)
    elif isinstance(item, (np.ndarray, np.generic)):
        if isinstance(item, np.ndarray) and type(item) is not np.ndarray:  # an array with units
            _feed(digest, (type(item).__qualname__, getattr(item, "__dict__", {})), seen)
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
    """A class by its methods, a function by its code, an instance by its class and content."""
    if isinstance(item, type):
        _feed_class(digest, item, seen)
    elif isinstance(item, ModuleType):
        digest.update(f"module:{item.__name__};".encode())
    elif inspect.ismethod(item):
        _feed(digest, (item.__func__, item.__self__), seen)
    elif hasattr(item, "__code__"):
        _feed_function(digest, item, seen)
    elif is_library(type(item).__module__) and hasattr(item, "__wrapped__"):  # compiled, cached
        _feed(digest, item.__wrapped__, seen)
    else:
        _feed_class(digest, type(item), seen)
        told = _told(item)
        _feed(digest, told, seen)
        if told is None or isinstance(told, str):
            state = dict(getattr(item, "__dict__", {}))
            for name in _slots(type(item)):
                if hasattr(item, name):
                    state[name] = getattr(item, name)
            _feed(digest, state, seen)


def _told(item):
    """What an object of a library's type says of itself when it is copied; None where that is its attributes.

    Random bytes where it cannot be copied: then nothing is known of its content. What a class of the user's own leaves
    out of its copies is content.
    """
    cls = type(item)
    if not is_library(cls.__module__) and not any(is_library(base.__module__) for base in _copiers(cls)):
        return None
    if item is GLOBAL_GENERATOR:
        return "numpy.random"
    try:
        reduce = copyreg.dispatch_table.get(cls)
        parts = item.__reduce_ex__(2) if reduce is None else reduce(item)
    except Exception:
        _warn_of_unknown(cls)
        return os.urandom(32)
    if isinstance(parts, str):
        return parts
    make, arguments, state, items, entries = (*parts, None, None, None)[:5]
    if make is copyreg.__newobj__ and arguments == (cls,) and items is None and entries is None:
        return None if cls.__getstate__ is object.__getstate__ else state
    name = f"{getattr(make, '__module__', '')}:{getattr(make, '__qualname__', make)}"
    return [name, arguments, state, list(items or ()), list(entries or ())]


def _copiers(cls):
    """The classes, but for ``object``, that say how a class is copied."""
    names = ("__reduce_ex__", "__reduce__", "__getstate__")
    return [base for base in cls.__mro__[:-1] if any(name in vars(base) for name in names)]


@cache
def _warn_of_unknown(cls):
    logger.warning(
        "the content of a %s.%s cannot be told, so no earlier result is taken for one that depends on it",
        cls.__module__,
        cls.__qualname__,
    )


def _feed_class(digest, cls, seen):
    for base in cls.__mro__:
        digest.update(f"class:{base.__module__}:{base.__qualname__};".encode())
        if is_library(base.__module__):
            _feed_version(digest, base.__module__)
            continue
        for name, value in sorted(vars(base).items()):
            value = getattr(value, "__func__", getattr(value, "fget", value))
            if hasattr(value, "__code__") or isinstance(value, (int, float, str, tuple, np.ndarray)):
                if name not in NO_CONTENT:
                    _feed(digest, (name, value), seen)


def _feed_version(digest, module):
    """What is installed is known by its version."""
    version = getattr(sys.modules.get(module.partition(".")[0]), "__version__", "")
    digest.update(f"installed:{module}:{version};".encode())


def _feed_function(digest, function, seen):
    digest.update(f"function:{function.__qualname__};".encode())
    if is_library(function.__module__ or "") and "<" not in function.__qualname__:
        _feed_version(digest, function.__module__)
        return
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
