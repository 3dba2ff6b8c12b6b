"""One dataset, one round: search its tilted distribution and condense it into a site function."""
import numpy as np
from scipy.special import ndtr, ndtri

from cavity.graph import link_of
from cavity.propagate.build import SharedDesign, axial_design, build_site, fit_surrogate, transport
from cavity.propagate.link import Link
from cavity.rng import generator
from cavity.search.guard import Guard
from cavity.search.polish import polish
from cavity.strategy.tables import search_table
from cavity.strategy.tilted import Tilted, predictive_interim, prior_interim

K_HAT_LIMIT = 0.7
ESS_LIMIT = 50
FARTHEST = 1e-12  # of a unit coordinate from 0 and 1


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
        Where a search may leave what it needs to go on after a kill, or None.

    Returns
    -------
    dict
        The site function (``site``), the weighted points it was made from (``points``), the calls it cost. A site that
        need not be searched again is carried over with ``calls`` 0.
    """
    if previous is not None and dataset not in set(plan["refresh"]):
        return {**previous, "calls": 0, "rejected": 0}
    view, space = context.view(dataset), context.space
    link = Link(link_of(view, context.names.priors), space)
    rng = generator(context.seed, context.phase, dataset, plan["round"])
    if plan["kind"] == "table":
        return search_table(context, view, link, plan, previous, rng)
    if previous is None:
        interim = prior_interim(link, space)
    else:
        interim = predictive_interim(link, plan["mean"], plan["covariance"])
    tilted = Tilted(view, link, space, interim)
    problem = tilted.problem(dataset)
    samples, calls, rejected = _explore(context, view, tilted, problem, plan, previous, rng, checkpoint)
    if tilted.free_shared:
        return _pilot_tree(tilted, samples, dataset, plan, calls, rejected)
    guard = Guard(problem, on_error=context.on_error)
    d = tilted.d
    theta, local = samples.values[:, :d], samples.values[:, d:]
    log_w = samples.log_weights + samples.log_evidence
    design = _shared_design(tilted, plan, theta, local, log_w, guard) if tilted.p else None
    site = build_site(
        theta, log_w, interim.mean, interim.sd, link.spec,
        payload=local,
        payload_names=tuple(path for _, path, _ in view.local),
        dataset=dataset,
        shared=design,
        info={"ess": samples.ess, "pareto_k": _number(samples.pareto_k), "log_evidence": samples.log_evidence},
    )
    return {
        "kind": "site",
        "dataset": dataset,
        "round": int(plan["round"]),
        "calls": int(calls + guard.calls),
        "rejected": int(rejected + guard.rejected),
        "ess": float(samples.ess),
        "pareto_k": _number(samples.pareto_k),
        "site": site.to_tree(),
        "points": _points(tilted, samples),
    }


def _explore(context, view, tilted, problem, plan, previous, rng, checkpoint):
    """Weighted points of the tilted distribution: importance draws around the last round's, else a whole search."""
    calls = rejected = 0
    n_draws = int(plan["n_draws"])
    if previous is not None:
        unit, log_w = _proposal(tilted, previous["points"])
        samples = polish(problem, unit, log_w, n_draws, rng, on_error=context.on_error)
        calls, rejected = samples.calls, samples.rejected
        if _healthy(samples):
            return samples, calls, rejected
        samples = polish(problem, samples.unit, samples.log_weights, n_draws, rng, on_error=context.on_error)
        calls, rejected = calls + samples.calls, rejected + samples.rejected
        if _healthy(samples):
            return samples, calls, rejected
    search = context.search_of(view)
    samples = search.run(problem, rng, checkpoint=checkpoint, on_error=context.on_error)
    calls, rejected = calls + samples.calls, rejected + samples.rejected
    if not _healthy(samples) or not samples.info.get("importance"):
        samples = polish(problem, samples.unit, samples.log_weights, n_draws, rng, on_error=context.on_error)
        calls, rejected = calls + samples.calls, rejected + samples.rejected
    return samples, calls, rejected


def _healthy(samples):
    return samples.pareto_k is not None and samples.pareto_k < K_HAT_LIMIT and samples.ess >= ESS_LIMIT


def _points(tilted, samples):
    """What the next round's proposal is made from: coordinates that do not depend on the interim prior."""
    d, q = tilted.d, tilted.d + (tilted.p if tilted.free_shared else 0)
    return {
        "theta": samples.values[:, :d],
        "shared_unit": samples.unit[:, d:q],
        "local_unit": samples.unit[:, q:],
        "local": samples.values[:, q:],
        "log_weights": np.asarray(samples.log_weights),
        "interim_mean": np.asarray(tilted.interim.mean),
        "interim_sd": np.asarray(tilted.interim.sd),
    }


def _proposal(tilted, points):
    """The last round's points in the new unit cube, reweighted from the old interim prior to the new one."""
    theta, mean, sd = points["theta"], tilted.interim.mean, tilted.interim.sd
    old = (theta - points["interim_mean"]) / points["interim_sd"]
    new = (theta - mean) / sd
    log_w = points["log_weights"] + 0.5 * (old**2).sum(1) - 0.5 * (new**2).sum(1)
    if points["shared_unit"].shape[1] and not tilted.free_shared:
        log_w = log_w + _near_held(tilted, points)
    unit = np.concatenate([ndtr(new), points["local_unit"]], axis=1)
    return np.clip(unit, FARTHEST, 1 - FARTHEST), log_w


def _near_held(tilted, points):
    """Log weights that prefer pilot points whose shared values are near those now held fixed."""
    z = ndtri(np.clip(points["shared_unit"], FARTHEST, 1 - FARTHEST))
    held = tilted.shared_values(tilted.interim.shared)
    at = ndtri(np.clip([p.cdf(x) for p, x in zip(tilted._shared_priors, held)], FARTHEST, 1 - FARTHEST))
    w = np.exp(points["log_weights"] - np.max(points["log_weights"]))
    w = w / w.sum()
    mean = w @ z
    spread = np.sqrt(np.maximum(w @ (z - mean) ** 2, 1e-12))
    return -0.5 * (((z - at) / spread) ** 2).sum(1)


def _pilot_tree(tilted, samples, dataset, plan, calls, rejected):
    """A first look with shared parameters free: its moments place the rounds that follow."""
    d, p = tilted.d, tilted.p
    psi = np.empty((len(samples), p))
    where = tilted._where_shared
    phi = np.tile(tilted.space.start()[0], (len(samples), 1))
    values = tilted.space.values(phi)
    values[:, where] = samples.values[:, d : d + p]
    psi = tilted.space.phi(values)[:, where]
    drawn_only = {**tilted.link.spec, "shared": []}
    log_w = samples.log_weights + samples.log_evidence
    tree = {
        "kind": "pilot",
        "dataset": dataset,
        "round": int(plan["round"]),
        "calls": int(calls),
        "rejected": int(rejected),
        "ess": float(samples.ess),
        "pareto_k": _number(samples.pareto_k),
        "shared": list(tilted.link.spec["shared"]),
        "psi": psi,
        "points": _points(tilted, samples),
    }
    if d:
        site = build_site(
            samples.values[:, :d], log_w, tilted.interim.mean, tilted.interim.sd, drawn_only,
            payload=samples.values[:, d + p :],
            payload_names=tuple(path for _, path, _ in tilted.view.local),
            dataset=dataset,
            info={"ess": samples.ess, "pareto_k": _number(samples.pareto_k), "log_evidence": samples.log_evidence},
        )
        tree["site"] = site.to_tree()
    return tree


def _shared_design(tilted, plan, theta, local, log_w, guard):
    """log L of every particle at shared values around q's mean, along the direction that theta and psi trade off."""
    where = tilted._where_shared
    covariance = np.asarray(plan["covariance"])[np.ix_(where, where)]
    root = np.linalg.cholesky(covariance)
    psi0 = tilted.interim.shared

    def log_l(theta_row, psi, local_row):
        return guard_value(guard, tilted, theta_row, psi, local_row)

    mode = int(np.argmax(log_w))
    d2 = None
    if tilted.d:
        tau = np.exp(tilted.link.eta(plan["mean"])[tilted.d : 2 * tilted.d])
        weights = np.exp(log_w - np.max(log_w))
        weights /= weights.sum()
        centre = weights @ theta
        scales = np.sqrt(np.maximum(weights @ (theta - centre) ** 2, 1e-16))
        d2 = transport(
            lambda t, v: log_l(t, psi0 + root @ v, local[mode]), theta[mode], tau, np.zeros(tilted.p), scales
        )
    offsets = axial_design(tilted.p, plan["design"])
    here = np.array([log_l(t, psi0, x) for t, x in zip(theta, local)])
    delta = np.empty((len(theta), len(offsets)))
    for k, v in enumerate(offsets):
        moved = theta + d2 @ v if d2 is not None else theta
        delta[:, k] = np.array([log_l(t, psi0 + root @ v, x) for t, x in zip(moved, local)]) - here
    return SharedDesign(
        psi0=psi0, whitener=np.linalg.inv(root), transport=d2, surrogate=fit_surrogate(offsets, delta, plan["design"])
    )


def guard_value(guard, tilted, theta, psi, local):
    """One guarded call outside a search."""
    raise NotImplementedError


def _number(value):
    return float("nan") if value is None else float(value)
