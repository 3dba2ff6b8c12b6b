"""Table sites: log l at nodes of one or two shared parameters, a cubic spline between them."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp, psis
from cavity.propagate.site import Site

UNIFORM_SHARE = 0.35
IMPOSSIBLE = 10.0  # how far below the lowest finite value a likelihood of zero is put: a spline must not ring
NEAR = 6.0


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
    """A site of kind "table" (docs/inference.md, eq. 19).

    Parameters
    ----------
    dataset, link
        As for ``build_site``; the link has no drawn and one or two shared parameters.
    nodes
        A tensor grid in the coordinates of the GlobalSpace.
    log_l
        Log likelihood of particle s at node k: the same particles at all nodes, so their noise is common.
    log_proposal_ratio
        log(prior / proposal) of the particles' local parameters, - log S; [S, K] where it differs by node.
    payload, payload_names, info
        The local parameters, and their names; what is added to the site's own figures.

    Raises
    ------
    PropagationError
        If the link is not such a link, the nodes no grid, or the likelihood is zero everywhere.
    """
    nodes, log_l, ratio = (np.asarray(array, float) for array in (nodes, log_l, log_proposal_ratio))
    p = len(link.get("shared", ()))
    if link.get("drawn") or p not in (1, 2) or nodes.shape != (log_l.shape[1], p):
        raise PropagationError(f"{dataset}: a table is for one or two shared parameters, no drawn one, nodes [K, p]")
    axes_of(nodes)
    weights = log_l + (ratio[:, None] if ratio.ndim == 1 else ratio)
    values = log_sum_exp(weights, 0)
    if np.isnan(values).any() or not np.isfinite(values).any():
        raise PropagationError(f"{dataset}: its likelihood is zero or not a number at every node of the table")
    values = np.where(np.isfinite(values), values, values[np.isfinite(values)].min() - IMPOSSIBLE)
    near = values > values.max() - NEAR
    figures = {
        "ess": float(effective_sample_size(weights[:, near], 0).min()),
        "pareto_k": max(float(psis(weights[:, k])[1]) for k in np.flatnonzero(near)),
    }
    return Site(
        dataset=dataset,
        kind="table",
        link=link,
        log_c=np.full(len(weights), -np.log(len(weights))),
        t=np.zeros((len(weights), 0)),
        theta=np.zeros((len(weights), 0)),
        mode=np.zeros(len(weights), int),
        nodes=nodes,
        log_l=values,
        node_log_weights=weights,
        payload=np.asarray(() if payload is None else payload, float).reshape(len(weights), -1),
        payload_names=tuple(payload_names),
        info=figures | dict(info or {}),
    )
