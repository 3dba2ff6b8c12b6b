"""Arithmetic over parameters: relations and comparisons that stay symbolic until values are put in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real

import numpy as np
import scipy.special

from cavity.errors import ModelError, did_you_mean

COMPARISONS = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="}
INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


class Expression:
    """A scalar that depends on parameters.

    ``+ - * / **``, ``abs``, unary minus and any ufunc of numpy or scipy.special (``np.log(x)``) make a
    :class:`Relation`, ``< <= > >=`` a :class:`Comparison`. ``==`` stays identity, because a parameter is a variable.
    """

    __slots__ = ()

    def variables(self):
        """The parameters it depends on, in the order of first appearance."""
        raise NotImplementedError

    def evaluate(self, values):
        """Its value, where ``values`` maps each parameter to a float or an array; arrays broadcast."""
        raise NotImplementedError

    def to_dict(self, name_of):
        """JSON form: ``{"variable": name}``, or ``{"ufunc": name, "args": [...]}``; ``name_of(parameter)`` is a str."""
        raise NotImplementedError

    def substituted(self, replacements):
        """The same expression with parameters exchanged for others, for expressions or for numbers."""
        raise NotImplementedError

    def __add__(self, other):
        return _infix("add", self, other)

    def __radd__(self, other):
        return _infix("add", other, self)

    def __sub__(self, other):
        return _infix("subtract", self, other)

    def __rsub__(self, other):
        return _infix("subtract", other, self)

    def __mul__(self, other):
        return _infix("multiply", self, other)

    def __rmul__(self, other):
        return _infix("multiply", other, self)

    def __truediv__(self, other):
        return _infix("divide", self, other)

    def __rtruediv__(self, other):
        return _infix("divide", other, self)

    def __pow__(self, other):
        return _infix("power", self, other)

    def __rpow__(self, other):
        return _infix("power", other, self)

    def __neg__(self):
        return relation("negative", self)

    def __pos__(self):
        return self

    def __abs__(self):
        return relation("absolute", self)

    def __lt__(self, other):
        return _infix("less", self, other)

    def __le__(self, other):
        return _infix("less_equal", self, other)

    def __gt__(self, other):
        return _infix("greater", self, other)

    def __ge__(self, other):
        return _infix("greater_equal", self, other)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method != "__call__" or options or ufunc.nout != 1:
            raise ModelError(f"np.{ufunc.__name__} of a parameter: only a plain call with one result makes a relation")
        return relation(ufunc, *inputs)


@dataclass(frozen=True, slots=True, eq=False)
class Relation(Expression):
    """A ufunc of parameters, relations and numbers.

    Parameters
    ----------
    ufunc
        Name in numpy, or in scipy.special.
    args
        Expressions and floats.
    """

    ufunc: str
    args: tuple

    def variables(self):
        found = (leaf for arg in self.args if isinstance(arg, Expression) for leaf in arg.variables())
        return tuple(dict.fromkeys(found))

    def evaluate(self, values):
        with np.errstate(all="ignore"):
            args = [arg.evaluate(values) if isinstance(arg, Expression) else arg for arg in self.args]
            return ufunc_named(self.ufunc)(*args)

    def to_dict(self, name_of):
        return {"ufunc": self.ufunc, "args": [_argument_to_dict(arg, name_of) for arg in self.args]}

    def substituted(self, replacements):
        args = [substituted(arg, replacements) for arg in self.args]
        if any(isinstance(arg, Expression) for arg in args):
            return Relation(self.ufunc, tuple(args))
        with np.errstate(all="ignore"):
            return float(ufunc_named(self.ufunc)(*args))

    def described(self, name_of):
        """The formula as a person writes it."""
        if self.ufunc in INFIX:
            left, right = (_operand(arg, name_of) for arg in self.args)
            return f"{left} {INFIX[self.ufunc]} {right}"
        return f"{self.ufunc}({', '.join(_described(arg, name_of) for arg in self.args)})"

    def __repr__(self):
        return self.described(repr)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """An inequality between expressions: what an assertion asserts.

    Parameters
    ----------
    left, right
        Expressions or floats.
    op
        One of ``< <= > >=``.
    """

    left: Expression | float
    op: str
    right: Expression | float

    @property
    def ufunc(self):
        return next(name for name, op in COMPARISONS.items() if op == self.op)

    def variables(self):
        """The parameters on both sides, in the order of first appearance."""
        return Relation(self.ufunc, (self.left, self.right)).variables()

    def satisfied(self, values):
        """Whether it holds, a bool or an array of bools; NaN does not satisfy."""
        return Relation(self.ufunc, (self.left, self.right)).evaluate(values)

    def to_dict(self, name_of):
        """JSON form ``{"left": ..., "op": "<", "right": ...}``."""
        return {
            "left": _argument_to_dict(self.left, name_of),
            "op": self.op,
            "right": _argument_to_dict(self.right, name_of),
        }

    def substituted(self, replacements):
        """The comparison with parameters exchanged; a bool if none is left."""
        left, right = substituted(self.left, replacements), substituted(self.right, replacements)
        if isinstance(left, Expression) or isinstance(right, Expression):
            return Comparison(left, self.op, right)
        return bool(ufunc_named(self.ufunc)(left, right))

    def described(self, name_of):
        """The inequality as a person writes it."""
        return f"{_described(self.left, name_of)} {self.op} {_described(self.right, name_of)}"

    def __bool__(self):
        raise ModelError(
            f"{self!r} has no truth value before a fit: write a < b < c as two assertions, a < b and b < c"
        )

    def __repr__(self):
        return self.described(repr)


def relation(ufunc, *args):
    """The expression ``ufunc(*args)``; comparisons give a :class:`Comparison`.

    Raises
    ------
    ModelError
        If the ufunc is not one of numpy or scipy.special, or an argument is neither a parameter nor a number.
    """
    name = ufunc if isinstance(ufunc, str) else ufunc.__name__
    if ufunc_named(name) is not ufunc and not isinstance(ufunc, str):
        raise ModelError(f"{name} is not a ufunc of numpy or scipy.special, so a relation of it could not be stored")
    for arg in args:
        if not _is_scalar(arg):
            raise ModelError(f"a relation takes parameters and numbers, got {arg!r}; write one relation an element")
    args = tuple(arg if isinstance(arg, Expression) else float(arg) for arg in args)
    if name in COMPARISONS:
        return Comparison(args[0], COMPARISONS[name], args[1])
    return Relation(name, args)


@cache
def ufunc_named(name):
    """The ufunc of numpy or scipy.special with this name."""
    for module in (np, scipy.special):
        found = getattr(module, name, None)
        if isinstance(found, np.ufunc):
            return found
    known = [key for key in (*vars(np), *vars(scipy.special)) if not key.startswith("_")]
    raise ModelError(f"{name} is not a ufunc of numpy or scipy.special{did_you_mean(name, known)}")


def substituted(value, replacements):
    """``value`` with the parameters in ``replacements`` exchanged; anything but an expression stays."""
    return value.substituted(replacements) if isinstance(value, (Expression, Comparison)) else value


def expression_from_dict(stored, variable_of: Callable):
    """The inverse of ``to_dict``; ``variable_of(name)`` gives the parameter."""
    if not isinstance(stored, dict):
        return float(stored)
    if "variable" in stored:
        return variable_of(stored["variable"])
    if "op" in stored:
        left, right = (expression_from_dict(stored[side], variable_of) for side in ("left", "right"))
        return Comparison(left, stored["op"], right)
    args = tuple(expression_from_dict(arg, variable_of) for arg in stored["args"])
    ufunc_named(stored["ufunc"])
    return Relation(stored["ufunc"], args)


def compile_expression(stored) -> Callable[[Mapping], np.ndarray]:
    """A function of named arrays from the JSON form: ``compile_expression(d)({"m": 2.0, "c": array})``."""
    if not isinstance(stored, dict):
        constant = float(stored)
        return lambda values: constant
    if "variable" in stored:
        name = stored["variable"]
        return lambda values: values[name]
    ufunc, args = ufunc_named(stored["ufunc"]), [compile_expression(arg) for arg in stored["args"]]

    def evaluate(values):
        with np.errstate(all="ignore"):
            return ufunc(*(arg(values) for arg in args))

    return evaluate


def _infix(name, left, right):
    """A relation for Python's operators: an operand that is no scalar gets its own say first."""
    return relation(name, left, right) if _is_scalar(left) and _is_scalar(right) else NotImplemented


def _is_scalar(value):
    return isinstance(value, (Expression, Real)) or (isinstance(value, np.ndarray) and value.ndim == 0)


def _argument_to_dict(arg, name_of):
    return arg.to_dict(name_of) if isinstance(arg, Expression) else arg


def _described(arg, name_of):
    if isinstance(arg, Relation):
        return arg.described(name_of)
    return name_of(arg) if isinstance(arg, Expression) else repr(arg)


def _operand(arg, name_of):
    """A term of an infix formula: in parentheses where it is infix itself."""
    is_infix = isinstance(arg, Relation) and arg.ufunc in INFIX
    return f"({_described(arg, name_of)})" if is_infix else _described(arg, name_of)
