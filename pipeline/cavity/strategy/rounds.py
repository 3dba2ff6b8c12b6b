"""The rounds of expectation propagation: plan the searches, join their sites, decide what is next. Pure functions."""
import numpy as np

from cavity.errors import PropagationError
from cavity.propagate.bank import SiteBank
from cavity.propagate.diagnostics import diagnose
from cavity.propagate.exact import exact_pass
from cavity.propagate.site import Site
from cavity.propagate.sweep import newton, propagate
from cavity.rng import generator
from cavity.strategy import tables
from cavity.strategy.context import refuse_unused

PILOT_SHIFT = 1.0  # in sd of q: a larger move asks for another pilot
SHIFT_LIMIT = 0.2
K_HAT_LIMIT = 0.7
ESS_LIMIT = 50
KEPT_DRAWS = 2000
MAX_DRAWS = 4


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

    Raises
    ------
    GraphError
        If a shared parameter is used by no dataset.
    PropagationError
        If the sweeps fail; the sentence names the worst site.
    """
    sites = {name: sites[name] for name in context.datasets}
    space = context.space
    number = max(int(tree["round"]) for tree in sites.values())
    refuse_unused(context, _used(context, sites))
    if any(tree["kind"] == "pilot" for tree in sites.values()):
        found = _aggregate_pilot(context, space, sites)
    elif any(tree["kind"] == "table" for tree in sites.values()):
        found = tables.aggregate_tables(context, space, sites, state)
    else:
        found = _aggregate_sites(context, space, sites, state, number)
    previous = _previous(state, found)
    return {**found, **previous, "round": number, "datasets": list(sites), "history": _history(context, state, found, number, sites)}
