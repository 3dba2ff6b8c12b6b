"""Tables: site functions of one or two shared parameters that are broad or have several modes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from cavity.graph import FactorView
from cavity.numerics.mixture import Mixture, fit_components, log_prior
from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp, quantiles
from cavity.propagate.bank import SiteBank
from cavity.propagate.grid import grid_pass
from cavity.propagate.link import Link
from cavity.propagate.table import build_table, tempered_ticks, tensor_nodes
from cavity.propagate.transform import GlobalSpace
from cavity.search.guard import Guard
from cavity.strategy.context import PhaseContext
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.round import AtNodes, Joined, NodeBatch, Plan, Searched
from cavity.strategy.tilted import Interim, Tilted

PRIOR_FRACTION = 0.35  # of the local parameters' draws: a mode that the pilot missed stays covered
NODES = {1: 91, 2: 17}  # a dimension
GRID = {1: 2001, 2: 81}


def search_table(
    context: PhaseContext, view: FactorView, link: Link, plan: Plan, previous: Searched, rng: np.random.Generator
) -> Searched:
    """One dataset's log l(psi) at the plan's nodes: the same draws of its local parameters at every node.

    ``previous`` is the dataset's pilot, or its table of the round before.
    """
    interim = Interim(mean=np.empty(0), sd=np.empty(0), shared=np.zeros(link.p))
    tilted = Tilted(view, link, context.space, interim)
    guard = Guard(tilted.design_problem(view.dataset), context.on_error)
    nodes = plan.nodes[:, link.shared_index]
    batches = [*_reusable(previous.at_nodes, nodes), _batch(tilted, guard, nodes, plan, previous, rng)]
    z = np.concatenate([batch.z for batch in batches])
    log_l = np.concatenate([batch.log_l for batch in batches])
    log_ratio = _log_ratio(batches, z)
    site = build_table(
        view.dataset,
        link.spec,
        nodes,
        log_l,
        log_ratio,
        payload=tilted.local_values(z),
        payload_names=tuple(path for _, path, _ in view.local),
    )
    return Searched(
        dataset=view.dataset,
        round=plan.round,
        kind="table",
        calls=int(guard.calls),
        rejected=int(guard.rejected),
        ess=float(site.info["ess"]),
        pareto_k=float("nan"),
        site=site,
        at_nodes=AtNodes(z, log_ratio, log_l, nodes, tuple(batches)),
    )


def _reusable(before, nodes):
    """The draws of earlier rounds, where they were made at the same nodes."""
    return () if before is None or not np.array_equal(before.nodes, nodes) else before.batches


def _batch(tilted, guard, nodes, plan, previous, rng):
    """Draws of the local parameters from a fit to the last round's, and log L of each at every node."""
    z, proposal = np.empty((1, 0)), None
    if tilted.k:
        shares, means, covariances = fit_components(*_local_draws(previous, plan), 5, rng)
        proposal = Mixture.of(shares, means, 1.3 * covariances, prior_fraction=PRIOR_FRACTION)
        z = proposal.draws(plan.n_draws, rng)
    local = tilted.local_values(z)
    log_l = np.empty((len(z), len(nodes)))
    for k, node in enumerate(nodes):
        log_l[:, k] = guard.batch(np.concatenate([np.broadcast_to(node, (len(z), len(node))), local], axis=1))
    return NodeBatch(z, log_l, proposal)


def _log_ratio(batches, z):
    """log(prior / mixture of all batches' proposals) - log S: every draw of every batch weighted together."""
    if not z.shape[1]:
        return np.full(len(z), -np.log(len(z)))
    densities = [np.log(len(batch.z)) + batch.proposal.log_density(z) for batch in batches]
    return log_prior(z) - log_sum_exp(densities, axis=0)


def _local_draws(previous, plan):
    """The last round's draws of the local parameters; their log weights are means over the shared ones' posterior."""
    before = previous.at_nodes
    if before is None:
        return previous.points.z, previous.points.log_weights
    at_node = before.log_l + before.log_weights[:, None]
    return before.z, log_sum_exp(at_node - log_sum_exp(at_node, axis=0) + plan.node_log_mass, axis=1)


def landscape(space: GlobalSpace, bank: SiteBank) -> tuple[list[Annotated[Array, "Q"]], Annotated[Array, "Q ..."]]:
    """The pilots' product on a grid, to see modes by, too rough for an answer: an axis [G] a dimension, [G, ...]."""
    mean, covariance = space.start()
    sd = np.sqrt(np.diag(covariance))
    axes = [np.linspace(m - 4 * s, m + 4 * s, GRID[space.dimension]) for m, s in zip(mean, sd)]
    grid = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)
    return axes, bank.log_density(grid, correction=False).reshape([len(a) for a in axes])


def count_modes(log_density: Annotated[Array, "Q ..."], limits: Limits = POLICY) -> int:
    """Local maxima within e^-5 of the highest, on a grid of one or two dimensions."""
    padded = np.pad(log_density, 1, constant_values=-np.inf)
    inner = tuple(slice(1, -1) for _ in log_density.shape)
    peak = np.ones(log_density.shape, bool)
    for axis in range(log_density.ndim):
        for shift in (-1, 1):
            peak &= log_density >= np.roll(padded, shift, axis)[inner]
    return int((peak & (log_density > log_density.max() - limits.mode_depth)).sum())


def place_nodes(
    axes: Sequence[Annotated[Array, "Q"]], log_density: Annotated[Array, "Q ..."], n: int, limits: Limits = POLICY
) -> Annotated[Array, "K D"]:
    """Nodes [K, D] over where the density matters: a tensor grid, denser where there is mass."""
    chosen = []
    for axis, x in enumerate(axes):
        other = tuple(i for i in range(len(axes)) if i != axis)
        profile = log_density.max(axis=other) if other else log_density
        keep = np.flatnonzero(profile > profile.max() - limits.depth)
        fine = np.linspace(x[max(keep[0] - 1, 0)], x[min(keep[-1] + 1, len(x) - 1)], 2001)
        chosen.append(tempered_ticks(fine, np.interp(fine, x, profile), n))
    return tensor_nodes(*chosen)


def landscape_moments(
    axes: Sequence[Annotated[Array, "Q"]], log_density: Annotated[Array, "Q ..."]
) -> tuple[Annotated[Array, "D"], Annotated[Array, "D D"]]:
    """Mean (D,) and covariance (D, D) of a density on a grid."""
    w = np.exp(log_density - log_density.max()).ravel()
    w /= w.sum()
    grid = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)
    mean = w @ grid
    return mean, (grid - mean).T @ ((grid - mean) * w[:, None])


def aggregate_tables(context: PhaseContext, sites: Mapping[str, Searched]) -> Joined:
    """The posterior of one or two shared parameters from the tables of all datasets, by quadrature."""
    space, limits = context.space, context.limits
    bank = SiteBank([searched.site for searched in sites.values()], space)
    exact = grid_pass(space, bank)
    mean, covariance = exact.moments()
    nodes = bank.sites[0].nodes
    n = round(len(nodes) ** (1 / space.dimension))
    axes = _axes_around(nodes, limits.margin)
    grid = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)
    landscape = (space.log_prior(grid) + bank.log_l(grid).sum(1)).reshape([len(a) for a in axes])
    at_nodes = space.log_prior(nodes) + bank.log_l(nodes).sum(1)
    error = _thinned_change(space, bank, exact)
    noise = _noise_of_mean(space, bank, exact, mean, covariance)
    return Joined(
        draws=exact.draws,
        log_weights=exact.log_weights,
        mean=mean,
        covariance=covariance,
        log_evidence=exact.log_evidence,
        log_evidence_error=float(np.hypot(exact.log_evidence_error, _noise_of_evidence(bank, mean))),
        pareto_k=float(exact.pareto_k),
        exact_ess=np.inf,
        method=exact.method,
        mcse=np.sqrt(noise.sum(0)),
        site_noise=noise.max(1),
        ess_at_q=bank.score(mean).ess,
        site_size=np.array([site.size for site in bank.sites]),
        shares=True,
        outside=bool(bank.shell_mass(exact.draws, exact.log_weights) > limits.shell_mass),
        interpolation_error=error,
        modes=count_modes(landscape, limits),
        node_log_mass=at_nodes - at_nodes.max() + _log_cells(nodes),
        placed=place_nodes(axes, landscape, 2 * n - 1, limits) if error > limits.coarse else nodes,
    )


def _axes_around(nodes, margin):
    """A fine axis a dimension over the nodes' range, and ``margin`` of it beyond its ends."""
    steps = GRID[nodes.shape[1]]
    ends = zip(nodes.min(0), nodes.max(0))
    return [np.linspace(low - margin * (high - low), high + margin * (high - low), steps) for low, high in ends]


def _thinned_change(space, bank, exact):
    """How far mean, sd and quantiles move, in sds, when every second node is left out: far more than they are wrong."""
    full, worst = _figures(exact), 0.0
    ticks = [np.unique(column) for column in bank.sites[0].nodes.T]
    for axis in range(len(ticks)):
        keep = np.isin(bank.sites[0].nodes[:, axis], ticks[axis][::2])
        thinned = [
            replace(s, nodes=s.nodes[keep], log_l=s.log_l[keep], node_log_weights=s.node_log_weights[:, keep])
            for s in bank.sites
        ]
        change = np.abs(_figures(grid_pass(space, SiteBank(thinned, space))) - full) / full[1]
        worst = max(worst, float(change.max()))
    return worst


def _figures(exact):
    """Mean, sd and three quantiles (5, D) of a posterior on a grid."""
    mean, covariance = exact.moments()
    w = np.exp(exact.log_weights)
    marks = quantiles(exact.draws, w, np.array([0.16, 0.5, 0.84]))
    return np.vstack([mean, np.sqrt(np.diag(covariance)), marks])


def _log_cells(nodes):
    """log of each node's share of the volume, on a tensor grid."""
    total = np.zeros(len(nodes))
    for column in nodes.T:
        ticks = np.unique(column)
        total += np.log(np.gradient(ticks))[np.searchsorted(ticks, column)]
    return total


def _noise_of_mean(space, bank, exact, mean, covariance):
    """(N, D) variance of the posterior's mean that each site's draws bring (docs/inference.md, eq. 21).

    A site's log l at node k is the log of an average over draws, the same draws at all nodes: its error moves the
    density at all nodes together, and the mean by sum_k p_k (x_k - mean) e_k. Each draw's share of that is known, so
    the variance is the sum of its squares (the delta method).
    """
    nodes = bank.sites[0].nodes
    log_p = space.log_prior(nodes) + bank.log_l(nodes).sum(1) + _log_cells(nodes)
    p = np.exp(log_p - log_sum_exp(log_p))
    lever = p[:, None] * (nodes - mean) / np.sqrt(np.diag(covariance))
    found = np.empty((bank.N, space.dimension))
    for i, site in enumerate(bank.sites):
        w = np.exp(site.node_log_weights - log_sum_exp(site.node_log_weights, axis=0))
        found[i] = ((w @ lever - lever.sum(0) / len(w)) ** 2).sum(0)
    return found


def _noise_of_evidence(bank, mean):
    """The standard error of the summed log l at one point."""
    ess = bank.score(mean).ess
    sizes = np.array([site.size for site in bank.sites])
    return float(np.sqrt(np.maximum(1 / ess - 1 / sizes, 0.0).sum()))
