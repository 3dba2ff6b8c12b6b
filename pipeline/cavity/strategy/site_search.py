"""One dataset, one round: search its tilted distribution and condense it into a site function."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from cavity.graph import link_of
from cavity.propagate.build import build_site
from cavity.propagate.design import SharedDesign, fit_surrogate, transport
from cavity.propagate.hierarchy import NOTHING
from cavity.propagate.link import Link
from cavity.propagate.predictive import shared_prior
from cavity.rng import generator
from cavity.search import Search
from cavity.search.guard import Guard
from cavity.search.polish import polish
from cavity.strategy.context import PhaseContext
from cavity.strategy.draws import Weighted, batch_of, weighted_together
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.round import Batch, Elsewhere, Plan, Points, Searched
from cavity.strategy.tables import search_table
from cavity.strategy.tilted import Tilted, predictive_interim, prior_interim

FARTHEST = 1e-12  # of a unit coordinate from 0 and 1
PLACES = 6  # calls of a draw that is moved along shared parameters, about


class _Explored(NamedTuple):
    """What the search of a tilted distribution left."""

    batches: Sequence[Batch]  # the draws by proposal
    weighted: Weighted  # all of them together
    calls: int  # likelihood calls
    rejected: int  # of them, those that the guard turned into -inf
    exhausted: bool = False  # whether the budget of calls did not do


def search_site(
    context: PhaseContext, dataset: str, plan: Plan, previous: Searched | None = None, checkpoint: Path | None = None
) -> Searched:
    """The site of one dataset in one round.

    Parameters
    ----------
    context
        The phase.
    dataset
        Its id.
    plan
        Of :func:`cavity.strategy.ep.plan_round`.
    previous
        The dataset after the round before, or None.
    checkpoint
        Where a search may leave what it needs to go on after a kill, or None; its name is the hash of all inputs.

    Returns
    -------
    Searched
        The site function, the weighted points it was made from, the calls it cost. A site that need not be searched
        again is carried over with ``calls`` 0.
    """
    if previous is not None and dataset not in plan.refresh:
        return previous.kept()
    view, space = context.view(dataset), context.space
    link = Link(link_of(view, context.coordinates), space)
    spent = 0 if previous is None else previous.spent
    left = None if context.max_calls is None else context.max_calls - spent
    if previous is not None and left is not None:
        plan = affordable(plan, previous, left, link.p, context.limits)
        if plan is None:  # kept as it is, and said
            return previous.kept(exhausted=True)
    found = _searched(context, view, link, plan, previous, checkpoint, left)
    return replace(found, spent=spent + found.calls)


def affordable(plan: Plan, previous: Searched, left: int, p: int, limits: Limits = POLICY) -> Plan | None:
    """The plan with no more draws than ``left`` calls pay for, or None where these are too few to be of use.

    The first table is made in any case, of few draws at worst: tables cannot be joined with sites of another kind.
    """
    if plan.kind != "table":
        return plan if left >= plan.n_draws * (PLACES if p else 2) else None
    n_draws, fewest = left // len(plan.nodes), limits.fewest_at_a_node
    if n_draws < fewest and previous.kind == "table":
        return None
    return replace(plan, n_draws=int(np.clip(n_draws, fewest, plan.n_draws)))


def _searched(context, view, link, plan, previous, checkpoint, left):
    """A dataset after a new search of at most ``left`` calls."""
    names = context.phase, view.dataset, plan.round
    if plan.kind == "table" and previous is not None:
        return search_table(context, view, link, plan, previous, generator(context.seed, *names))
    if plan.mode_means is None or not link.p:  # a site without shared parameters holds wherever it has particles
        return _around(context, view, link, plan, previous, checkpoint, left, generator(context.seed, *names))
    found, share = [], None if left is None else left // len(plan.mode_means)
    for k in range(len(plan.mode_means)):
        rng = generator(context.seed, *names, *([k] if k else []))
        where = checkpoint and checkpoint.with_name(f"{checkpoint.name}-{k}")
        found.append(_around(context, view, link, plan.at_mode(k), previous.at_mode(k), where, share, rng))
    return replace(
        found[0],
        calls=sum(one.calls for one in found),
        rejected=sum(one.rejected for one in found),
        exhausted=any(one.exhausted for one in found),
        ess=min(one.ess for one in found),
        pareto_k=max(one.pareto_k for one in found),
        elsewhere=tuple(Elsewhere(one.site, one.points) for one in found[1:]),
    )


def _around(context, view, link, plan, previous, checkpoint, left, rng):
    """A dataset after a new search under the prior, or around one mode of q."""
    dataset, space = view.dataset, context.space
    if previous is None:
        interim = prior_interim(link, space)
    else:
        interim = predictive_interim(link, plan.mean, plan.covariance)
    tilted = Tilted(view, link, space, interim)
    identity = checkpoint.stem if checkpoint is not None else ""
    problem = tilted.problem(dataset, identity, context.paths_of(dataset))
    found = _explore(context, view, tilted, problem, plan, previous, rng, checkpoint, left)
    weighted = found.weighted
    searched = Searched(
        dataset=dataset,
        round=plan.round,
        kind="pilot" if tilted.free_shared else "site",
        calls=found.calls,
        rejected=found.rejected,
        exhausted=found.exhausted,
        ess=weighted.ess,
        pareto_k=weighted.pareto_k,
        points=_points(tilted, found.batches, weighted),
    )
    if tilted.free_shared:
        return replace(searched, site=_pilot_site(tilted, weighted, dataset))
    return _with_site(searched, context, tilted, plan, weighted)


def _with_site(searched, context, tilted, plan, weighted):
    """The search with its site function; a surrogate's design costs calls too."""
    guard = Guard(tilted.design_problem(searched.dataset), on_error=context.on_error)
    local = tilted.local_values(weighted.z)
    design = coefficients = None
    figures = {"ess": weighted.ess, "pareto_k": weighted.pareto_k}
    if tilted.p:
        design, coefficients, error = _shared_design(tilted, plan, weighted.theta, local, weighted.log_w, guard)
        figures["surrogate_error"] = error
    site = build_site(
        searched.dataset,
        tilted.link.spec,
        weighted.log_w,
        weighted.theta,
        tilted.interim.mean,
        tilted.interim.sd,
        payload=local,
        payload_names=_local_names(tilted),
        design=design,
        coefficients=coefficients,
        info=figures,
    )
    calls, rejected = searched.calls + int(guard.calls), searched.rejected + int(guard.rejected)
    return replace(searched, site=site, calls=calls, rejected=rejected)


def _explore(context, view, tilted, problem, plan, previous, rng, checkpoint, left):
    """Importance draws of the tilted distribution: around the last round's, else after a whole search.

    Draws of earlier rounds are among the batches where they are of the same likelihood (no shared parameter moved).
    """
    guard = Guard(problem, on_error=context.on_error)
    n_draws, limits = plan.n_draws, context.limits
    d = tilted.d
    batches, weighted = [], None

    if problem.ndim == 0:  # nothing but shared parameters, and they are held
        value = guard(np.empty(0))
        alone = Weighted(np.empty((1, 0)), np.empty((1, 0)), np.array([value]))
        return _Explored([], alone, int(guard.calls), int(guard.rejected))

    def polished(unit, log_w, n):
        batches.append(batch_of(polish(problem, unit, log_w, n, rng, guard=guard), tilted.interim, d))
        return weighted_together(batches, tilted.interim)

    if previous is not None:
        if not tilted.p:
            batches += previous.points.batches
        weighted = polished(*_proposal(tilted, previous.points), n_draws)
        if not is_healthy(weighted, limits):
            weighted = polished(*_coordinates(tilted, weighted), n_draws)
        if covers(weighted, limits):
            return _Explored(batches, weighted, int(guard.calls), int(guard.rejected))
    calls, rejected, exhausted = 0, 0, False
    for search in (context.search_of(view), rescue_search(limits)):
        allowed = _allowed(tilted, left, calls + guard.calls, n_draws, limits)
        if allowed is not None and allowed < n_draws and weighted is not None:
            exhausted = True
            break
        progress = context.progress_of(view.dataset)
        found = search.run(problem, rng, checkpoint, context.on_error, progress, allowed)
        exhausted = bool(found.info.get("calls_spent", False))
        calls, rejected = calls + found.calls, rejected + found.rejected
        if "proposal" in found.info:
            batches.append(batch_of(found, tilted.interim, d))
            weighted = weighted_together(batches, tilted.interim)
        else:
            weighted = polished(found.unit, found.log_weights, n_draws)
        if tilted.free_shared:  # a first look places the next round, nothing more
            break
        if not is_healthy(weighted, limits):
            weighted = polished(*_coordinates(tilted, weighted), n_draws)
        if covers(weighted, limits):
            break
    exhausted = exhausted and not covers(weighted, limits)
    return _Explored(batches, weighted, int(calls + guard.calls), int(rejected + guard.rejected), exhausted)


def _allowed(tilted, left, used, n_draws, limits):
    """Calls that one search may take: what is left, less the draws that follow it; of a first look's, half."""
    if left is None:
        return None
    rest = left // 2 if tilted.free_shared else left
    after = n_draws * (PLACES if tilted.p and not tilted.free_shared else 2)
    return max(rest - used - after, limits.fewest_calls)


def rescue_search(limits: Limits) -> Search:
    """What explores a site whose own search left too few points: nested sampling."""
    from cavity.search import DynestyStatic

    return DynestyStatic(nlive=limits.rescue_live_points)


def covers(weighted: Weighted, limits: Limits) -> bool:
    """Whether the draws cover the tilted distribution."""
    return weighted.pareto_k < limits.k_hat_limit and weighted.ess >= limits.ess_limit


def is_healthy(weighted: Weighted, limits: Limits) -> bool:
    """Whether they cover it and no single one stands for a region that was hit by accident."""
    return covers(weighted, limits) and weighted.largest < limits.largest_share


def _coordinates(tilted, weighted):
    """Unit cube and log weights of draws under the present interim prior."""
    standard = (weighted.theta - tilted.interim.mean) / tilted.interim.sd
    unit = ndtr(np.concatenate([standard, weighted.z], axis=1))
    return np.clip(unit, FARTHEST, 1 - FARTHEST), weighted.log_weights


def _local_names(tilted):
    return tuple(path for _, path, _ in tilted.view.local)


def _points(tilted, batches, weighted):
    """What the next round's proposal is made from: coordinates that do not depend on the interim prior."""
    p = tilted.p if tilted.free_shared else 0
    return Points(
        theta=weighted.theta,
        psi=tilted.psi_from_normal(weighted.z[:, :p]) if p else np.empty((len(weighted.theta), 0)),
        psi_mean=np.array([prior.mean for prior in tilted.shared_priors] if p else []),
        psi_sd=np.array([prior.sigma for prior in tilted.shared_priors] if p else []),
        z=weighted.z[:, p:],
        log_weights=weighted.log_weights,
        interim_mean=np.asarray(tilted.interim.mean),
        interim_sd=np.asarray(tilted.interim.sd),
        batches=() if tilted.p else tuple(batches),
    )


def _proposal(tilted, points):
    """The last round's points in the new unit cube, reweighted from the old interim prior to the new one."""
    theta, interim = points.theta, tilted.interim
    old = (theta - points.interim_mean) / points.interim_sd
    new = (theta - interim.mean) / interim.sd
    log_w = points.log_weights + 0.5 * (old**2).sum(1) - 0.5 * (new**2).sum(1)
    if points.psi.shape[1]:
        log_w = log_w + _near_held(tilted, points)
    unit = ndtr(np.concatenate([new, points.z], axis=1))
    return np.clip(unit, FARTHEST, 1 - FARTHEST), log_w


def _near_held(tilted, points):
    """Log weights that prefer pilot points whose shared values are near those now held fixed."""
    psi = points.psi
    w = np.exp(points.log_weights - np.max(points.log_weights))
    w = w / w.sum()
    spread = np.sqrt(np.maximum(w @ (psi - w @ psi) ** 2, 1e-12))
    return -0.5 * (((psi - tilted.interim.shared) / spread) ** 2).sum(1)


def _pilot_site(tilted, weighted, dataset):
    """The site of a first look with shared parameters free, over them and the drawn ones: it places the next round."""
    p, interim = tilted.p, tilted.interim
    shared = [
        {"name": name, "family": "GaussianPrior", "mean": {"coordinate": name}, "sigma": NOTHING}
        for _, name in tilted.view.shared
    ]
    return build_site(
        dataset,
        {"drawn": [*tilted.link.spec["drawn"], *shared], "shared": []},
        weighted.log_w,
        np.concatenate([weighted.theta, tilted.psi_from_normal(weighted.z[:, :p])], axis=1),
        np.concatenate([interim.mean, [prior.mean for prior in tilted.shared_priors]]),
        np.concatenate([interim.sd, [prior.sigma for prior in tilted.shared_priors]]),
        payload=tilted.local_values(weighted.z[:, p:]),
        payload_names=_local_names(tilted),
    )


def _design_of(tilted):
    """A scale parameter alone needs a design as wide as its tails; others a cubic along every axis."""
    index = tilted.link.shared_index
    return "chebyshev" if len(index) == 1 and tilted.space.priors[index[0]].is_scale else "axial"


def _shared_design(tilted, plan, theta, local, log_w, guard):
    """log L of every particle at shared values around q's mean, moved along what theta and psi trade off."""
    covariance = shared_prior(tilted.link, plan.mean, plan.covariance)[1]
    design = SharedDesign.around(tilted.interim.shared, covariance, tilted.d, _design_of(tilted))
    S = len(theta)

    def log_l(theta, psi, local):
        return guard.batch(np.concatenate([theta, psi, local], axis=1))

    if tilted.d:
        mode = int(np.argmax(log_w))
        w = np.exp(log_w - np.max(log_w))
        w /= w.sum()
        scales = np.sqrt(np.maximum(w @ (theta - w @ theta) ** 2, 1e-16))
        tau = np.exp(tilted.link.eta(plan.mean)[tilted.d : 2 * tilted.d])
        B = transport(
            lambda t, psi: log_l(t, psi, np.broadcast_to(local[mode], (len(t), tilted.k))),
            theta[mode],
            tau,
            design,
            scales,
        )
        design = design.with_transport(B)
    here = log_l(theta, np.broadcast_to(design.psi0, (S, tilted.p)), local)
    change = np.empty((S, len(design.offsets)))
    for k, (moved, psi) in enumerate(design.points(theta)):
        change[:, k] = log_l(moved, np.broadcast_to(psi, (S, tilted.p)), local)
    with np.errstate(invalid="ignore"):
        change = change - here[:, None]
    coefficients, error = fit_surrogate(design, change, log_w)
    return design, coefficients, error
