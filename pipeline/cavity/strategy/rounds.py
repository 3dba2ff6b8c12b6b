"""The rounds of expectation propagation: plan the searches, join their sites, decide what is next. Pure functions."""
import json

import numpy as np

from cavity.errors import PropagationError
from cavity.propagate.bank import SiteBank
from cavity.propagate.exact import exact_pass
from cavity.propagate.link import variables_of
from cavity.propagate.site import Site
from cavity.propagate.sweep import newton, propagate
from cavity.strategy import tables
from cavity.strategy.context import refuse_unused

PILOT_SHIFT = 1.0  # in sd of q: a larger move asks for another pilot
SHIFT_LIMIT = 0.2
K_HAT_LIMIT = 0.7
ESS_LIMIT = 50
KEPT_DRAWS = 2000
MOST_DRAWS = 3200
NOISE_SHARE = 0.9  # of the noise variance: the sites that make it up are searched again
PILOT_DRAWS = 100  # a site with shared parameters, while q still moves


def plan_round(context, state):
    """What the next round searches.

    Parameters
    ----------
    context
        The phase.
    state
        The tree of the last round's aggregate, or None for round 0.

    Returns
    -------
    dict
        round, kind ("pilot" | "refresh" | "table"), refresh (dataset ids), n_draws, and q's mean and covariance on the
        unconstrained scale; for tables the nodes.
    """
    if state is None:
        return {"round": 0, "kind": "pilot", "refresh": list(context.datasets), "n_draws": context.ep.n_draws}
    plan = {
        "round": int(state["round"]) + 1,
        "kind": state["next_kind"],
        "refresh": [name for name, needed in zip(state["datasets"], state["needs_search"]) if needed],
        "n_draws": int(state["next_draws"]),
        "design": "axial",
        "mean": np.asarray(state["mean"]),
        "covariance": np.asarray(state["covariance"]),
    }
    known = set(state["datasets"])
    plan["refresh"] += [name for name in context.datasets if name not in known]
    if plan["kind"] == "table":
        plan["nodes"] = np.asarray(state["next_nodes"])
    return plan


def aggregate(context, sites, state=None):
    """Join all sites of one round: sweeps to the fixed point, the exact pass, evidence, and how wrong each may be.

    Parameters
    ----------
    sites
        {dataset: tree of search_site}, every dataset, in any order.
    state
        The tree of the round before, or None.

    Returns
    -------
    dict
        Arrays, numbers and texts: the posterior's draws on the unconstrained scale, moments, evidence, errors, what the
        next round needs.

    Raises
    ------
    GraphError
        If a shared parameter is used by no dataset.
    PropagationError
        If the sweeps fail; the sentence names the worst site.
    """
    sites = {name: sites[name] for name in context.datasets}
    space = context.space
    number = 0 if state is None else int(state["round"]) + 1
    refuse_unused(context, _used_names(context, sites))
    if any(tree["kind"] == "pilot" for tree in sites.values()):
        found = _aggregate_pilot(context, space, sites)
    elif any(tree["kind"] == "table" for tree in sites.values()):
        found = tables.aggregate_tables(context, space, sites, state)
    else:
        found = _aggregate_sites(context, space, sites, state, number)
    found |= {"round": number, "datasets": list(sites)}
    found["calls"] = np.array([int(tree["calls"]) for tree in sites.values()])
    found["rejected"] = int(sum(int(tree["rejected"]) for tree in sites.values()))
    found["ess"] = np.array([float(tree["ess"]) for tree in sites.values()])
    found["site_pareto_k"] = np.array([float(tree["pareto_k"]) for tree in sites.values()])
    found["shift"] = _shift(state, found)
    return {**found, **_next_round(context, state, found, number)}


def decide(context, state, max_rounds=None, tolerance=None):
    """Whether the rounds go on, and why.

    Returns
    -------
    dict
        decision ("pilot" | "refresh" | "converged" | "max_rounds"), round, why, and the figures it is made of.
    """
    max_rounds = context.ep.max_rounds if max_rounds is None else int(max_rounds)
    tolerance = context.ep.tolerance if tolerance is None else float(tolerance)
    number = int(state["round"])
    wrong = reasons(state, tolerance)
    if not wrong:
        decision, why = "converged", f"every criterion holds at tolerance {tolerance:g}"
    elif number + 1 >= max_rounds:
        decision, why = "max_rounds", f"{number + 1} rounds done; still open: {'; '.join(wrong)}"
    else:
        decision = "pilot" if state["next_kind"] == "pilot" or number == 0 else "refresh"
        why = "; ".join(wrong)
    return {"decision": decision, "round": number, "why": why, "mcse": _rounded(np.max(state["mcse"], initial=0.0))}


def reasons(state, tolerance):
    """What keeps a round's answer from being final: one clause each."""
    if state["kind"] == "pilot" or int(state["round"]) == 0:
        return ["the sites were made under the prior, not the population"]
    found = []
    mcse, shift = np.asarray(state["mcse"]), np.asarray(state["shift"])
    limit = tolerance / 5 if state["kind"] == "table" else tolerance
    if mcse.max(initial=0.0) > limit:
        found.append(f"Monte Carlo error {mcse.max():.3f} sd, the tolerance is {limit:g}")
    moved = shift > np.maximum(SHIFT_LIMIT, 2 * mcse)
    if moved.any():
        found.append(f"the mean moved by {shift[moved].max():.2f} sd since the round before")
    bad = np.asarray(state["needs_search"], bool) & np.asarray(state["poor"], bool)
    if bad.any():
        names = [name for name, is_bad in zip(state["datasets"], bad) if is_bad]
        found.append(f"{len(names)} site(s) rest on too few draws, {names[0]} first")
    if not float(state["pareto_k"]) < K_HAT_LIMIT and state["method"] == "importance":
        found.append(f"Pareto k of the exact pass is {float(state['pareto_k']):.2f}")
    if bool(state.get("outside", False)):
        found.append("the posterior reaches beyond where the sites were built")
    return found


def _used_names(context, sites):
    """Global parameters that some site's link mentions."""
    used = set()
    for tree in sites.values():
        used.update(tree.get("shared", ()))
        if "site" in tree:
            link = json.loads(tree["site"]["link"])
            used.update(link["shared"])
            for entry in link["drawn"]:
                used.update(variables_of(entry["mean"]))
                used.update(variables_of(entry["sigma"]))
    return used


def _aggregate_sites(context, space, sites, state, number):
    """EP over site functions, then the exact pass."""
    bank = SiteBank([Site.from_tree(tree["site"]) for tree in sites.values()], space)
    mean, covariance = space.start() if state is None else (np.asarray(state["mean"]), np.asarray(state["covariance"]))
    return join(context, space, bank, mean, covariance, number, start_newton=state is None or state["next_kind"] == "pilot")


def join(context, space, bank, mean, covariance, number, start_newton):
    """Sweeps and the exact pass from one start.

    Returns
    -------
    dict
        The part of the state that depends on the sites alone.
    """
    if start_newton:
        mean, covariance = newton(space, bank, mean)
    sweep, info = propagate(space, bank, mean, covariance)
    exact = exact_pass(space, bank, sweep.mean, sweep.covariance, seed=_seed(context, number))
    return {}


def _shift(state, found):
    """How far the mean moved since the last round, in its present sd."""
    sd = np.sqrt(np.diag(found["covariance"]))
    if state is None:
        return np.full(len(sd), np.inf)
    return np.abs(found["mean"] - np.asarray(state["mean"])) / sd


def _rounded(x):
    return float(f"{float(x):.4g}")
