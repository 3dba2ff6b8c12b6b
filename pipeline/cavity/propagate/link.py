"""How one site sees the global parameters: eta = (m, log sd, psi) as a function of phi, with two derivatives."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.types import Array
from cavity.propagate.hierarchy import Point, Scope, limits_of
from cavity.propagate.taylor import Taylor
from cavity.propagate.transform import GlobalSpace

FAMILIES = ("GaussianPrior", "LogGaussianPrior")


class Jet(NamedTuple):
    """A map's value and derivatives at one or more points; the leading axes are the points'."""

    value: Annotated[Array, "... m"]
    jacobian: Annotated[Array, "... m D"]
    hessian: Annotated[Array, "... m D D"] | None


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
    psi are the shared parameters' coordinates in the space, so that v = W (psi - psi0) is linear in phi; of those that
    are drawn from a parent themselves, the free scale (:meth:`~cavity.propagate.hierarchy.Point.free`).
    A mean may be ``{"coordinate": name}``: that parameter's psi. Log sds are relative to ``unit`` [d]: in a
    standardised space each parent's sd at the prior's centre, so that no number depends on the user's units; else 1.

    Raises
    ------
    PropagationError
        For a family that is neither Gaussian nor log-Gaussian, or a variable that is not in the space.
    """

    def __init__(self, spec: Mapping, space: GlobalSpace):
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
        scope = Scope(space)
        self._outputs = (
            *(self._mean(scope, item["mean"]) for item in self.drawn),
            *(("log", scope.node(item["sigma"])) for item in self.drawn),
            *(("free", scope.coordinate(space.index(name))) for name in self.shared),
        )
        self.shared_index = np.array([space.index(name) for name in self.shared], int)
        self.index = scope.index  # [n] the coordinates of phi that matter to the site
        self.structure = repr((self.d, self._outputs))  # equal for links that differ in their drawn coordinates alone
        self.is_log = np.array([item["family"] == "LogGaussianPrior" for item in self.drawn], bool)
        self.limits = np.array([limits_of(item) for item in self.drawn], float).reshape(self.d, 2)
        self.is_truncated = bool(np.isfinite(self.limits).any())
        self.unit = self._units()

    def _units(self):
        """The parents' sds at the prior's centre; 1 where that is none, or the space has units itself."""
        if not self.space.widths:
            return np.ones(self.d)
        point = Point(self.space, self.space.start()[0][self.index])
        with np.errstate(all="ignore"):
            values = np.array([float(point.value(node)) for _, node in self._outputs[self.d : 2 * self.d]])
        return np.where((values > 0) & (values < np.inf), values, 1.0)

    def sd(self, eta: Annotated[Array, "... m"]) -> Annotated[Array, "... d"]:
        """The parents' sds [..., d], in the parameters' own units, from eta [..., 2d + p]."""
        with np.errstate(over="ignore"):
            return self.unit * np.exp(eta[..., self.d : 2 * self.d])

    @staticmethod
    def _mean(scope, form):
        if isinstance(form, dict) and "coordinate" in form:
            return "free", scope.coordinate(scope.space.index(form["coordinate"]))
        return "value", scope.node(form)

    def _output(self, point, i):
        kind, node = self._outputs[i]
        return point.log(node, self.unit[i - self.d]) if kind == "log" else getattr(point, kind)(node)

    def eta(self, phi: Annotated[Array, "... D"]) -> Annotated[Array, "... m"]:
        """phi [..., D] -> eta [..., 2d + p]; NaN where a parent's sd is not a positive number."""
        return self.eta_at(np.asarray(phi, float)[..., self.index])

    def jet(self, phi: Annotated[Array, "... D"]) -> Jet:
        """eta and its derivatives with respect to phi [..., D]."""
        phi = np.asarray(phi, float)
        local, D = self.jet_at(phi[..., self.index]), phi.shape[-1]
        jacobian, hessian = np.zeros(local.jacobian.shape[:-1] + (D,)), np.zeros(local.hessian.shape[:-2] + (D, D))
        jacobian[..., self.index] = local.jacobian
        hessian[..., self.index[:, None], self.index] = local.hessian
        return Jet(local.value, jacobian, hessian)

    def eta_at(self, local: Annotated[Array, "... n"]) -> Annotated[Array, "... m"]:
        """The same at the coordinates of :attr:`index` alone, [..., n]."""
        point = Point(self.space, local)
        eta = np.empty(local.shape[:-1] + (self.size,))
        for i, (kind, _) in enumerate(self._outputs):
            eta[..., i] = _positive(kind, self._output(point, i))
        return eta

    def jet_at(self, local: Annotated[Array, "... n"], order: int = 2) -> Jet:
        """eta and its derivatives, up to an order, with respect to the coordinates of :attr:`index`, [..., n]."""
        n = local.shape[-1]
        point = Point(self.space, local, order)
        value = np.empty(local.shape[:-1] + (self.size,))
        jacobian = np.zeros(value.shape + (n,))
        hessian = np.zeros(value.shape + (n, n)) if order == 2 else None
        for i, (kind, _) in enumerate(self._outputs):
            found = self._output(point, i)
            if isinstance(found, Taylor):
                jacobian[..., i, :] = found.grad
                if order == 2:
                    hessian[..., i, :, :] = found.hess
                found = found.value
            value[..., i] = _positive(kind, found)
        return Jet(value, jacobian, hessian)


def _positive(kind, value):
    """A log sd that is not finite is no number: its parent has no density there."""
    return np.where(np.isfinite(value), value, np.nan) if kind == "log" else value


class LinkStack:
    """Several links at once: those of one structure are evaluated together."""

    def __init__(self, links: Sequence[Link]):
        self.links, groups = tuple(links), {}
        for i, link in enumerate(links):
            groups.setdefault(link.structure, []).append(i)
        self._groups = [(np.array(rows), np.stack([links[i].index for i in rows])) for rows in groups.values()]
        self.size, self.D = links[0].size, links[0].space.dimension

    def eta(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q L m"]:
        """phi [Q, D] -> [Q, L, 2d + p]."""
        result = np.empty((len(phi), len(self.links), self.size))
        for rows, index in self._groups:
            result[:, rows] = self.links[rows[0]].eta_at(phi[:, index])
        return result

    def jet(self, phi: Annotated[Array, "Q D"], order: int = 2) -> Jet:
        """A :class:`Jet` with arrays [Q, L, ...]; no second derivatives where ``order`` is 1."""
        shape = (len(phi), len(self.links), self.size)
        value, jacobian = np.empty(shape), np.zeros(shape + (self.D,))
        hessian = np.zeros(shape + (self.D, self.D)) if order == 2 else None
        for rows, index in self._groups:
            local = self.links[rows[0]].jet_at(phi[:, index], order)
            value[:, rows] = local.value
            at, out = rows[:, None, None], np.arange(self.size)[:, None]
            jacobian[:, at, out, index[:, None]] = local.jacobian
            if order == 2:
                i, j = index[:, None, :, None], index[:, None, None, :]
                hessian[:, at[..., None], out[..., None], i, j] = local.hessian
        return Jet(value, jacobian, hessian)
