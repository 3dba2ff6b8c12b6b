"""One dataset, one round: search its tilted distribution and condense it into a site function."""

import json

import numpy as np
from scipy.special import ndtr

from cavity.graph import link_of
from cavity.propagate.build import build_site
from cavity.propagate.design import SharedDesign, fit_surrogate, transport
from cavity.propagate.link import Link
from cavity.propagate.predictive import shared_prior
from cavity.rng import generator
from cavity.search.guard import Guard
from cavity.search.polish import polish
from cavity.strategy.draws import LARGEST_SHARE, Batch, Weighted, batch_of, weighted_together
from cavity.strategy.tables import search_table
from cavity.strategy.tilted import Tilted, predictive_interim, prior_interim

K_HAT_LIMIT = 0.7
ESS_LIMIT = 50
FARTHEST = 1e-12  # of a unit coordinate from 0 and 1
RESCUE_LIVE_POINTS = 100
FEWEST_CALLS = 100  # of a search, however little is left
PLACES = 6  # calls of a draw that is moved along shared parameters, about
FEWEST_AT_A_NODE = 50


def search_site(context, dataset, plan, previous=None, checkpoint=None):
    """The site of one dataset in one round.

    Parameters
    ----------
    context
        The phase.
    dataset
        Its id.
    plan
        Of :func:`cavity.strategy.rounds.plan_round`.
    previous
        The dataset's tree of the round before, or None.
    checkpoint
        Where a search may leave what it needs to go on after a kill, or None; its name is the hash of all inputs.

    Returns
    -------
    dict
        The site function (``site``), the weighted points it was made from (``points``), the calls it cost. A site that
        need not be searched again is carried over with ``calls`` 0.
    """
    if previous is not None and dataset not in set(plan["refresh"]):
        return {**previous, "calls": 0, "rejected": 0}
    view, space = context.view(dataset), context.space
    link = Link(link_of(view, context.coordinates), space)
    spent = 0 if previous is None else int(previous["spent"])
    left = None if context.max_calls is None else context.max_calls - spent
    if previous is not None and left is not None:
        plan = affordable(plan, previous, left, link.p)
        if plan is None:  # kept as it is, and said
            return {**previous, "calls": 0, "rejected": 0, "exhausted": True}
    tree = _searched(context, view, link, plan, previous, checkpoint, left)
    return {**tree, "spent": spent + tree["calls"]}


def affordable(plan, previous, left, p):
    """The plan with no more draws than ``left`` calls pay for, or None where these are too few to be of use.

    The first table is made in any case, of few draws at worst: tables cannot be joined with sites of another kind.
    """
    if plan["kind"] != "table":
        return plan if left >= int(plan["n_draws"]) * (PLACES if p else 2) else None
    n_draws = left // len(plan["nodes"])
    if n_draws < FEWEST_AT_A_NODE and previous["kind"] == "table":
        return None
    return {**plan, "n_draws": int(np.clip(n_draws, FEWEST_AT_A_NODE, int(plan["n_draws"])))}


def _searched(context, view, link, plan, previous, checkpoint, left):
    """A dataset's tree by a new search of at most ``left`` calls."""
    dataset, space = view.dataset, context.space
    rng = generator(context.seed, context.phase, dataset, plan["round"])
    if plan["kind"] == "table" and previous is not None:
        return search_table(context, view, link, plan, previous, rng)
    if previous is None:
        interim = prior_interim(link, space)
    else:
        interim = predictive_interim(link, plan["mean"], plan["covariance"])
    tilted = Tilted(view, link, space, interim)
    identity = checkpoint.stem if checkpoint is not None else ""
    problem = tilted.problem(dataset, identity, context.paths_of(dataset))
    found = _explore(context, view, tilted, problem, plan, previous, rng, checkpoint, left)
    batches, weighted, calls, rejected, exhausted = found
    tree = {
        "dataset": dataset,
        "round": int(plan["round"]),
        "ess": weighted.ess,
        "pareto_k": weighted.pareto_k,
        "exhausted": exhausted,
        "points": _points(tilted, batches, weighted),
    }
    if tilted.free_shared:
        return {**tree, "kind": "pilot", "calls": calls, "rejected": rejected, **_pilot(tilted, weighted, dataset)}
    guard = Guard(tilted.design_problem(dataset), on_error=context.on_error)
    local = tilted.local_values(weighted.z)
    design = coefficients = None
    figures = {"ess": weighted.ess, "pareto_k": weighted.pareto_k}
    if tilted.p:
        design, coefficients, error = _shared_design(tilted, plan, weighted.theta, local, weighted.log_w, guard)
        figures["surrogate_error"] = error
    site = build_site(
        dataset,
        link.spec,
        weighted.log_w,
        weighted.theta,
        interim.mean,
        interim.sd,
        payload=local,
        payload_names=_local_names(tilted),
        design=design,
        coefficients=coefficients,
        info=figures,
    )
    return {
        **tree,
        "kind": "site",
        "calls": int(calls + guard.calls),
        "rejected": int(rejected + guard.rejected),
        "site": site.to_tree(),
    }


def _explore(context, view, tilted, problem, plan, previous, rng, checkpoint, left):
    """Importance draws of the tilted distribution: around the last round's, else after a whole search.

    Returns
    -------
    (batches, weighted, calls, rejected, exhausted)
        Draws of earlier rounds are among the batches where they are of the same likelihood (no shared parameter moved).
    """
    guard = Guard(problem, on_error=context.on_error)
    n_draws = int(plan["n_draws"])
    d = tilted.d
    batches, weighted = [], None

    if problem.ndim == 0:  # nothing but shared parameters, and they are held
        value = guard(np.empty(0))
        return (
            [],
            Weighted(np.empty((1, 0)), np.empty((1, 0)), np.array([value])),
            int(guard.calls),
            int(guard.rejected),
            False,
        )

    def polished(unit, log_w, n):
        batches.append(batch_of(polish(problem, unit, log_w, n, rng, guard=guard), tilted.interim, d))
        return weighted_together(batches, tilted.interim)

    if previous is not None:
        if not tilted.p:
            batches += [Batch.from_tree(tree) for _, tree in sorted(previous["points"]["batches"].items())]
        weighted = polished(*_proposal(tilted, previous["points"]), n_draws)
        if not _healthy(weighted):
            weighted = polished(*_coordinates(tilted, weighted), n_draws)
        if _covers(weighted):
            return batches, weighted, int(guard.calls), int(guard.rejected), False
    calls, rejected, exhausted = 0, 0, False
    for search in (context.search_of(view), _rescue_search()):
        allowed = _allowed(tilted, left, calls + guard.calls, n_draws)
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
        if not _healthy(weighted):
            weighted = polished(*_coordinates(tilted, weighted), n_draws)
        if _covers(weighted):
            break
    exhausted = exhausted and not _covers(weighted)
    return batches, weighted, int(calls + guard.calls), int(rejected + guard.rejected), exhausted


def _allowed(tilted, left, used, n_draws):
    """Calls that one search may take: what is left, less the draws that follow it; of a first look's, half."""
    if left is None:
        return None
    rest = left // 2 if tilted.free_shared else left
    after = n_draws * (PLACES if tilted.p and not tilted.free_shared else 2)
    return max(rest - used - after, FEWEST_CALLS)


def _rescue_search():
    """What explores a site whose own search left too few points: nested sampling."""
    from cavity.search import DynestyStatic

    return DynestyStatic(nlive=RESCUE_LIVE_POINTS)


def _covers(weighted):
    """Whether the draws cover the tilted distribution."""
    return weighted.pareto_k < K_HAT_LIMIT and weighted.ess >= ESS_LIMIT


def _healthy(weighted):
    """Whether they cover it and no single one stands for a region that was hit by accident."""
    return _covers(weighted) and weighted.largest < LARGEST_SHARE


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
    return {
        "theta": weighted.theta,
        "psi": tilted.psi_from_normal(weighted.z[:, :p]) if p else np.empty((len(weighted.theta), 0)),
        "psi_mean": np.array([prior.mean for prior in tilted.shared_priors] if p else []),
        "psi_sd": np.array([prior.sigma for prior in tilted.shared_priors] if p else []),
        "z": weighted.z[:, p:],
        "log_weights": weighted.log_weights,
        "interim_mean": np.asarray(tilted.interim.mean),
        "interim_sd": np.asarray(tilted.interim.sd),
        "batches": {} if tilted.p else {f"{i:03d}": batch.to_tree() for i, batch in enumerate(batches)},
    }


def _proposal(tilted, points):
    """The last round's points in the new unit cube, reweighted from the old interim prior to the new one."""
    theta, interim = points["theta"], tilted.interim
    old = (theta - points["interim_mean"]) / points["interim_sd"]
    new = (theta - interim.mean) / interim.sd
    log_w = points["log_weights"] + 0.5 * (old**2).sum(1) - 0.5 * (new**2).sum(1)
    if points["psi"].shape[1]:
        log_w = log_w + _near_held(tilted, points)
    unit = ndtr(np.concatenate([new, points["z"]], axis=1))
    return np.clip(unit, FARTHEST, 1 - FARTHEST), log_w


def _near_held(tilted, points):
    """Log weights that prefer pilot points whose shared values are near those now held fixed."""
    psi = points["psi"]
    w = np.exp(points["log_weights"] - np.max(points["log_weights"]))
    w = w / w.sum()
    spread = np.sqrt(np.maximum(w @ (psi - w @ psi) ** 2, 1e-12))
    return -0.5 * (((psi - tilted.interim.shared) / spread) ** 2).sum(1)


def _pilot(tilted, weighted, dataset):
    """A first look with shared parameters free: its moments place the rounds that follow."""
    found = {"link": json.dumps(tilted.link.spec)}
    if tilted.d:
        site = build_site(
            dataset,
            {**tilted.link.spec, "shared": []},
            weighted.log_w,
            weighted.theta,
            tilted.interim.mean,
            tilted.interim.sd,
            payload=tilted.local_values(weighted.z[:, tilted.p :]),
            payload_names=_local_names(tilted),
        )
        found["site"] = site.to_tree()
    return found


def _design_of(tilted):
    """A scale parameter alone needs a design as wide as its tails; others a cubic along every axis."""
    index = tilted.link.shared_index
    return "chebyshev" if len(index) == 1 and tilted.space.priors[index[0]].is_scale else "axial"


def _shared_design(tilted, plan, theta, local, log_w, guard):
    """log L of every particle at shared values around q's mean, moved along what theta and psi trade off."""
    covariance = shared_prior(tilted.link, plan["mean"], plan["covariance"])[1]
    design = SharedDesign.around(tilted.interim.shared, covariance, tilted.d, _design_of(tilted))
    S = len(theta)

    def log_l(theta, psi, local):
        return guard.batch(np.concatenate([theta, psi, local], axis=1))

    if tilted.d:
        mode = int(np.argmax(log_w))
        w = np.exp(log_w - np.max(log_w))
        w /= w.sum()
        scales = np.sqrt(np.maximum(w @ (theta - w @ theta) ** 2, 1e-16))
        tau = np.exp(tilted.link.eta(plan["mean"])[tilted.d : 2 * tilted.d])
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
