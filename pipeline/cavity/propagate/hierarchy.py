"""The graph above the datasets: each coordinate's value as a function of its own and of those it hangs on.

A coordinate that is drawn from a parent is non-centred: phi is its standard normal position z, its value is
``mean + sigma z`` with the parent's arguments at the other coordinates (their quantile where limits cut). So the prior
over phi is N(0, 1) there, each density is counted once, and nothing is unbounded where sigma goes to 0
(Papaspiliopoulos, Roberts & Skoeld 2007).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from cavity.errors import PropagationError
from cavity.numerics.sobol import sobol_normal
from cavity.numerics.types import Array
from cavity.prior.expression import ufunc_named
from cavity.propagate.taylor import Taylor, composed
from cavity.propagate.truncation import log_interval

Number = float | np.ndarray | Taylor  # what a form evaluates to
PREDICTIVE_DRAWS = 1024
NOTHING = 1e-100  # the spread of a shared coordinate around itself, where a site has it among its drawn ones


@dataclass(frozen=True)
class Law:
    """The distribution of a drawn coordinate, given others.

    Attributes
    ----------
    family
        "GaussianPrior" or "LogGaussianPrior".
    mean, sigma
        JSON forms of expressions of coordinates, or numbers: of the value, of its logarithm for a log-Gaussian.
    lower, upper
        Limits on that scale; infinite where there are none.
    centre, width
        Of the free scale, see :func:`standard_law`; 0 and 1 leave it in the value's own unit.
    """

    family: str
    mean: Any
    sigma: Any
    lower: float = -np.inf
    upper: float = np.inf
    centre: float = 0.0
    width: float = 1.0

    @classmethod
    def from_spec(cls, spec: Mapping) -> "Law":
        """From ``{"family", "mean", "sigma", "lower", "upper"}``, limits in the value's own unit or None."""
        lower, upper = limits_of(spec)
        return cls(spec["family"], spec["mean"], spec["sigma"], lower, upper)

    @property
    def is_log(self) -> bool:
        """Whether theta, the Gaussian scale, is the value's logarithm."""
        return self.family == "LogGaussianPrior"

    @property
    def is_cut(self) -> bool:
        """Whether a limit cuts the Gaussian."""
        return np.isfinite(self.lower) or np.isfinite(self.upper)

    def free(self, theta: Number) -> Number:
        """theta inside the limits -> a scale without any: what a site's surrogate is a polynomial of."""
        return (self._unlimited(theta) - self.centre) / self.width

    def _unlimited(self, theta):
        if np.isfinite(self.lower) and np.isfinite(self.upper):
            return np.log(theta - self.lower) - np.log(self.upper - theta)
        if np.isfinite(self.lower):
            return np.log(theta - self.lower)
        return np.log(self.upper - theta) * -1.0 if np.isfinite(self.upper) else theta

    def value(self, psi: Annotated[Array, "..."]) -> Annotated[Array, "..."]:
        """That scale -> the value in its own unit."""
        psi = self.centre + self.width * np.asarray(psi, float)
        with np.errstate(over="ignore"):
            if np.isfinite(self.lower) and np.isfinite(self.upper):
                theta = self.lower + (self.upper - self.lower) / (1 + np.exp(-psi))
            elif np.isfinite(self.lower):
                theta = self.lower + np.exp(psi)
            else:
                theta = self.upper - np.exp(-psi) if np.isfinite(self.upper) else psi
            return np.exp(theta) if self.is_log else theta


@dataclass(eq=False)
class Scope:
    """Forms compiled against a space: the coordinates they use, in the order of first appearance.

    Parameters
    ----------
    space
        The :class:`~cavity.propagate.transform.GlobalSpace`.
    slots
        {coordinate: its position}; grows while forms are compiled.
    """

    space: Any
    slots: dict = field(default_factory=dict)

    def node(self, form: Mapping | float) -> tuple:
        """A form as nested tuples; equal for forms that differ in which drawn coordinates they name alone."""
        if not isinstance(form, dict):
            return ("number", float(form))
        if "variable" in form:
            return self.coordinate(self.space.index(form["variable"]))
        return ("ufunc", form["ufunc"], *(self.node(argument) for argument in form["args"]))

    def coordinate(self, j: int) -> tuple:
        """The node of one coordinate, with what it hangs on."""
        law = self.space.laws[j]
        if law is None:
            return ("plain", self.slots.setdefault(j, len(self.slots)), j)
        mean, sigma = self.node(law.mean), self.node(law.sigma)
        slot = self.slots.setdefault(j, len(self.slots))
        return ("drawn", slot, replace(law, mean=None, sigma=None), mean, sigma)

    @property
    def index(self) -> Annotated[Array, "n"]:
        """[n] positions in phi."""
        return np.array(list(self.slots), int)


class Point:
    """Where forms are evaluated: phi of one scope [..., n], with derivatives up to an order (0, 1, 2)."""

    def __init__(self, space: Any, phi: Annotated[Array, "... n"], order: int = 0):
        self.space, self.phi, self.order = space, phi, order
        self._known = {}

    def raw(self, slot: int) -> Number:
        """The coordinate itself."""
        x = self.phi[..., slot]
        return self._lifted(x, slot, 1.0, 0.0) if self.order else x

    def _lifted(self, value, slot, first, second):
        return Taylor.variable(value, slot, self.phi.shape[-1], first, second if self.order == 2 else None)

    def value(self, node: tuple) -> Number:
        """A node's value in its own unit."""
        if node[0] == "number":
            return node[1]
        if node[0] == "ufunc":
            with np.errstate(all="ignore"):
                return ufunc_named(node[1])(*(self.value(argument) for argument in node[2:]))
        if node[1] not in self._known:
            self._known[node[1]] = self._plain(node) if node[0] == "plain" else self._drawn(node)
        return self._known[node[1]]

    def _plain(self, node):
        _, slot, j = node
        x = self.phi[..., slot]
        value = self.space.value_of(j, x)
        return self._lifted(value, slot, *self.space.slopes(j, x)) if self.order else value

    def _drawn(self, node):
        theta = self.theta(node)
        with np.errstate(over="ignore"):
            return np.exp(theta) if node[2].is_log else theta

    def theta(self, node: tuple) -> Number:
        """A drawn coordinate on its parent's Gaussian scale (docs/inference.md, eq. 4)."""
        _, slot, law, mean, sigma = node
        m, s, z = self.value(mean), self.value(sigma), self.raw(slot)
        if not law.is_cut:
            return m + s * z
        with np.errstate(all="ignore"):
            limits = [(limit - m) / s if np.isfinite(limit) else limit for limit in (law.lower, law.upper)]
            return m + s * (composed(_cut, z, *limits) if self.order else _cut(z, *limits))

    def log(self, node: tuple, unit: float = 1.0) -> Number:
        """The logarithm of a node's value in a unit; NaN where it is not a positive number."""
        if node[0] == "plain" and self.space.kinds[node[2]] == "log":
            return self.raw(node[1]) + np.log(self.space.width_of(node[2]) / unit)
        value = self.value(node)
        with np.errstate(all="ignore"):
            return np.log(value / unit)

    def free(self, node: tuple) -> Number:
        """A coordinate on the scale that surrogates use: without limits, and not moved by its parents."""
        return self.raw(node[1]) if node[0] == "plain" else node[2].free(self.theta(node))

    def position(self, node: tuple, theta: Annotated[Array, "..."]) -> Annotated[Array, "..."]:
        """The standard normal position z of a drawn coordinate, given its theta [...]."""
        _, _, law, mean, sigma = node
        m, s = self.value(mean), self.value(sigma)
        if not law.is_cut:
            return (theta - m) / s
        x, low, high = (theta - m) / s, (law.lower - m) / s, (law.upper - m) / s
        with np.errstate(all="ignore"):
            below, above = log_interval(low, x), log_interval(x, high)
            total = log_interval(low, high)
            return np.where(below < above, ndtri_exp(below - total), -ndtri_exp(above - total))


def _cut(z, low, high):
    """The standard normal between two limits at the quantile of z, precise in both tails."""
    with np.errstate(all="ignore"):
        total = log_interval(low, high)
        from_below = ndtri_exp(np.minimum(np.logaddexp(log_ndtr(low), log_ndtr(z) + total), 0.0))
        from_above = -ndtri_exp(np.minimum(np.logaddexp(log_ndtr(-high), log_ndtr(-z) + total), 0.0))
        x = np.where(from_below < 0, from_below, from_above)
        return np.clip(x, low, high)


def drawn_order(space: Any) -> tuple[int, ...]:
    """The drawn coordinates, each after those it hangs on.

    Raises
    ------
    PropagationError
        If one hangs on itself.
    """
    order, waiting = [], []

    def visit(j):
        if j in order or space.laws[j] is None:
            return
        if j in waiting:
            raise PropagationError(f"{space.names[j]} is drawn from itself; a graph must not have a cycle")
        waiting.append(j)
        for form in (space.laws[j].mean, space.laws[j].sigma):
            for name in variables_of(form):
                visit(space.index(name))
        waiting.pop()
        order.append(j)

    for j in range(len(space.names)):
        visit(j)
    return tuple(order)


def standard_law(space: Any, j: int) -> Law:
    """The law of a drawn coordinate with a free scale relative to its prior predictive's median and robust sd.

    The draws of that depend on the form of the law alone, so that alike coordinates have one scale.
    """
    scope = Scope(space)
    node = scope.coordinate(j)
    draws = space.from_normal(sobol_normal(PREDICTIVE_DRAWS, len(scope.index), 1), scope.index)
    with np.errstate(all="ignore"):
        free = Point(space, draws).free(node)
    if not np.isfinite(free).any():
        return space.laws[j]
    low, middle, high = np.quantile(free[np.isfinite(free)], [0.05, 0.5, 0.95])
    return replace(space.laws[j], centre=float(middle), width=float((high - low) / 3.29) or 1.0)


def limits_of(spec: Mapping) -> tuple[float, float]:
    """(lower, upper) on the Gaussian scale of a parent's specification."""
    lower = -np.inf if spec.get("lower") is None else float(spec["lower"])
    upper = np.inf if spec.get("upper") is None else float(spec["upper"])
    if spec["family"] == "LogGaussianPrior":
        return (np.log(lower) if lower > 0 else -np.inf), np.log(upper)
    return lower, upper


def variables_of(form: Mapping | float) -> tuple[str, ...]:
    """Names of the variables in an expression's JSON form, in order of first appearance."""
    if not isinstance(form, dict):
        return ()
    for kind in ("variable", "coordinate"):
        if kind in form:
            return (form[kind],)
    names = [name for argument in form.get("args", ()) for name in variables_of(argument)]
    return tuple(dict.fromkeys(names))
