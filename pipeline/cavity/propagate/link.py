"""How one site sees the global parameters: eta = (m, log sd, psi) as a function of phi, with two derivatives."""

import json
from itertools import combinations
from typing import NamedTuple

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.differences import central_difference
from cavity.propagate.transform import STEP

FAMILIES = ("GaussianPrior", "LogGaussianPrior")


class Jet(NamedTuple):
    """A map's value and derivatives at one or more points; the leading axes are the points'."""

    value: np.ndarray  # [..., n]
    jacobian: np.ndarray  # [..., n, D]
    hessian: np.ndarray  # [..., n, D, D]


def variables_of(expression):
    """Names of the variables in an expression's JSON form, in order of first appearance."""
    if not isinstance(expression, dict):
        return ()
    if "variable" in expression:
        return (expression["variable"],)
    names = [name for argument in expression.get("args", ()) for name in variables_of(argument)]
    return tuple(dict.fromkeys(names))


def _is_variable(expression):
    return isinstance(expression, dict) and "variable" in expression


class Link:
    """eta(phi) of one site, or of every site with the same specification.

    Parameters
    ----------
    spec
        ``{"drawn": [{"name", "family", "mean", "sigma", "lower", "upper"}, ...], "shared": [name, ...]}``. ``mean`` and
        ``sigma`` are numbers, ``{"variable": name}`` or ``{"ufunc": name, "args": [...]}``; ``lower`` and ``upper``
        truncate the parent (None: no limit). With ``LogGaussianPrior`` the drawn theta is the logarithm.
    space
        The :class:`~cavity.propagate.transform.GlobalSpace`.

    Notes
    -----
    psi are the shared parameters' *coordinates* in the space, so that v = W (psi - psi0) is linear in phi.

    Raises
    ------
    PropagationError
        For a family that is neither Gaussian nor log-Gaussian, or a variable that is not in the space.
    """

    def __init__(self, spec, space):
        self.spec, self.space = spec, space
        self.drawn = tuple(spec.get("drawn", ()))
        self.shared = tuple(spec.get("shared", ()))
        self.d, self.p = len(self.drawn), len(self.shared)
        self.size = 2 * self.d + self.p
        self.key = json.dumps(spec, sort_keys=True, separators=(",", ":"))
        for item in self.drawn:
            if item["family"] not in FAMILIES:
                raise PropagationError(
                    f"{item['name']}: its parent must be one of {', '.join(FAMILIES)}, got {item['family']}"
                )
        self._outputs = [(item["mean"], False) for item in self.drawn] + [(item["sigma"], True) for item in self.drawn]
        self._functions = [self._function(expression) for expression, _ in self._outputs]
        self._scopes = [
            tuple(space.index(name) for name in variables_of(expression)) for expression, _ in self._outputs
        ]
        self.shared_index = np.array([space.index(name) for name in self.shared], int)
        scope = {j for indices in self._scopes for j in indices} | set(self.shared_index.tolist())
        self.scope = tuple(sorted(scope))  # the coordinates of phi that matter to the site
        self.is_log = np.array([item["family"] == "LogGaussianPrior" for item in self.drawn], bool)
        self.limits = np.array([self._limits(item) for item in self.drawn], float).reshape(self.d, 2)
        self.is_truncated = bool(np.isfinite(self.limits).any())

    @staticmethod
    def _limits(item):
        lower, upper = item.get("lower"), item.get("upper")
        lower, upper = -np.inf if lower is None else float(lower), np.inf if upper is None else float(upper)
        if item["family"] == "LogGaussianPrior":
            return (np.log(lower) if lower > 0 else -np.inf), np.log(upper)
        return lower, upper

    def _function(self, expression):
        """phi [..., D] -> the expression's value [...]."""
        if not isinstance(expression, dict):
            return lambda phi: np.full(phi.shape[:-1], float(expression))
        if _is_variable(expression):
            j = self.space.index(expression["variable"])
            return lambda phi: self.space.value_of(j, phi[..., j])
        from cavity.prior.expression import compile_expression

        compiled = compile_expression(expression)
        indices = {name: self.space.index(name) for name in variables_of(expression)}

        def evaluate(phi):
            values = {name: self.space.value_of(j, phi[..., j]) for name, j in indices.items()}
            return np.broadcast_to(np.asarray(compiled(values), float), phi.shape[:-1])

        return evaluate

    def _output(self, i, phi):
        """One output: a mean, or the logarithm of an sd (NaN where the sd is not a positive number)."""
        expression, is_sd = self._outputs[i]
        if is_sd and _is_variable(expression):
            j = self.space.index(expression["variable"])
            if self.space.kinds[j] == "log":
                return phi[..., j]
        value = self._functions[i](phi)
        if not is_sd:
            return value
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where((value > 0) & np.isfinite(value), np.log(value), np.nan)

    def eta(self, phi):
        """phi [..., D] -> eta [..., 2d + p]; NaN where a parent's sd is not a positive number."""
        phi = np.asarray(phi, float)
        eta = np.empty(phi.shape[:-1] + (self.size,))
        for i in range(len(self._outputs)):
            eta[..., i] = self._output(i, phi)
        eta[..., 2 * self.d :] = phi[..., self.shared_index]
        return eta

    def jet(self, phi):
        """eta and its derivatives at phi [..., D]: analytic where an output is one variable, else differences."""
        phi = np.asarray(phi, float)
        D = phi.shape[-1]
        value = self.eta(phi)
        jacobian = np.zeros(phi.shape[:-1] + (self.size, D))
        hessian = np.zeros(phi.shape[:-1] + (self.size, D, D))
        first, second = self.space.derivatives(phi)
        for i, (expression, is_sd) in enumerate(self._outputs):
            if _is_variable(expression):
                j = self._scopes[i][0]
                if is_sd:
                    x = self.space.value_of(j, phi[..., j])
                    slope = first[..., j] / x
                    jacobian[..., i, j] = slope
                    hessian[..., i, j, j] = second[..., j] / x - slope**2
                else:
                    jacobian[..., i, j] = first[..., j]
                    hessian[..., i, j, j] = second[..., j]
            elif self._scopes[i]:
                self._differences(i, phi, jacobian, hessian)
        for k, j in enumerate(self.shared_index):
            jacobian[..., 2 * self.d + k, j] = 1.0
        return Jet(value, jacobian, hessian)

    def _differences(self, i, phi, jacobian, hessian):
        """Central differences of the map itself (never of a likelihood), fourth order."""
        steps = STEP * np.sqrt(np.diag(self.space.start()[1]))

        def along(j, at):
            return lambda x: self._output(i, _moved(at, j, x))

        def slope(j, at):
            return central_difference(along(j, at), at[..., j], steps[j])[0]

        for j in self._scopes[i]:
            jacobian[..., i, j], hessian[..., i, j, j] = central_difference(along(j, phi), phi[..., j], steps[j])
        for j, k in combinations(self._scopes[i], 2):
            mixed = central_difference(lambda x, j=j, k=k: slope(k, _moved(phi, j, x)), phi[..., j], steps[j])[0]
            hessian[..., i, j, k] = hessian[..., i, k, j] = mixed


def _moved(phi, j, x):
    """phi with its column j at x."""
    phi = phi.copy()
    phi[..., j] = x
    return phi
