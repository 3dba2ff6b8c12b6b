"""Attribute queries: ``agg.gaussian.sigma > 3`` as a condition, and conditions as SQL."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

from cavity.errors import ResultError

OPERATORS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Condition:
    """What a fit must meet; joined with ``&`` and ``|``, turned round with ``~``."""

    def __and__(self, other):
        return Both("AND", self, _condition(other))

    def __or__(self, other):
        return Both("OR", self, _condition(other))

    def __invert__(self):
        return Not(self)

    def __bool__(self):
        raise ResultError("a query joins conditions with & and |, each in parentheses, not with 'and' and 'or'")

    def _sql(self, catalogue):
        """(SQL expression over the table ``fits``, its parameters); ``catalogue`` knows which paths exist."""
        raise NotImplementedError


class Attribute(Condition):
    """A path into a fit: a parameter, a component of the model, a column of the dataset, or a property of the fit.

    Compared with a number, a text or a class it is a condition; by itself it asks whether the fit has it.
    """

    def __init__(self, path):
        self._path = tuple(path)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Attribute((*self._path, name))

    def __getitem__(self, name):
        return Attribute((*self._path, str(name)))

    def __str__(self):
        return ".".join(self._path)

    __repr__ = __str__

    def __eq__(self, value):
        return Compare(self._path, "==", value)

    def __ne__(self, value):
        return Compare(self._path, "!=", value)

    def __lt__(self, value):
        return Compare(self._path, "<", value)

    def __le__(self, value):
        return Compare(self._path, "<=", value)

    def __gt__(self, value):
        return Compare(self._path, ">", value)

    def __ge__(self, value):
        return Compare(self._path, ">=", value)

    __hash__ = None

    def _sql(self, catalogue):
        return catalogue.exists(self._path)


@dataclass(frozen=True, eq=False)
class Compare(Condition):
    """One comparison of an attribute with a value."""

    path: tuple
    operator: str
    value: Any

    def __post_init__(self):
        known = isinstance(self.value, (Real, str, type, tuple, list)) or self.value is None
        if not known:
            raise ResultError(
                f"{'.'.join(self.path)} {self.operator} ...: compare it with a number, a text, a class or None, "
                f"not with a {type(self.value).__name__}"
            )
        if isinstance(self.value, (type, tuple, list)) or self.value is None:
            if self.operator not in ("==", "!="):
                raise ResultError(f"{'.'.join(self.path)} {self.operator} ...: this compares with == and != only")

    def _sql(self, catalogue):
        return catalogue.compare(self.path, self.operator, self.value)


@dataclass(frozen=True, eq=False)
class Both(Condition):
    """Two conditions joined by AND or OR."""

    joint: str
    left: Condition
    right: Condition

    def _sql(self, catalogue):
        left, left_values = self.left._sql(catalogue)
        right, right_values = self.right._sql(catalogue)
        return f"({left} {self.joint} {right})", (*left_values, *right_values)


@dataclass(frozen=True, eq=False)
class Not(Condition):
    """The opposite of a condition."""

    inner: Condition

    def _sql(self, catalogue):
        text, values = self.inner._sql(catalogue)
        return f"(NOT {text})", values


def _condition(value):
    if isinstance(value, Condition):
        return value
    raise ResultError(f"a query joins conditions such as agg.gaussian.sigma > 3, got {value!r}")
