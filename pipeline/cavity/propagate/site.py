"""A site function: what one dataset says about the global parameters, its own integrated out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from cavity.errors import PropagationError


def _empty(*shape, dtype=float):
    return field(default_factory=lambda: np.zeros(shape, dtype))


@dataclass(frozen=True, eq=False)
class Site:
    """One dataset's site function, as arrays.

    Of kind "particles", with v = W (psi - psi0), T = diag(sd^2) and C_s = T + H[mode_s]::

        l(m, log sd, psi) = sum_s exp(log_c_s + P_s(v)) N(t_s; m - B v, C_s)

    Of kind "table", log l at nodes of psi with a cubic spline between them (d = 0, p <= 2).

    Parameters
    ----------
    dataset
        Its name.
    kind
        "particles" or "table".
    link
        The specification that :class:`~cavity.propagate.link.Link` reads.
    t, log_c, H, mode
        [S, d], [S], [M, d, d], [S] integers below M; t and H in the frame below.
    centre, scale
        [d] each: on the parent's Gaussian scale (log x for a log-Gaussian) a particle is at centre + scale t. Those of
        the interim prior, so that no number depends on the user's units; l is the same in any frame.
    transport
        B [d, p].
    psi0, whitener
        [p] and W [p, p].
    exponents, coefficients, v_max
        The monomials [F, p] of P, their coefficients [S, F], and the half width of the box they were designed for.
    theta, payload
        The drawn samples as searched [S, d], and the dataset's other parameters [S, k] in their own units.
    payload_transport
        [S, k, p], how those move with v, or empty.
    drawn_names, payload_names
        d and k names, without the dataset's.
    nodes, log_l, noise
        Of a table: [K, p] in psi's coordinates, [K], and [R, K], whose noise.T @ noise is the covariance of log_l.
    node
        Of a table: [S] the node that each particle was drawn at; log_c is then its weight among those near it.
    info
        Numbers and words about how it was built (ess, pareto_k, calls, interim_mean, surrogate_error, ...).
    """

    dataset: str
    kind: str
    link: Mapping
    log_c: np.ndarray
    t: np.ndarray = _empty(0, 0)
    H: np.ndarray = _empty(1, 0, 0)
    centre: np.ndarray = _empty(0)
    scale: np.ndarray = _empty(0)
    mode: np.ndarray = _empty(0, dtype=int)
    transport: np.ndarray = _empty(0, 0)
    psi0: np.ndarray = _empty(0)
    whitener: np.ndarray = _empty(0, 0)
    exponents: np.ndarray = _empty(0, 0, dtype=int)
    coefficients: np.ndarray = _empty(0, 0)
    v_max: float = np.inf
    theta: np.ndarray = _empty(0, 0)
    payload: np.ndarray = _empty(0, 0)
    payload_transport: np.ndarray = _empty(0, 0, 0)
    drawn_names: tuple = ()
    payload_names: tuple = ()
    nodes: np.ndarray = _empty(0, 0)
    log_l: np.ndarray = _empty(0)
    noise: np.ndarray = _empty(0, 0)
    node: np.ndarray = _empty(0, dtype=int)
    info: Mapping = field(default_factory=dict)

    def __post_init__(self):
        if self.kind not in ("particles", "table"):
            raise PropagationError(f"{self.dataset}: a site is of kind particles or table, got {self.kind}")

    @property
    def d(self) -> int:
        """How many drawn variables it has."""
        return len(self.link.get("drawn", ()))

    @property
    def p(self) -> int:
        """How many shared parameters enter its likelihood."""
        return len(self.link.get("shared", ()))

    @property
    def size(self) -> int:
        """S, its particles."""
        return len(self.log_c)

    def to_tree(self) -> dict:
        """A nested dict of arrays, numbers and strings."""
        tree = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("link", "info"):
                value = json.dumps(value, sort_keys=True, default=_plain)
            elif item.name in ("drawn_names", "payload_names"):
                value = json.dumps(list(value))
            tree[item.name] = value
        return tree

    @classmethod
    def from_tree(cls, tree: Mapping) -> "Site":
        """The inverse of :meth:`to_tree`."""
        values = dict(tree)
        for name in ("link", "info"):
            values[name] = json.loads(values[name])
        for name in ("drawn_names", "payload_names"):
            values[name] = tuple(json.loads(values[name]))
        values["v_max"] = float(values["v_max"])
        values["mode"] = np.asarray(values["mode"], int)
        values["node"] = np.asarray(values["node"], int)
        values["exponents"] = np.asarray(values["exponents"], int)
        return cls(**values)


def _plain(value):
    """numpy numbers and arrays as JSON's own."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
