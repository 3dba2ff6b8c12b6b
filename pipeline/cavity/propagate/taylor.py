"""Numbers that carry their first and second derivatives: what a relation of coordinates is differentiated with."""

from collections.abc import Callable
from itertools import combinations
from typing import Annotated

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from cavity.numerics.types import Array

STEP = 1e-3  # of differences of a ufunc whose derivatives are not in the table, relative to its argument
RULES = {  # f' and f'' from (x, f(x))
    "negative": (lambda x, f: -np.ones_like(f), lambda x, f: np.zeros_like(f)),
    "positive": (lambda x, f: np.ones_like(f), lambda x, f: np.zeros_like(f)),
    "absolute": (lambda x, f: np.sign(x), lambda x, f: np.zeros_like(f)),
    "exp": (lambda x, f: f, lambda x, f: f),
    "log": (lambda x, f: 1 / x, lambda x, f: -1 / (x * x)),
    "sqrt": (lambda x, f: 0.5 / f, lambda x, f: -0.25 / (f * x)),
    "square": (lambda x, f: 2 * x, lambda x, f: np.full_like(f, 2.0)),
    "reciprocal": (lambda x, f: -f * f, lambda x, f: 2 * f**3),
}


class Taylor(NDArrayOperatorsMixin):
    """A value with its derivatives in n variables; ufuncs of one or two arguments apply the chain rule.

    Parameters
    ----------
    value
        [...]
    grad, hess
        [..., n] and [..., n, n]; a hess of None is not carried.
    """

    __slots__ = ("value", "grad", "hess")

    def __init__(
        self,
        value: Annotated[Array, "..."],
        grad: Annotated[Array, "... n"],
        hess: Annotated[Array, "... n n"] | None,
    ):
        self.value, self.grad, self.hess = value, grad, hess

    @classmethod
    def variable(
        cls,
        value: Annotated[Array, "..."],
        slot: int,
        n: int,
        first: float | Annotated[Array, "..."] = 1.0,
        second: float | Annotated[Array, "..."] | None = 0.0,
    ) -> "Taylor":
        """A function of variable ``slot`` alone, with its two derivatives."""
        value = np.asarray(value, float)
        grad, hess = np.zeros(value.shape + (n,)), None
        grad[..., slot] = first
        if second is not None:
            hess = np.zeros(value.shape + (n, n))
            hess[..., slot, slot] = second
        return cls(value, grad, hess)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method != "__call__" or options or ufunc.nout != 1:
            return NotImplemented
        if len(inputs) == 1:
            return _unary(ufunc, self)
        if len(inputs) == 2:
            return _binary(ufunc, *inputs)
        return NotImplemented


def _unary(ufunc, x):
    with np.errstate(all="ignore"):
        f = ufunc(x.value)
        rules = RULES.get(ufunc.__name__)
        if rules is None:
            first, second = _differences(ufunc, x.value, f)
        else:
            first, second = (rule(x.value, f) for rule in rules)
        return _chain(f, [x], [first], [[second]])


def _binary(ufunc, x, y):
    x, y = (item if isinstance(item, Taylor) else np.asarray(item, float) for item in (x, y))
    if not isinstance(y, Taylor):
        return _with_constant(ufunc, x, y, reverse=False)
    if not isinstance(x, Taylor):
        return _with_constant(ufunc, y, x, reverse=True)
    name = ufunc.__name__
    if name in ("add", "subtract"):
        sign = 1.0 if name == "add" else -1.0
        hess = None if x.hess is None else x.hess + sign * y.hess
        return Taylor(x.value + sign * y.value, x.grad + sign * y.grad, hess)
    with np.errstate(all="ignore"):
        if name in ("divide", "true_divide"):
            return x * np.reciprocal(y)
        if name == "power":
            return np.exp(y * np.log(x))
        f = ufunc(x.value, y.value)
        if name == "multiply":
            one, none = np.ones_like(f), np.zeros_like(f)
            return _chain(f, [x, y], [y.value, x.value], [[none, one], [one, none]])
        return composed(ufunc, x, y)


def _with_constant(ufunc, x, c, reverse):
    """A ufunc of one argument that varies and a number or array that does not."""
    name = ufunc.__name__
    if name == "multiply":
        hess = None if x.hess is None else x.hess * c[..., None, None]
        return Taylor(x.value * c, x.grad * c[..., None], hess)
    if name == "add" or (name == "subtract" and not reverse):
        return Taylor(ufunc(x.value, c), x.grad, x.hess)
    with np.errstate(all="ignore"):
        function = (lambda v: ufunc(c, v)) if reverse else (lambda v: ufunc(v, c))
        f = function(x.value)
        if name == "power" and not reverse:
            first, second = c * x.value ** (c - 1), c * (c - 1) * x.value ** (c - 2)
        elif name in ("divide", "true_divide") and not reverse:
            first, second = 1 / c + 0 * f, np.zeros_like(f)
        elif name in ("divide", "true_divide"):
            first, second = -f / x.value, 2 * f / x.value**2
        elif name == "subtract":
            first, second = -np.ones_like(f), np.zeros_like(f)
        else:
            first, second = _differences(function, x.value, f)
        return _chain(f, [x], [first], [[second]])


def composed(function: Callable, *arguments: Taylor | Annotated[Array, "..."] | float) -> Taylor:
    """An elementwise function of several arguments, some of them Taylor; its own derivatives are differences.

    Parameters
    ----------
    function
        Arrays [...] -> array [...].
    arguments
        Taylor objects, arrays or numbers; the steps are a thousandth of an argument, or of 1 where it is smaller.
    """
    values = [np.asarray(a.value if isinstance(a, Taylor) else a, float) for a in arguments]
    varying = [i for i, a in enumerate(arguments) if isinstance(a, Taylor)]

    def moved(**steps):
        return function(*(v + steps.get(f"a{i}", 0.0) for i, v in enumerate(values)))

    with np.errstate(all="ignore"):
        f = moved()
        step = {i: STEP * np.maximum(np.abs(values[i]), 1.0) for i in varying}
        parts = {i: _differences(lambda v, i=i: moved(**{f"a{i}": v - values[i]}), values[i], f) for i in varying}
        bends = {(i, i): parts[i][1] for i in varying}
        for i, j in combinations(varying, 2):
            corners = sum(
                s * t * moved(**{f"a{i}": s * step[i], f"a{j}": t * step[j]}) for s in (1, -1) for t in (1, -1)
            )
            bends[i, j] = bends[j, i] = corners / (4 * step[i] * step[j])
        second = [[bends[i, j] for j in varying] for i in varying]
        return _chain(f, [arguments[i] for i in varying], [parts[i][0] for i in varying], second)


def _differences(function, x, f):
    """First and second derivative of an elementwise function, to fourth order."""
    h = STEP * np.maximum(np.abs(x), 1.0)
    far, near, ahead, farther = (function(x + k * h) for k in (-2, -1, 1, 2))
    return (far - 8 * near + 8 * ahead - farther) / (12 * h), (-far + 16 * near - 30 * f + 16 * ahead - farther) / (
        12 * h * h
    )


def _chain(f, arguments, first, second):
    """f(a, b, ...) with its partial derivatives, as a function of the arguments' own variables."""
    grad = sum(df[..., None] * a.grad for df, a in zip(first, arguments))
    if arguments[0].hess is None:
        return Taylor(f, grad, None)
    hess = sum(df[..., None, None] * a.hess for df, a in zip(first, arguments))
    for a, row in zip(arguments, second):
        for b, bend in zip(arguments, row):
            if np.any(bend):
                hess = hess + bend[..., None, None] * a.grad[..., :, None] * b.grad[..., None, :]
    return Taylor(f, grad, hess)
