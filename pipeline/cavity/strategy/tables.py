"""Tables: site functions of one or two shared parameters that are broad or have several modes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from cavity.graph import FactorView
from cavity.numerics.mixture import Mixture, fit_components, log_prior
from cavity.numerics.sobol import sobol_uniform
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp, quantiles
from cavity.propagate.bank import SiteBank
from cavity.propagate.grid import grid_pass
from cavity.propagate.link import Link
from cavity.propagate.table_site import (
    Scattered,
    axes_of,
    build_table,
    positions,
    scattered_table,
    tempered_ticks,
    tensor_nodes,
)
from cavity.propagate.transform import GlobalSpace
from cavity.search.guard import Guard
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.phase_context import PhaseContext
from cavity.strategy.round import AtNodes, Joined, NodeBatch, Plan, Searched
from cavity.strategy.tilted import Interim, Tilted

PRIOR_FRACTION = 0.15  # of the local parameters' draws: a mode that the pilot missed stays covered
COMPONENTS = 6
INFLATION = 1.2  # on the fitted covariances: a proposal should be wider than its target
NORMAL = 1e6  # degrees of freedom
PART = 128  # draws of one Sobol sequence: a table is made of several, and how they differ is its noise
UNIFORM_SHARE = 0.3  # of the draws, over all nodes; the others go by the root of the posterior's mass
NODES = {1: 91, 2: 17}  # a dimension
MOST_NODES = {1: 721, 2: 25}  # a dimension
GRID = {1: 2001, 2: 81}


def search_table(
    context: PhaseContext, view: FactorView, link: Link, plan: Plan, previous: Searched, rng: np.random.Generator
) -> Searched:
    """One dataset's log l(psi) at the plan's nodes, from draws of its local parameters at one node each.

    A mixture is fitted to what the dataset's draws so far say about shared and local parameters together; new draws are
    of its conditional at the nodes, and evenly spread over nodes and local parameters at once. Each is weighted by its
    own proposal, which was fitted to other draws, so that no round's mean is biased; the draws of earlier tables count
    too, wherever their nodes were.

    ``previous`` is the dataset's pilot or site, or its table of the round before.
    """
    tilted = Tilted(view, link, context.space, Interim(mean=np.empty(0), sd=np.empty(0), shared=None))
    guard = Guard(tilted.design_problem(view.dataset), context.on_error)
    nodes = plan.nodes[:, link.shared_index]
    names = tuple(path for _, path, _ in view.local)
    if tilted.k:
        before = () if previous.at_nodes is None else previous.at_nodes.batches
        proposal = _proposal(tilted, previous, before, rng)
        batches = (*before, _batch(tilted, guard, proposal, nodes, plan, rng))
        baseline = _log_baseline(tilted, proposal, nodes)
        z = np.concatenate([batch.z for batch in batches])
        site = scattered_table(
            view.dataset, link.spec, nodes, _together(batches), baseline, tilted.local_values(z), names
        )
    else:
        batches = ()
        site = build_table(view.dataset, link.spec, nodes, guard.batch(nodes)[None], np.zeros(1))
    return Searched(
        dataset=view.dataset,
        round=plan.round,
        kind="table",
        calls=int(guard.calls),
        rejected=int(guard.rejected),
        ess=float(site.info["ess"]),
        pareto_k=float("nan"),
        site=site,
        at_nodes=AtNodes(nodes, site.log_l, batches),
    )


def _proposal(tilted, previous, before, rng):
    """A mixture for (psi, z), psi standardised; for z alone where psi was held in all draws so far."""
    if previous.at_nodes is None:
        points = previous.points
        psi, z, log_weights = points.psi, points.z, points.log_weights
    else:
        draws = _together(before)
        psi, z = draws.psi, np.concatenate([batch.z for batch in before])
        at = _nearest(previous.at_nodes.nodes, psi)
        log_weights = draws.log_weights - previous.at_nodes.log_l[at]
    x = np.concatenate([_standardised(tilted, psi), z], axis=1)
    shares, means, covariances = fit_components(x, log_weights, COMPONENTS, rng)
    return Mixture.of(shares, means, INFLATION * covariances, prior_fraction=PRIOR_FRACTION)


def _standardised(tilted, psi):
    """psi [S, p] by the pilot's own prior; [S, 0] stays."""
    if not psi.shape[1]:
        return psi
    return (psi - [prior.mean for prior in tilted.shared_priors]) / [prior.sigma for prior in tilted.shared_priors]


def _given(tilted, proposal, psi):
    """The coordinates of psi that the proposal knows: all or none."""
    return _standardised(tilted, psi)[:, : proposal.means.shape[1] - tilted.k]


def _nearest(nodes, psi):
    axes = axes_of(nodes)
    position = np.rint(positions(axes, psi)).astype(int)
    return np.ravel_multi_index(tuple(position.T), [len(axis) for axis in axes])


def _batch(tilted, guard, proposal, nodes, plan, rng):
    """Draws of the proposal's conditional, at nodes by their shares: each part one Sobol sequence over both."""
    n_parts = max(plan.n_draws // PART, 2)
    unit = np.concatenate([sobol_uniform(plan.n_draws // n_parts, tilted.k + 1, rng) for _ in range(n_parts)])
    edges = np.cumsum(_shares(plan.node_log_mass, len(nodes)))
    psi = nodes[np.minimum(np.searchsorted(edges, unit[:, 0]), len(nodes) - 1)]
    given = _given(tilted, proposal, psi)
    point = proposal.completed(given, unit[:, 1:])
    z = point[:, given.shape[1] :]
    log_q = proposal.log_density(point) - proposal.marginal(given.shape[1]).log_density(given)
    log_l = guard.batch(np.concatenate([psi, tilted.local_values(z)], axis=1))
    return NodeBatch(psi, z, log_l + log_prior(z) - log_q, np.arange(len(z)) * n_parts // len(z))


def _shares(log_mass, K):
    """Of the draws, for each node [K]."""
    root = np.zeros(K) if log_mass is None else 0.5 * (log_mass - np.max(log_mass))
    root = np.exp(root)
    return (1 - UNIFORM_SHARE) * root / root.sum() + UNIFORM_SHARE / K


def _log_baseline(tilted, proposal, nodes):
    """log of the proposal's marginal in psi over the pilot's prior [K]: log l as far as the proposal knows it.

    With normal components: a t has more mass than the prior far out, where l has none.
    """
    given = _given(tilted, proposal, nodes)
    return proposal.marginal(given.shape[1])._replace(df=NORMAL).log_density(given) - log_prior(given)


def _together(batches):
    """All draws, numbered by batch and by part."""
    starts = np.cumsum([0] + [batch.part.max() + 1 for batch in batches])
    return Scattered(
        psi=np.concatenate([batch.psi for batch in batches]),
        log_weights=np.concatenate([batch.log_weights for batch in batches]),
        batch=np.repeat(np.arange(len(batches)), [len(batch.z) for batch in batches]),
        part=np.concatenate([start + batch.part for start, batch in zip(starts, batches)]),
    )


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


def log_mass_at(
    nodes: Annotated[Array, "K p"], axes: Sequence[Annotated[Array, "Q"]], log_density: Annotated[Array, "Q ..."]
) -> Annotated[Array, "K"]:
    """log of the mass at each node [K] of a tensor grid, up to a constant, from a density on another grid."""
    from scipy.interpolate import RegularGridInterpolator

    return RegularGridInterpolator(tuple(axes), log_density)(nodes) + _log_cells(nodes)


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
    error = _thinned_change(space, bank, exact)
    finer = min(2 * n - 1, MOST_NODES[space.dimension])
    placed = place_nodes(axes, landscape, finer, limits) if error > limits.coarse else nodes
    p = _mass(space, bank, nodes)
    noise = _variances(bank, p[:, None] * (nodes - mean) / np.sqrt(np.diag(covariance)))
    return Joined(
        draws=exact.draws,
        log_weights=exact.log_weights,
        mean=mean,
        covariance=covariance,
        log_evidence=exact.log_evidence,
        log_evidence_error=float(np.hypot(exact.log_evidence_error, np.sqrt(_variances(bank, p[:, None]).sum()))),
        pareto_k=float(exact.pareto_k),
        exact_ess=np.inf,
        method=exact.method,
        mcse=np.sqrt(noise.sum(0)),
        site_noise=noise.max(1),
        ess_at_q=np.array([_effective(site, p) for site in bank.sites]),
        site_size=np.array([site.size for site in bank.sites]),
        shares=True,
        outside=bool(bank.shell_mass(exact.draws, exact.log_weights) > limits.shell_mass),
        interpolation_error=error,
        quantile_noise=_quantile_noise(bank, exact, p),
        modes=count_modes(landscape, limits),
        node_log_mass=np.log(np.maximum(_mass(space, bank, placed), 1e-300)),
        placed=placed,
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
        thinned = [replace(s, nodes=s.nodes[keep], log_l=s.log_l[keep], noise=s.noise[:, keep]) for s in bank.sites]
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


def _mass(space, bank, nodes):
    """The posterior's mass at each node [K]."""
    log_p = space.log_prior(nodes) + bank.log_l(nodes).sum(1) + _log_cells(nodes)
    return np.exp(log_p - log_sum_exp(log_p))


def _variances(bank, lever):
    """(N, D) variance that each site's draws bring to sum_k lever[k] log l[k], lever (K, D): to first order, p_k times
    a function of psi for that function's mean (docs/inference.md, eq. 21)."""
    return np.stack([((site.noise @ lever) ** 2).sum(0) for site in bank.sites])


def _quantile_noise(bank, exact, p):
    """The largest Monte Carlo error of a 16, 50 or 84 % quantile, in sd: that of the mass below over the density."""
    marks = np.array([0.16, 0.5, 0.84])
    middle, *around = (quantiles(exact.draws, np.exp(exact.log_weights), marks + step) for step in (0.0, -0.05, 0.05))
    slope = (around[1] - around[0]) / 0.1 / np.sqrt(np.diag(exact.moments()[1]))
    below = bank.sites[0].nodes[:, None] < middle  # [K, 3, D]
    lever = p[:, None, None] * (below - marks[:, None]) * slope
    return float(np.sqrt(_variances(bank, lever.reshape(len(p), -1)).sum(0).max()))


def _effective(site, p):
    """Particles that count where the posterior has the mass p (K,)."""
    with np.errstate(divide="ignore"):
        return float(effective_sample_size(site.log_c + np.log(p)[site.node]))
