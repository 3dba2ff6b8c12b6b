"""Settings of a search: checked when it is made, by the library's own names."""

import functools
import inspect
import math
from dataclasses import dataclass, fields
from numbers import Integral, Real

from cavity.errors import SearchError, did_you_mean


def adapter(cls):
    """A frozen, keyword-only dataclass whose constructor names the nearest setting for one that does not exist."""
    cls = dataclass(frozen=True, kw_only=True)(cls)
    made_by_dataclass = cls.__init__
    known = [field.name for field in fields(cls)]

    @functools.wraps(made_by_dataclass)
    def __init__(self, *positional, **settings):
        if positional:
            raise SearchError(f"{cls.__name__} takes its settings by name: {cls.__name__}({known[-1]}=...)")
        for key in settings:
            if key not in known:
                raise SearchError(f"{key}: no such setting of {cls.__name__}{did_you_mean(key, known)}")
        made_by_dataclass(self, **settings)

    __init__.__signature__ = inspect.signature(made_by_dataclass)
    cls.__init__ = __init__
    return cls


def check_integer(search, *keys, least=1):
    """Each named setting is a whole number of at least ``least`` (or None where None is the default)."""
    for key in keys:
        value = getattr(search, key)
        if value is None and _default(search, key) is None:
            continue
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise SearchError(
                f"{type(search).__name__}.{key} is {value!r}; it must be a whole number, at least {least}"
            )


def check_number(search, *keys, above=None, least=None, most=math.inf):
    """Each named setting is a number in its range (or None where None is the default)."""
    for key in keys:
        value = getattr(search, key)
        if value is None and _default(search, key) is None:
            continue
        good = isinstance(value, Real) and not isinstance(value, bool) and value <= most
        if not good or (above is not None and not value > above) or (least is not None and not value >= least):
            low = f"above {above}" if above is not None else f"at least {least}" if least is not None else "a number"
            high = "" if most == math.inf else f" and at most {most}"
            kind = "a plain decimal number " if isinstance(value, str) and low != "a number" else ""
            raise SearchError(f"{type(search).__name__}.{key} is {value!r}; it must be {kind}{low}{high}")


def check_choice(search, key, choices):
    """The named setting is one of ``choices``."""
    value = getattr(search, key)
    if value not in choices:
        raise SearchError(
            f"{type(search).__name__}.{key} is {value!r}; it must be one of {', '.join(map(str, choices))}"
            f"{did_you_mean(value, [choice for choice in choices if choice is not None])}"
        )


def _default(search, key):
    return next(field.default for field in fields(search) if field.name == key)
