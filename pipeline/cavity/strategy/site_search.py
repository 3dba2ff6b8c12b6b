"""One dataset, one round: search its tilted distribution and condense it into a site function."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from cavity.graph import link_of
from cavity.numerics.parts import PARTS
from cavity.numerics.weights import resampled
from cavity.propagate.build import build_site, with_floor
from cavity.propagate.design import SharedDesign, cross_offsets, fit_surrogate, transport, with_cross_terms
from cavity.propagate.diagnostics import kernel_bias, kernel_width
from cavity.propagate.hierarchy import NOTHING
from cavity.propagate.link import Link
from cavity.propagate.predictive import shared_prior
from cavity.rng import generator
from cavity.search import Search
from cavity.search.guard import Guard
from cavity.strategy.draws import FARTHEST, Drawing, Weighted
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.phase_context import PhaseContext
from cavity.strategy.round import Batch, Elsewhere, Plan, Points, Searched
from cavity.strategy.tables import search_table
from cavity.strategy.tilted import Tilted, far_interim, predictive_interim, prior_interim, wide_interim

SCOUTS = 5  # one in so many of a round's draws judges the proposal of the others
FEWEST_SCOUTS = 64
LANDSCAPES = 2  # shared parameters at most whose first looks are joined on a grid: modes are seen there
PILOT_FLOOR = 1e-3  # of a first look's evidence, spread over its interim prior
CROSSED, FEWEST_CROSSED = 512, 4  # calls, and particles, for the products of two shared parameters
KERNEL_STEP = 16  # of a plan's draws: one in so many tells the bias of kernels
PLACES = 6  # calls of a draw that is moved along shared parameters, about


class _Explored(NamedTuple):
    """What the search of a tilted distribution left."""

    batches: Sequence[Batch]  # the draws by proposal
    weighted: Weighted  # all of them together: where the next round is placed
    site: Weighted  # what the site is made of
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
    fewest = min(limits.fewest_in_a_table, plan.n_draws)
    if left < fewest and previous.kind == "table":
        return None
    return replace(plan, n_draws=int(np.clip(left, fewest, plan.n_draws)))


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
    elif plan.looks_again:
        interim, previous = wide_interim(link, plan.draws), None
    else:
        interim = predictive_interim(link, plan.mean, plan.draws)
    tilted = Tilted(view, link, space, interim)
    identity = checkpoint.stem if checkpoint is not None else ""
    problem = tilted.problem(dataset, identity, context.paths_of(dataset))
    found = _explore(context, view, tilted, problem, plan, previous, rng, checkpoint, left)
    site = found.site
    searched = Searched(
        dataset=dataset,
        round=plan.round,
        kind="pilot" if tilted.free_shared else "site",
        calls=found.calls,
        rejected=found.rejected,
        exhausted=found.exhausted,
        ess=site.ess,
        pareto_k=site.pareto_k,
        points=_points(tilted, found.batches, found.weighted),
    )
    if tilted.free_shared:
        return replace(searched, site=_pilot_site(tilted, found.weighted, dataset))
    return _with_site(searched, context, tilted, plan, site)


def _with_site(searched, context, tilted, plan, weighted):
    """The search with its site function; a surrogate's design costs calls too."""
    guard = Guard(tilted.design_problem(searched.dataset), on_error=context.on_error)
    local = tilted.local_values(weighted.z)
    design = coefficients = moves = None
    figures = {"ess": weighted.ess, "pareto_k": weighted.pareto_k}
    if tilted.acceptance.error:
        figures["assertion_error"] = tilted.acceptance.log_error
    if tilted.p:
        rng = generator(context.seed, context.phase, searched.dataset, plan.round, "crossed")
        design, coefficients, error, moves = _shared_design(tilted, plan, weighted, guard, rng)
        figures["surrogate_error"] = error
        searched = replace(searched, points=replace(searched.points, along=design.transport @ design.whitener))
        design = design.with_transport(design.transport[: tilted.d])
    made = partial(
        build_site,
        searched.dataset,
        tilted.link.spec,
        weighted.log_w,
        weighted.theta,
        tilted.interim.mean,
        tilted.interim.sd,
        payload=local,
        payload_transport=moves,
        payload_names=_local_names(tilted),
        design=design,
        coefficients=coefficients,
    )
    width = 1.0
    if tilted.d and plan.mean is not None:
        width = kernel_width(made, tilted.space, [draws for draws in (plan.draws, plan.far) if draws is not None])
        pair = made(width=width), made(width=width / 2)
        figures["kernel_bias"] = kernel_bias(*pair, tilted.space, plan.draws[::KERNEL_STEP])
    site = made(width=width, info=figures)
    calls, rejected = searched.calls + int(guard.calls), searched.rejected + int(guard.rejected)
    return replace(searched, site=site, calls=calls, rejected=rejected)


def _explore(context, view, tilted, problem, plan, previous, rng, checkpoint, left):
    """Importance draws of the tilted distribution: around the last round's, else after a whole search.

    The site's draws are of a proposal that was not fitted to them, and that other draws have judged: neither reusing
    draws nor keeping those that look well leaves the evidence without bias. Draws of earlier rounds place proposals
    where they are of the same likelihood (no shared parameter moved).
    """
    guard = Guard(problem, on_error=context.on_error)
    if problem.ndim == 0:  # nothing but shared parameters, and they are held
        value = guard(np.empty(0))
        alone = Weighted(np.empty((1, 0)), np.empty((1, 0)), np.array([value]))
        return _Explored([], alone, alone, int(guard.calls), int(guard.rejected))
    earlier = [] if previous is None or tilted.p else list(previous.points.batches)
    far = far_interim(tilted.link, plan.far) if tilted.d and plan.far is not None else None
    drawing = Drawing(tilted, problem, guard, rng, earlier, far)
    if previous is None:
        return _looked(context, view, drawing, plan.n_draws, checkpoint, left)
    return _drawn_anew(context, view, drawing, plan, _proposal(tilted, previous.points), checkpoint, left)


def _looked(context, view, drawing, n_draws, checkpoint, left):
    """A first look: the search, and the draws that replace random volumes or cover better."""
    tilted, limits, found = drawing.tilted, context.limits, _Searches(context, view, drawing, checkpoint, left)
    for samples in found.run(n_draws, n_draws):
        if "proposal" in samples.info:
            site = drawing.added(samples)
        else:
            site = drawing.drawn(drawing.around(samples.unit, samples.log_weights), n_draws)
        if tilted.free_shared:  # it places the next round, nothing more
            covered = covers(drawing.together(), limits)
            if limits.first_look_ess <= site.ess < limits.ess_limit or (before_table(tilted) and not covered):
                site = drawing.drawn(drawing.around(*drawing.coordinates()), n_draws)
            if site.ess >= limits.first_look_ess:
                break
            continue
        if not is_healthy(drawing.together(), limits):
            site = drawing.drawn(drawing.around(*drawing.coordinates()), n_draws)
        if covers(drawing.together(), limits):
            break
    return found.explored(site, covers(drawing.together(), limits) or before_table(tilted))


def _drawn_anew(context, view, drawing, plan, points, checkpoint, left):
    """The site of a later round: scouts judge a proposal around the last round's points, then the site is drawn.

    Where the next round's places are all that is asked for, what was drawn to judge is the site.
    """
    limits, found = context.limits, _Searches(context, view, drawing, checkpoint, left)
    n_draws = n_site = scouts = plan.n_draws
    if plan.kind != "pilot":
        scouts = max(n_draws // SCOUTS, min(n_draws, FEWEST_SCOUTS))
        n_site = max(n_draws - scouts, PARTS)
    proposal = drawing.around(*points)
    judged = drawing.drawn(proposal, scouts)
    good = is_healthy(judged, limits, n_draws, n_site + sum(len(batch.log_l) for batch in drawing.batches))
    if not good:
        proposal = drawing.around(*drawing.coordinates())
        judged = drawing.drawn(proposal, n_site)
        good = covers(judged, limits, n_draws)
    for samples in () if good else found.run(n_draws, n_site):
        if "proposal" in samples.info:
            judged = drawing.added(samples)
            proposal = drawing.batches[-1].proposal
        else:
            proposal = drawing.around(samples.unit, samples.log_weights)
            judged = drawing.drawn(proposal, n_site)
        good = covers(judged, limits, n_draws)
        if good:
            break
    return found.explored(judged if plan.kind == "pilot" else drawing.drawn(proposal, n_site), good)


class _Searches:
    """The dataset's own search and then the rescue, each with the calls that are left."""

    def __init__(self, context, view, drawing, checkpoint, left):
        self.context, self.view, self.drawing, self.checkpoint, self.left = context, view, drawing, checkpoint, left
        self.calls = self.rejected = 0
        self.exhausted = False

    def run(self, n_draws, fewest):
        """Their samples one after the other, as long as the caller asks and ``fewest`` calls are left."""
        context, drawing, limits = self.context, self.drawing, self.context.limits
        for search in (context.search_of(self.view), rescue_search(limits, self.drawing.tilted.free_shared)):
            allowed = _allowed(drawing.tilted, self.left, self.calls + drawing.guard.calls, n_draws, limits)
            if allowed is not None and allowed < fewest and drawing.batches:
                self.exhausted = True
                return
            progress = context.progress_of(self.view.dataset)
            found = search.run(drawing.problem, drawing.rng, self.checkpoint, context.on_error, progress, allowed)
            self.exhausted = bool(found.info.get("calls_spent", False))
            self.calls, self.rejected = self.calls + found.calls, self.rejected + found.rejected
            yield found

    def explored(self, site, is_covered):
        """What all of it left."""
        guard, batches = self.drawing.guard, self.drawing.batches
        calls, rejected = int(self.calls + guard.calls), int(self.rejected + guard.rejected)
        return _Explored(batches, self.drawing.together(), site, calls, rejected, self.exhausted and not is_covered)


def _allowed(tilted, left, used, n_draws, limits):
    """Calls that one search may take: what is left, less the draws that follow it; of a first look's, half."""
    if before_table(tilted):
        return limits.table_pilot if left is None else min(limits.table_pilot, left // 2)
    if left is None:
        return None
    rest = left // 2 if tilted.free_shared and not used else left
    after = n_draws * (PLACES if tilted.p and not tilted.free_shared else 2)
    return max(rest - used - after, limits.fewest_calls)


def before_table(tilted: Tilted) -> bool:
    """Whether a first look is one that a table may follow."""
    return tilted.free_shared and not tilted.d and tilted.p <= 2


def rescue_search(limits: Limits, first_look: bool = False) -> Search:
    """What explores a site whose own search left too few points: nested sampling.

    A first look is at a mode: what leaves nested sampling no points there is a ridge that bends in the unit cube.
    """
    from cavity.search import DynestyStatic, Laplace

    return Laplace() if first_look else DynestyStatic(nlive=limits.rescue_live_points)


def covers(weighted: Weighted, limits: Limits, n: int | None = None) -> bool:
    """Whether the draws cover the tilted distribution; with n, whether that many of its proposal would."""
    grown = 1.0 if n is None else n / len(weighted.log_w)
    return weighted.pareto_k < limits.k_hat_limit and weighted.ess * grown >= limits.ess_limit


def is_healthy(weighted: Weighted, limits: Limits, n: int | None = None, among: int | None = None) -> bool:
    """Whether they cover it and no single one stands for a region that was hit by accident.

    With ``among``, whether the heaviest would not be too heavy among that many draws of its proposal.
    """
    grown = 1.0 if among is None else among / len(weighted.log_w)
    return covers(weighted, limits, n) and weighted.largest < limits.largest_share * grown


def _local_names(tilted):
    return tuple(path for _, path, _ in tilted.view.local)


def _points(tilted, batches, weighted):
    """What the next round's proposal is made from: coordinates that do not depend on the interim prior."""
    p = tilted.p if tilted.free_shared else 0
    psi = np.empty((len(weighted.theta), 0))
    if tilted.p:
        held = tilted.interim.shared
        psi = tilted.psi_from_normal(weighted.z[:, :p]) if p else np.repeat(held[None], len(weighted.theta), 0)
    return Points(
        theta=weighted.theta,
        psi=psi,
        along=_slopes(np.concatenate([weighted.theta, weighted.z[:, p:]], axis=1), psi, weighted.log_weights),
        psi_mean=np.array([prior.mean for prior in tilted.shared_priors] if p else []),
        psi_sd=np.array([prior.sigma for prior in tilted.shared_priors] if p else []),
        z=weighted.z[:, p:],
        log_weights=weighted.log_weights,
        interim_mean=np.asarray(tilted.interim.mean),
        interim_sd=np.asarray(tilted.interim.sd),
        batches=() if tilted.p else tuple(batches),
    )


def _slopes(own, psi, log_weights):
    """How own parameters [S, m] follow shared ones [S, p], by weighted least squares: [m, p]; 0 where psi is held."""
    w = np.exp(0.5 * (log_weights - np.max(log_weights)))[:, None]
    w2 = w**2 / (w**2).sum()
    psi, own = psi - (w2 * psi).sum(0), own - (w2 * own).sum(0)
    return np.linalg.lstsq(w * psi, w * own, rcond=None)[0].T


def _proposal(tilted, points):
    """The last round's points in the new unit cube, reweighted from the old interim prior to the new one.

    They move to the shared values now held, along what the dataset's own parameters and those trade off.
    """
    theta, z, interim = points.theta, points.z, tilted.interim
    old = (theta - points.interim_mean) / points.interim_sd
    new = (theta - interim.mean) / interim.sd
    log_w = points.log_weights + 0.5 * (old**2).sum(1) - 0.5 * (new**2).sum(1)
    if tilted.p:
        moves = (interim.shared - points.psi) @ points.along.T
        new, z = new + moves[:, : tilted.d] / interim.sd, z + moves[:, tilted.d :]
        if np.ptp(points.psi, axis=0).any():
            log_w = log_w + _near_held(tilted, points)
    unit = ndtr(np.concatenate([new, z], axis=1))
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
    site = build_site(
        dataset,
        {"drawn": [*tilted.link.spec["drawn"], *shared], "shared": []},
        weighted.log_w,
        np.concatenate([weighted.theta, tilted.psi_from_normal(weighted.z[:, :p])], axis=1),
        np.concatenate([interim.mean, [prior.mean for prior in tilted.shared_priors]]),
        np.concatenate([interim.sd, [prior.sigma for prior in tilted.shared_priors]]),
        payload=tilted.local_values(weighted.z[:, p:]),
        payload_names=_local_names(tilted),
    )
    return with_floor(site, PILOT_FLOOR) if tilted.space.dimension > LANDSCAPES else site


def _design_of(tilted):
    """A scale parameter alone needs a design as wide as its tails; others a cubic along every axis."""
    index = tilted.link.shared_index
    return "chebyshev" if len(index) == 1 and tilted.space.priors[index[0]].is_scale else "axial"


def _shared_design(tilted, plan, weighted, guard, rng):
    """log L of every particle at shared values around q's mean, moved along what its own parameters and psi trade off.

    Local parameters move in the coordinates in which their prior is N(0, 1), whose change is part of the surrogate.

    Returns
    -------
    (design, coefficients, error, payload_transport)
        The design's transport [d + k, p] is of all columns; the last [S, k, p] is how the local parameters move with
        v, to first order.
    """
    covariance = shared_prior(tilted.link, plan.mean, plan.covariance)[1]
    d, p, log_w = tilted.d, tilted.p, weighted.log_w
    design = SharedDesign.around(tilted.interim.shared, covariance, d + tilted.k, _design_of(tilted))
    own = np.concatenate([weighted.theta, weighted.z], axis=1)

    def log_l(own, psi):
        return guard.batch(np.concatenate([own[:, :d], psi, tilted.local_values(own[:, d:])], axis=1))

    def log_density(own, psi):
        psi = np.broadcast_to(psi, (len(own), p))
        return log_l(own, psi) - 0.5 * (own[:, d:] ** 2).sum(1)

    here = log_density(own, design.psi0)
    standard = (weighted.theta - tilted.interim.mean) / tilted.interim.sd
    best = int(np.argmax(here - 0.5 * (standard**2).sum(1)))  # the largest weight may be of a draw in a tail
    if own.shape[1]:
        w = np.exp(log_w - np.max(log_w))
        w /= w.sum()
        spread = np.sqrt(w @ (own - w @ own) ** 2)
        scales = np.where(spread > 0, spread, 1.0)
        width = np.concatenate([tilted.link.sd(tilted.link.eta(plan.mean)), np.ones(tilted.k)])
        design = design.with_transport(transport(log_l, own[best], width, design, scales))
    change = np.stack([log_density(moved, psi) for moved, psi in design.points(own)], axis=1)
    with np.errstate(invalid="ignore"):
        change = change - here[:, None]
    coefficients, error = fit_surrogate(design, change, log_w)
    if p > 1:
        v = cross_offsets(p)
        few = resampled(log_w, min(max(FEWEST_CROSSED, CROSSED // len(v)), len(own)), rng)
        moved = (own[few, None] + v @ design.transport.T).reshape(len(few) * len(v), own.shape[1])
        psi = np.tile(design.psi(v), (len(few), 1))
        there = log_density(moved, psi).reshape(len(few), -1)
        design, coefficients, error = with_cross_terms(design, coefficients, log_w, there - here[few, None])
    slopes = tilted.local_slopes(weighted.z)[..., None] * design.transport[d:]
    return design, coefficients, error, slopes
