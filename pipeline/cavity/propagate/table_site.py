"""Table sites: log l at nodes of one or two shared parameters, a cubic spline between them."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.smooth import smooth_log_mean
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp
from cavity.propagate.site import Site

UNIFORM_SHARE = 0.35
IMPOSSIBLE = 10.0  # how far below the lowest finite value a likelihood of zero is put: a spline must not ring
NEAR = 6.0
PARTS = 4  # of a table's particles, from which its noise is told


class Scattered(NamedTuple):
    """Draws of local parameters, each at shared values of its own."""

    psi: Annotated[Array, "S p"]  # in the coordinates of the GlobalSpace
    log_weights: Annotated[Array, "S"]  # log(L prior / proposal) given psi: their mean over draws is l(psi)
    batch: Annotated[Array, "S"]  # which proposal, from 0
    part: Annotated[Array, "S"]  # which independently scrambled part, numbered through all batches


def cardinal_splines(ticks: Annotated[Array, "K"], x: Annotated[Array, "Q"]) -> Annotated[Array, "3 Q K"]:
    """Cubic splines through unit vectors: interpolation and two derivatives as matrix products.

    Parameters
    ----------
    ticks
        [K] ascending.
    x
        [Q], clipped to the ticks' range.

    Returns
    -------
    ndarray
        [3, Q, K]: ``result[r] @ values`` is the r-th derivative of the spline through the values.
    """
    from scipy.interpolate import CubicSpline

    x = np.clip(x, ticks[0], ticks[-1])
    spline = CubicSpline(ticks, np.eye(len(ticks)))
    return np.stack([spline(x, order) for order in range(3)])


def axes_of(nodes: Annotated[Array, "K p"]) -> list[Array]:
    """The ticks of a tensor grid, one array an axis.

    Raises
    ------
    PropagationError
        If the nodes [K, p] are not a tensor grid in C order.
    """
    nodes = np.asarray(nodes, float)
    axes = [np.unique(column) for column in nodes.T]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, nodes.shape[1])
    if grid.shape != nodes.shape or not (grid == nodes).all():
        raise PropagationError(f"a table's nodes must be a tensor grid in C order, got {nodes.shape[0]} scattered ones")
    return axes


def tensor_nodes(*axes: Array) -> Annotated[Array, "K p"]:
    """The tensor grid [K, p] of p ascending arrays, in C order."""
    return np.stack(np.meshgrid(*(np.unique(axis) for axis in axes), indexing="ij"), -1).reshape(-1, len(axes))


def tempered_ticks(x: Annotated[Array, "G"], log_density: Annotated[Array, "G"], n: int) -> Annotated[Array, "n"]:
    """n ticks over the range of x, from the density's fourth root plus 35 % uniform (docs/inference.md, eq. 20).

    Parameters
    ----------
    x, log_density
        A fine grid [G] and the (unnormalised) log density on it.
    n
        How many; the ends are among them.
    """
    density = np.exp(np.clip(log_density - np.max(log_density), -30.0, 0.0) / 4)
    density = density / density.sum() + UNIFORM_SHARE / len(x)
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(x))])
    return np.interp(np.linspace(0, 1, n), cumulative / cumulative[-1], x)


def positions(axes: list[Array], psi: Annotated[Array, "S p"]) -> Annotated[Array, "S p"]:
    """Where psi lies in nodes: 0 is the first of an axis, 1 the second; never beyond its ends."""
    return np.stack([np.interp(x, axis, np.arange(len(axis))) for x, axis in zip(psi.T, axes)], axis=-1)


def build_table(
    dataset: str,
    link: Mapping,
    nodes: Annotated[Array, "K p"],
    log_l: Annotated[Array, "S K"],
    log_proposal_ratio: Annotated[Array, "S"] | Annotated[Array, "S K"],
    payload: Annotated[Array, "S k"] | None = None,
    payload_names: tuple[str, ...] = (),
    info: Mapping | None = None,
) -> Site:
    """A site of kind "table" (docs/inference.md, eq. 19) from the same particles at every node.

    Parameters
    ----------
    dataset, link
        As for ``build_site``; the link has no drawn and one or two shared parameters.
    nodes
        [K, p], a tensor grid in the coordinates of the GlobalSpace.
    log_l
        [S, K] log likelihood of particle s at node k.
    log_proposal_ratio
        [S] log(prior / proposal) of the particles' local parameters, - log S; or [S, K] where it differs by node.
    payload, payload_names
        [S, k], the local parameters, and their names.
    info
        Added to the site's own figures.

    Raises
    ------
    PropagationError
        If the link is not such a link, the nodes no grid, or the likelihood is zero everywhere.
    """
    nodes, log_l = np.asarray(nodes, float), np.asarray(log_l, float)
    _check(dataset, link, nodes, log_l.shape[1])
    ratio = np.asarray(log_proposal_ratio, float)
    weights = log_l + (ratio[:, None] if ratio.ndim == 1 else ratio)
    S, K = weights.shape
    values = log_sum_exp(weights, 0)
    if np.isnan(values).any() or not np.isfinite(values).any():
        raise PropagationError(f"{dataset}: its likelihood is zero or not a number at every node of the table")
    with np.errstate(invalid="ignore"):
        ess = np.where(np.isfinite(values), effective_sample_size(weights, 0), 1.0)
        relative = np.where(np.isfinite(values), weights - values, -np.log(S))
    values = np.where(np.isfinite(values), values, values[np.isfinite(values)].min() - IMPOSSIBLE)
    near = values > values.max() - NEAR
    parts = min(PARTS, S)
    apart = np.stack([parts * np.exp(part).sum(0) - 1 for part in np.array_split(relative, parts)])
    payload = np.zeros((S, 0)) if payload is None else np.asarray(payload, float).reshape(S, -1)
    return _site(
        dataset,
        link,
        nodes,
        values,
        noise=apart / np.sqrt(max(parts * (parts - 1), 1)),
        log_weights=relative.ravel(),
        node=np.tile(np.arange(K), S),
        payload=np.repeat(payload, K, axis=0),
        payload_names=payload_names,
        info={"ess": float(ess[near].min())} | dict(info or {}),
    )


def scattered_table(
    dataset: str,
    link: Mapping,
    nodes: Annotated[Array, "K p"],
    draws: Scattered,
    baseline: Annotated[Array, "K"],
    payload: Annotated[Array, "S k"],
    payload_names: tuple[str, ...],
) -> Site:
    """A site of kind "table" from draws at one node each: what they have in common is a smooth function.

    Parameters
    ----------
    dataset, link, nodes, payload, payload_names
        As for :func:`build_table`.
    draws
        At, between or beyond the nodes.
    baseline
        [K] a rough log l: its ratio to log l, not log l itself, is what is smooth.

    Raises
    ------
    PropagationError
        As :func:`build_table`.
    """
    nodes, log_w = np.asarray(nodes, float), np.asarray(draws.log_weights, float)
    _check(dataset, link, nodes, len(baseline))
    if np.isnan(log_w).any() or not np.isfinite(log_w).any():
        raise PropagationError(f"{dataset}: its likelihood is zero or not a number at every node of the table")
    axes = axes_of(nodes)
    shape, position = [len(axis) for axis in axes], positions(axes, draws.psi)
    node = np.ravel_multi_index(tuple(np.rint(position).astype(int).T), shape)
    fit = smooth_log_mean(log_w - baseline[node], position, shape, draws.batch, draws.part)
    values = fit.value + baseline
    return _site(
        dataset,
        link,
        nodes,
        values,
        noise=fit.noise,
        log_weights=log_w - values[node] + np.log(fit.weights),
        node=node,
        payload=payload,
        payload_names=payload_names,
        info={"ess": float(effective_sample_size(log_w - values[node]))},
    )


def _check(dataset, link, nodes, K):
    p = len(link.get("shared", ()))
    if link.get("drawn") or p not in (1, 2) or nodes.shape != (K, p):
        raise PropagationError(f"{dataset}: a table is for one or two shared parameters, no drawn one, nodes [K, p]")
    axes_of(nodes)


def _site(dataset, link, nodes, values, *, noise, log_weights, node, payload, payload_names, info):
    S = len(log_weights)
    return Site(
        dataset=dataset,
        kind="table",
        link=link,
        log_c=log_weights,
        t=np.zeros((S, 0)),
        theta=np.zeros((S, 0)),
        mode=np.zeros(S, int),
        nodes=nodes,
        log_l=values,
        noise=noise,
        node=node,
        payload=payload,
        payload_names=tuple(payload_names),
        info=info,
    )
