"""Designs for shared parameters: where a search evaluates its particles again, and the surrogate this gives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Annotated

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.differences import curvatures, mixed
from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp

AXIAL = (-3.2, -1.6, 1.6, 3.2)  # posterior sds
AXIAL_WIDTH = 3.5
COMMON_DEGREE, FEW_AXES = 4, 3  # of the products that all particles share; of more axes than these two
FARTHER_COUNTS_LESS = 3.0  # posterior sds: the width of the weights of the points they are fitted to
CHEBYSHEV_NODES, CHEBYSHEV_DEGREE, CHEBYSHEV_WIDTH = 14, 9, 6.0
APART = 4.0  # nats from what all particles together change: a rarer one, of a tail, must not bend its polynomial
LOWEST_CHANGE = -1e3  # stands for a likelihood of zero


def monomials(p: int, degree: int, cross: bool = True) -> Annotated[Array, "F p"]:
    """Exponents [F, p] of the monomials of p variables up to a degree, without the constant."""
    found = [e for e in product(range(degree + 1), repeat=p) if 0 < sum(e) <= degree]
    found = [e for e in found if cross or sum(power > 0 for power in e) == 1]
    return np.array(sorted(found, key=lambda e: (sum(e), e)), int).reshape(-1, p)


def _powers(v, exponents):
    return np.prod(np.where(exponents == 0, 1.0, v[..., None, :] ** exponents), -1)


def _lowered(exponents, j):
    """Exponents of the derivative along axis j, and its factors."""
    lower = exponents.copy()
    lower[:, j] = np.maximum(lower[:, j] - 1, 0)
    return exponents[:, j].astype(float), lower


def features(v: Annotated[Array, "... p"], exponents: Annotated[Array, "F p"]) -> Annotated[Array, "... F"]:
    """The monomials at v [..., p]: [..., F]."""
    return _powers(np.asarray(v, float), exponents)


def feature_gradient(v: Annotated[Array, "... p"], exponents: Annotated[Array, "F p"]) -> Annotated[Array, "... F p"]:
    """Their first derivatives: [..., F, p]."""
    v, columns = np.asarray(v, float), []
    for j in range(exponents.shape[1]):
        factor, lower = _lowered(exponents, j)
        columns.append(factor * _powers(v, lower))
    return np.stack(columns, -1)


def feature_hessian(v: Annotated[Array, "... p"], exponents: Annotated[Array, "F p"]) -> Annotated[Array, "... F p p"]:
    """Their second derivatives: [..., F, p, p]."""
    v, rows = np.asarray(v, float), []
    for j in range(exponents.shape[1]):
        factor, lower = _lowered(exponents, j)
        rows.append(factor[:, None] * feature_gradient(v, lower))
    return np.stack(rows, -1)


def axial_design(p: int, kind: str = "axial") -> tuple[Annotated[Array, "K p"], Annotated[Array, "F p"], float]:
    """Offsets in whitened units and the monomials they determine.

    Parameters
    ----------
    p
        How many shared parameters.
    kind
        "axial": a cubic along every axis, 4p points. "quad": with the cross terms, 2p(p - 1)/2 points more.
        "chebyshev": degree 9 along every axis from 14 points over +-6, for scale parameters with long tails.

    Returns
    -------
    (offsets, exponents, v_max)
        [K, p], [F, p], and the half width of the box where the surrogate is meant to hold.
    """
    axes = np.eye(p)
    if kind == "chebyshev":
        ticks = CHEBYSHEV_WIDTH * np.cos(np.pi * (np.arange(CHEBYSHEV_NODES) + 0.5) / CHEBYSHEV_NODES)
        return np.concatenate([x * axes for x in ticks]), monomials(p, CHEBYSHEV_DEGREE, cross=False), CHEBYSHEV_WIDTH
    if kind not in ("axial", "quad"):
        raise PropagationError(f"a design for shared parameters is axial, quad or chebyshev, got {kind}")
    offsets, exponents = np.concatenate([x * axes for x in AXIAL]), monomials(p, 3, cross=False)
    if kind == "quad" and p > 1:
        pairs = 1.5 * np.array(
            [np.eye(p)[i] + sign * np.eye(p)[j] for i, j in combinations(range(p), 2) for sign in (1, -1)]
        )
        products = monomials(p, 2)
        offsets = np.concatenate([offsets, pairs])
        exponents = np.concatenate([exponents, products[(products > 0).sum(1) == 2]])
    return offsets, exponents, AXIAL_WIDTH


def cross_offsets(p: int) -> Annotated[Array, "K p"]:
    """The rim of the grid of a pair of axes, for each pair: with the axes' own polynomials they tell the products."""
    axes = np.eye(p)
    far = [(a, b) for a in AXIAL for b in AXIAL if max(abs(a), abs(b)) == AXIAL[-1]]
    points = [a * axes[i] + b * axes[j] for i, j in combinations(range(p), 2) for a, b in far]
    return np.array(points).reshape(-1, p)


def _products(p):
    """Exponents [F, p] of what all particles share beside the cubics of the axes."""
    found = monomials(p, COMMON_DEGREE if p <= FEW_AXES else 2)
    axes = (found > 0).sum(1)
    return found[(axes == 2) | ((axes == 1) & (found.sum(1) > 3))]


@dataclass(frozen=True, eq=False)
class SharedDesign:
    """Where particles are evaluated again: (theta + B v_k, psi0 + W^-1 v_k).

    Parameters
    ----------
    psi0, whitener
        Centre [p] and W [p, p], v = W (psi - psi0), in the coordinates of the GlobalSpace.
    offsets, exponents, v_max
        As :func:`axial_design` returns them.
    transport
        B [d, p]: moves a particle along the degeneracy of theta and psi.
    """

    psi0: Annotated[Array, "p"]
    whitener: Annotated[Array, "p p"]
    offsets: Annotated[Array, "K p"]
    exponents: Annotated[Array, "F p"]
    v_max: float
    transport: Annotated[Array, "d p"]

    @classmethod
    def around(
        cls, psi0: Annotated[Array, "p"], covariance: Annotated[Array, "p p"], d: int, kind: str = "axial"
    ) -> "SharedDesign":
        """Centred at q's mean [p] and whitened by q's covariance [p, p] of the shared parameters; no transport yet."""
        psi0 = np.asarray(psi0, float)
        whitener = np.linalg.inv(np.linalg.cholesky(np.asarray(covariance, float)))
        offsets, exponents, v_max = axial_design(len(psi0), kind)
        return cls(psi0, whitener, offsets, exponents, v_max, np.zeros((d, len(psi0))))

    def with_transport(self, transport: Annotated[Array, "d p"]) -> "SharedDesign":
        """The same design with B [d, p]."""
        return replace(self, transport=np.asarray(transport, float))

    def psi(self, v: Annotated[Array, "... p"]) -> Annotated[Array, "... p"]:
        """v [..., p] -> psi [..., p]."""
        return self.psi0 + np.linalg.solve(self.whitener, np.asarray(v, float)[..., None])[..., 0]

    def points(self, theta: Annotated[Array, "S d"]) -> list[tuple[Annotated[Array, "S d"], Annotated[Array, "p"]]]:
        """The K moved clouds of theta [S, d]: a list of (theta + B v_k [S, d], psi_k [p])."""
        return [(theta + self.transport @ v, self.psi(v)) for v in self.offsets]


def transport(
    log_l: Callable[[Annotated[Array, "n d"], Annotated[Array, "n p"]], Annotated[Array, "n"]],
    mode: Annotated[Array, "d"],
    tau: Annotated[Array, "d"],
    design: SharedDesign,
    scales: Annotated[Array, "d"],
    hessian: Annotated[Array, "d d"] | None = None,
) -> Annotated[Array, "d p"]:
    """B = (-d2_theta log L + T^-1)^-1 d2_{theta v} log L at the mode, by differences (docs/inference.md, eq. 17).

    Parameters
    ----------
    log_l
        theta [n, d], psi [n, p] -> log L [n]; called once with 4 d p points (and 2 d^2 + 1 for the Hessian).
    mode
        [d], of the local posterior at ``design.psi0``.
    tau
        [d], the parent's present sd.
    design
        A :class:`SharedDesign`.
    scales
        [d], local posterior sds: the differences step a quarter of them.
    hessian
        d2_theta log L at the mode [d, d], if it is known.

    Returns
    -------
    ndarray
        [d, p]; zero if a value is not finite or the mode is none.
    """
    mode, scales = np.asarray(mode, float), 0.25 * np.asarray(scales, float)
    d, p, step = len(mode), len(design.psi0), 0.5
    moves = np.diag(scales)
    corners = [(a, b, i, j) for i in range(d) for j in range(p) for a in (1, -1) for b in (1, -1)]
    theta = [mode + a * moves[i] for a, b, i, j in corners]
    v = [b * step * np.eye(p)[j] for a, b, i, j in corners]
    pairs = list(combinations(range(d), 2))
    if hessian is None:
        theta += [mode] + [mode + a * moves[i] for i in range(d) for a in (1, -1)]
        theta += [mode + a * moves[i] + b * moves[j] for i, j in pairs for a in (1, -1) for b in (1, -1)]
        v += [np.zeros(p)] * (len(theta) - len(v))
    values = np.asarray(log_l(np.array(theta), design.psi(np.array(v))), float)
    if not np.isfinite(values).all():
        return np.zeros((d, p))
    crossed = mixed(values[: len(corners)].reshape(d, p, 4), scales[:, None], step)
    if hessian is None:
        rest = values[len(corners) :]
        line, cross = rest[1 : 1 + 2 * d].reshape(d, 2), rest[1 + 2 * d :].reshape(-1, 4)
        hessian = np.diag(curvatures(line[:, 0], rest[0], line[:, 1], scales))
        for (i, j), corner in zip(pairs, cross):
            hessian[i, j] = hessian[j, i] = mixed(corner, scales[i], scales[j])
    matrix = np.diag(1 / np.asarray(tau, float) ** 2) - hessian
    if np.linalg.eigvalsh(matrix)[0] <= 0:
        return np.zeros((d, p))
    return np.linalg.solve(matrix, crossed)


def fit_surrogate(
    design: SharedDesign, change: Annotated[Array, "S K"], log_w: Annotated[Array, "S"]
) -> tuple[Annotated[Array, "S F"], float]:
    """The polynomials P_s(v) ~ log L(theta_s + B v, psi(v)) - log L(theta_s, psi0) (docs/inference.md, eq. 18).

    By least squares; the error at a point left out from its leverage (Allen 1974).

    Parameters
    ----------
    design
        A :class:`SharedDesign` with K offsets and F monomials.
    change
        [S, K]; -inf where the likelihood is zero.
    log_w
        [S] log weights: the error is an average over them.

    Returns
    -------
    (coefficients, error)
        [S, F], and the weighted root mean square of the error at a point that was left out of the fit.
    """
    matrix = features(design.offsets, design.exponents)
    inverse = np.linalg.pinv(matrix)
    leverage = np.clip(np.einsum("kf,fk->k", matrix, inverse), 0.0, 1 - 1e-6)
    change = np.nan_to_num(np.asarray(change, float), nan=LOWEST_CHANGE, neginf=LOWEST_CHANGE)
    together = log_sum_exp(log_w[:, None] + change, axis=0) - log_sum_exp(log_w)
    change = np.maximum(np.clip(change, together - APART, together + APART), LOWEST_CHANGE)
    coefficients = change @ inverse.T
    residual = (change - coefficients @ matrix.T) / (1 - leverage)
    inner = np.abs(design.offsets).max(1) <= 0.6 * np.abs(design.offsets).max()  # the ends extrapolate when left out
    weights = np.exp(log_w - np.max(log_w))
    return coefficients, float(np.sqrt(weights @ (residual[:, inner] ** 2).mean(1) / weights.sum()))


def with_cross_terms(
    design: SharedDesign,
    coefficients: Annotated[Array, "S F"],
    log_w: Annotated[Array, "S"],
    change: Annotated[Array, "m K"],
) -> tuple[SharedDesign, Annotated[Array, "S F"], float]:
    """The design and its polynomials with the products of two axes, by what some particles say of them.

    Parameters
    ----------
    log_w
        Log weights of all particles.
    change
        As of :func:`fit_surrogate`, at :func:`cross_offsets`, of m particles drawn by their weights: the best fit alone
        has too small residuals, and so another curvature, than its fellows.

    Returns
    -------
    (design, coefficients, error)
        The last is the root mean square of what is left, where the posterior is.

    Notes
    -----
    A polynomial along the axes alone is right where the whitened likelihood of every site is diagonal. The frame is the
    posterior's, which no single site need have; the products are the particles' common part, fitted to the average of
    their likelihoods.
    """
    p = design.exponents.shape[1]
    offsets = cross_offsets(p)
    axial = log_w[:, None] + coefficients @ features(offsets, design.exponents).T
    rest = log_sum_exp(np.fmax(change, LOWEST_CHANGE), axis=0) - np.log(len(change))
    rest = rest - log_sum_exp(axial, axis=0) + log_sum_exp(log_w)
    products = _products(p)
    weights = np.exp(-0.5 * (offsets**2).sum(1) / FARTHER_COUNTS_LESS**2)[:, None]
    common = np.linalg.lstsq(weights * features(offsets, products), weights[:, 0] * rest, rcond=1e-8)[0]
    left = rest - features(offsets, products) @ common
    near = np.exp(-0.5 * (offsets**2).sum(1))
    crossed = replace(design, exponents=np.concatenate([design.exponents, products]))
    coefficients = np.concatenate([coefficients, np.tile(common, (len(coefficients), 1))], axis=1)
    return crossed, coefficients, float(np.sqrt(near @ left**2 / near.sum()))
