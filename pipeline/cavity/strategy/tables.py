"""Tables: site functions of one or two shared parameters that are broad or have several modes."""
import numpy as np
from scipy.special import logsumexp

from cavity.errors import PropagationError
from cavity.propagate.table import build_table, tempered_ticks, tensor_nodes
from cavity.search.guard import Guard
from cavity.search.proposal import draw, fit_components, log_density, log_prior, make_proposal
from cavity.strategy.tilted import Interim, Tilted

PRIOR_FRACTION = 0.35  # of the local parameters' draws: a mode that the pilot missed stays covered
NODES = {1: 61, 2: 17}  # a dimension
GRID = {1: 2001, 2: 81}
DEPTH = 12.0  # nats below the maximum that the nodes cover
MODE_DEPTH = 5.0


def search_table(context, view, link, plan, previous, rng):
    """One dataset's log l(psi) at the plan's nodes: the same draws of its local parameters at every node.

    Returns
    -------
    dict
        As of :func:`cavity.strategy.site_search.search_site`, kind "table".
    """
    interim = Interim(mean=np.empty(0), sd=np.empty(0), shared=np.zeros(link.p))
    tilted = Tilted(view, link, context.space, interim)
    guard = Guard(tilted.design_problem(view.dataset), context.on_error)
    nodes = np.asarray(plan["nodes"])[:, tilted.where_shared]
    points = previous["points"]
    if tilted.k:
        shares, means, covariances = fit_components(points["z"], points["log_weights"], 5, rng)
        proposal = make_proposal(shares, means, 1.3 * covariances, prior_fraction=PRIOR_FRACTION)
        z = draw(proposal, int(plan["n_draws"]), rng)
        log_ratio = log_prior(z) - log_density(proposal, z) - np.log(len(z))
    else:
        z, log_ratio = np.empty((1, 0)), np.zeros(1)
    local = tilted.local_values(z)
    log_l = np.empty((len(z), len(nodes)))
    for k, node in enumerate(nodes):
        log_l[:, k] = guard.batch(np.concatenate([np.broadcast_to(node, (len(z), len(node))), local], axis=1))
    site = build_table(
        view.dataset, link.spec, nodes, log_l, log_ratio,
        payload=local, payload_names=tuple(path for _, path, _ in view.local),
    )
    return {
        "kind": "table",
        "dataset": view.dataset,
        "round": int(plan["round"]),
        "calls": int(guard.calls),
        "rejected": int(guard.rejected),
        "ess": float(site.info["ess"]),
        "pareto_k": float(site.info["pareto_k"]),
        "site": site.to_tree(),
        "points": {"z": z, "log_weights": log_ratio, "log_l": log_l},
    }


def pilot_landscape(space, sites):
    """The product of the pilots' kernel densities on a grid: enough to see modes, too rough for an answer.

    Parameters
    ----------
    space
        One or two shared parameters, none drawn.
    sites
        {dataset: pilot tree}.

    Returns
    -------
    axes
        One array of coordinates a dimension.
    log_density
        Unnormalised, prior included, on their product.
    """
    mean, covariance = space.start()
    sd = np.sqrt(np.diag(covariance))
    axes = [np.linspace(m - 4 * s, m + 4 * s, GRID[space.dimension]) for m, s in zip(mean, sd)]
    grid = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)
    total = space.log_prior(grid)
    for tree in sites.values():
        where = [space.index(name) for name in tree["shared"]]
        total = total + _log_kernel_ratio(tree["points"]["psi"], tree["points"]["log_weights"], grid[:, where], space, where)
    return axes, total.reshape([len(a) for a in axes])


def _log_kernel_ratio(psi, log_w, grid, space, where):
    """log of (kernel density of a pilot's posterior / prior), with a floor."""
    w = np.exp(log_w - np.max(log_w))
    w /= w.sum()
    p = psi.shape[1]
    width = np.sqrt(np.maximum(w @ (psi - w @ psi) ** 2, 1e-12)) * ((w**2).sum()) ** (1 / (p + 4))
    log_k = np.zeros((len(grid), len(psi)))
    for j in range(p):
        log_k -= 0.5 * ((grid[:, j, None] - psi[:, j]) / width[j]) ** 2 + np.log(width[j] * np.sqrt(2 * np.pi))
    density = logsumexp(log_k + np.log(np.maximum(w, 1e-300)), axis=1)
    phi = np.tile(space.start()[0], (len(grid), 1))
    phi[:, where] = grid
    ratio = density - space.log_prior_terms(phi)[:, where].sum(-1)
    return np.logaddexp(ratio, ratio.max() - np.log(1e4))


def count_modes(log_density):
    """Local maxima within e^-5 of the highest, on a grid of one or two dimensions."""
    padded = np.pad(log_density, 1, constant_values=-np.inf)
    inner = tuple(slice(1, -1) for _ in log_density.shape)
    peak = np.ones(log_density.shape, bool)
    for axis in range(log_density.ndim):
        for shift in (-1, 1):
            peak &= log_density >= np.roll(padded, shift, axis)[inner]
    return int((peak & (log_density > log_density.max() - MODE_DEPTH)).sum())


def place_nodes(axes, log_density, n):
    """Nodes [K, D] over where the density matters: a tensor grid, denser where there is mass."""
    chosen = []
    for axis, x in enumerate(axes):
        other = tuple(i for i in range(len(axes)) if i != axis)
        profile = log_density.max(axis=other) if other else log_density
        keep = np.flatnonzero(profile > profile.max() - DEPTH)
        fine = np.linspace(x[max(keep[0] - 1, 0)], x[min(keep[-1] + 1, len(x) - 1)], 2001)
        chosen.append(tempered_ticks(fine, np.interp(fine, x, profile), n))
    return tensor_nodes(*chosen)


def landscape_moments(axes, log_density):
    """Mean (D,) and covariance (D, D) of a density on a grid."""
    w = np.exp(log_density - log_density.max()).ravel()
    w /= w.sum()
    grid = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)
    mean = w @ grid
    return mean, (grid - mean).T @ ((grid - mean) * w[:, None])


def refuse_if_wide(context, space, sites):
    """Tables exist for one or two shared parameters without drawn ones.

    Raises
    ------
    PropagationError
        Otherwise: it names what is in the way, and the fit that is right.
    """
    if space.dimension > 2 or any(tree.get("site") is not None and "theta" in tree for tree in sites.values()):
        raise PropagationError(
            f"phase {context.phase}: the shared parameters {', '.join(space.names)} have several modes, and tables are made "
            "for at most two without drawn variables; use inference: joint"
        )
