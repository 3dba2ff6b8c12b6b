"""The rounds of expectation propagation: plan the searches, join their sites, decide what is next. Pure functions."""

import json

import numpy as np

from cavity.numerics.gaussian import weighted_moments
from cavity.prior import DrawnVariable
from cavity.propagate.bank import SiteBank
from cavity.propagate.diagnostics import ALLOWED_SURROGATE, site_noise
from cavity.propagate.exact import exact_pass
from cavity.propagate.link import Link, variables_of
from cavity.propagate.site import Site
from cavity.propagate.sweep import describe_stall, newton, propagate
from cavity.rng import generator, seed_sequence
from cavity.strategy import tables
from cavity.strategy.context import refuse_unused, spent_sentence
from cavity.strategy.groups import has_groups, join_groups

PILOT_SHIFT = 1.0  # in sd of q: a larger move asks for another pilot
SHIFT_LIMIT = 0.2
K_HAT_LIMIT = 0.7
DOUBTFUL_K = 0.5  # in 15 dimensions weights with k = .63 read standard deviations 20 % low
ESS_LIMIT = 50
MOST_DRAWS = 3200
TABLE_SHARE = 0.12  # of the tolerance, for tables: their quantiles are asked for too
NOISE_SHARE = 0.9  # of the noise variance: the sites that make it up are searched again
SHELL_MASS = 0.005  # of the posterior outside the box a surrogate was designed for
BROAD = 2.0  # times the sd of the product of Gaussians: a density that wide needs tables
PILOT_DRAWS = 100  # of a site with shared parameters, while the centre of its surrogate still moves
PILOT_DRAWS_KEPT = 1000
FROM_ABOVE = ("log_evidence", "log_evidence_error", "pareto_k", "exact_ess", "method", "sweeps", "warnings")
HALF_WAY = 0.5  # sd of q: a larger move builds every site again
NOISY = 0.1  # Monte Carlo error, in sd, that more draws are spent on


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
        plan["node_log_mass"] = np.asarray(state.get("node_log_mass", ()))
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
        found = tables.aggregate_tables(context, space, sites)
    else:
        join_all = _aggregate_groups if has_groups(context) else _aggregate_sites
        found = join_all(context, space, sites, state, number)
    found |= {"round": number, "datasets": list(sites)}
    found["calls"] = np.array([int(tree["calls"]) if tree["round"] == number else 0 for tree in sites.values()])
    found["rejected"] = int(sum(int(tree["rejected"]) for tree in sites.values() if tree["round"] == number))
    found["ess"] = np.array([float(tree["ess"]) for tree in sites.values()])
    found["site_pareto_k"] = np.array([float(tree["pareto_k"]) for tree in sites.values()])
    found["exhausted"] = np.array([bool(tree.get("exhausted", False)) for tree in sites.values()])
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
    spent = [name for name, is_spent in zip(state["datasets"], state.get("exhausted", ())) if is_spent]
    if wrong and spent:
        wrong.append(spent_sentence(context, spent))
    if not wrong:
        decision, why = "converged", f"every criterion holds at tolerance {tolerance:g}"
    elif spent and number and not np.any(state["calls"]):
        decision, why = "stopped", "; ".join(wrong)
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
    limit = tolerance * TABLE_SHARE if state["kind"] == "table" else tolerance
    if mcse.max(initial=0.0) > limit:
        found.append(f"Monte Carlo error {mcse.max():.3f} sd, the tolerance is {limit:g}")
    moved = shift > np.maximum(SHIFT_LIMIT, 2 * mcse)
    if moved.any():
        found.append(f"the mean moved by {shift[moved].max():.2f} sd since the round before")
    bad = np.asarray(state["needs_search"], bool) & np.asarray(state["poor"], bool)
    bad |= np.asarray(state.get("exhausted", np.zeros(len(bad))), bool) & np.asarray(state["poor"], bool)
    if bad.any():
        names = [name for name, is_bad in zip(state["datasets"], bad) if is_bad]
        found.append(f"{len(names)} site(s) rest on too few draws, {names[0]} first")
    if not float(state["pareto_k"]) < K_HAT_LIMIT and state["method"] == "importance":
        found.append(f"Pareto k of the exact pass is {float(state['pareto_k']):.2f}")
    coarse = float(state.get("interpolation_error", 0.0))
    if coarse > tables.COARSE:
        found.append(f"leaving out every second node of the tables moves the answer by {coarse:.2f} sd")
    if state["next_kind"] == "table" != state["kind"]:
        found.append("polynomials in the shared parameters do not follow the likelihood, tables must")
    if bool(state.get("outside", False)):
        found.append("the posterior reaches beyond where the sites were built")
    return found


def _used_names(context, sites):
    """Global parameters that some site's link mentions."""
    used = set()
    for tree in sites.values():
        link = _link(tree)
        forms = [form for entry in link["drawn"] for form in (entry["mean"], entry["sigma"])]
        forms += [{"variable": name} for name in link["shared"]]
        used.update(name for form in forms for name in variables_of(form))
    waiting = [context.coordinates.prior_of[name] for name in used]
    while waiting:  # what a group's parameters are drawn from counts as used
        prior = waiting.pop()
        for above in prior.parent.variables if isinstance(prior, DrawnVariable) else ():
            used.add(context.names.priors[above])
            waiting.append(above)
    return used


def _link(tree):
    """How a site sees the shared parameters."""
    return json.loads(tree["link"] if tree["kind"] == "pilot" else tree["site"]["link"])


def _aggregate_sites(context, space, sites, state, number):
    """EP over site functions, then the exact pass."""
    bank = SiteBank([Site.from_tree(tree["site"]) for tree in sites.values()], space)
    if state is None:
        start = _start(space, bank)
    else:
        start = np.asarray(state["mean"]), np.asarray(state["covariance"])
        if state["next_kind"] == "pilot":
            start = newton(space, bank, *start)[:2]
    joined = join(context, space, bank, start, number)
    return joined | {
        "kind": "pilot" if state is None else state["next_kind"],
        "shares": any(site.p for site in bank.sites),
        "site_size": np.array([site.size for site in bank.sites]),
        "bent": any(site.info.get("surrogate_error", 0.0) > ALLOWED_SURROGATE for site in bank.sites),
    }


def _aggregate_groups(context, space, sites, state, number):
    """Groups' parameters from their members' sites, and the population from the groups: the same rounds, a level up."""
    upper = join_groups(context, sites, number)
    bank = SiteBank([Site.from_tree(tree["site"]) for tree in sites.values()], space)
    mean = upper.phi.mean(0)
    covariance = np.atleast_2d(np.cov(upper.phi.T))
    score = bank.score(mean)
    noise = site_noise(score, covariance)
    above = {key: upper.state[key] for key in FROM_ABOVE}
    return above | {
        "kind": "pilot" if state is None else state["next_kind"],
        "draws": upper.phi,
        "log_weights": np.full(len(upper.phi), -np.log(len(upper.phi))),
        "mean": mean,
        "covariance": covariance,
        "mcse": noise.mcse,
        "site_noise": noise.contributions,
        "ess_at_q": score.ess,
        "shares": any(site.p for site in bank.sites),
        "site_size": np.array([site.size for site in bank.sites]),
        "outside": bool(bank.shell_mass(upper.phi, np.zeros(len(upper.phi))) > SHELL_MASS),
    }


def _prior_alone(space):
    """What :func:`join` would say without any site."""
    mean, covariance = space.start()
    return {
        "mean": mean,
        "covariance": covariance,
        "pareto_k": -1.0,
        "exact_ess": 1.0,
        "method": "none",
        "mcse": np.zeros(space.dimension),
        "outside": False,
        "sweeps": 0,
        "warnings": "[]",
    }


def _start(space, bank):
    """Where Newton leads from the prior's centre."""
    return newton(space, bank, *space.start())[:2]


def join(context, space, bank, start, number):
    """Sweeps to the fixed point of EP and the exact pass: what depends on the sites alone.

    Returns
    -------
    dict
        draws, log_weights, mean, covariance, evidence, and the errors of each.
    """
    warnings = []
    state, infos = propagate(space, bank, *start)
    stalled = bool(infos) and infos[-1].stalled
    proposal = start if stalled else (state.gaussian.mean, state.gaussian.covariance)
    exact = exact_pass(space, bank, *proposal, seed=_integer_seed(context, number))
    mean, covariance = exact.moments()
    if stalled and (exact.method == "hmc" or exact.pareto_k > DOUBTFUL_K):  # else the weights made up for it
        warnings.append(describe_stall(bank, infos))
    if exact.method == "hmc":
        warnings.append(f"importance sampling failed (Pareto k {exact.pareto_k:.2f}): the draws are a Markov chain's")
    elif exact.pareto_k > DOUBTFUL_K:
        warnings.append(f"Pareto k of the exact pass is {exact.pareto_k:.2f}: standard deviations may be too small")
    score = bank.score(mean)
    noise = site_noise(score, covariance)
    return {
        "draws": exact.draws,
        "log_weights": exact.log_weights,
        "mean": mean,
        "covariance": covariance,
        "log_evidence": _nan(exact.log_evidence),
        "log_evidence_error": _nan(exact.log_evidence_error),
        "pareto_k": float(exact.pareto_k),
        "exact_ess": float(exact.ess),
        "method": exact.method,
        "mcse": noise.mcse,
        "site_noise": noise.contributions,
        "ess_at_q": score.ess,
        "outside": bool(bank.shell_mass(exact.draws, exact.log_weights) > SHELL_MASS),
        "sweeps": len(infos),
        "warnings": json.dumps(warnings),
    }


def _aggregate_pilot(context, space, sites):
    """From first looks with free shared parameters to a q that the next round can be built around.

    The drawn variables' sites are joined as if the shared parameters were known; the shared ones get the product of the
    pilots' Gaussian messages. With one or two shared parameters and nothing drawn the pilots' densities are multiplied
    instead, and where the product has several modes or is broad, tables follow.
    """
    with_drawn = {name: tree for name, tree in sites.items() if "site" in tree}
    if with_drawn:
        bank = SiteBank([Site.from_tree(tree["site"]) for tree in with_drawn.values()], space)
        joined = join(context, space, bank, _start(space, bank), 0)
    else:
        joined = _prior_alone(space)
    precision = np.linalg.inv(joined["covariance"])
    shift = precision @ joined["mean"]
    for tree in sites.values():
        if tree["kind"] == "pilot":
            link = Link(_link(tree), space)
            jet = link.jet(joined["mean"])
            J, at = jet.jacobian[2 * link.d :], jet.value[2 * link.d :]
            p, h = _message(tree)
            precision += J.T @ p @ J
            shift += J.T @ (h - p @ (at - J @ joined["mean"]))
    covariance = np.linalg.inv(precision)
    found = joined | {"kind": "pilot", "mean": covariance @ shift, "covariance": covariance, "table": False}
    if not with_drawn and space.dimension <= 2:
        axes, log_density = tables.pilot_landscape(space, sites)
        mean, spread = tables.landscape_moments(axes, log_density)
        broad = np.sqrt(np.diag(spread) / np.diag(covariance)).max() > BROAD
        found["next_nodes"] = tables.place_nodes(axes, log_density, tables.NODES[space.dimension])
        if broad or tables.count_modes(log_density) > 1:
            found |= {"table": True, "mean": mean, "covariance": spread}
    rng = generator(context.seed, context.phase, "pilot")
    root = np.linalg.cholesky(found["covariance"])
    found["draws"] = found["mean"] + rng.normal(size=(PILOT_DRAWS_KEPT, space.dimension)) @ root.T
    found["log_weights"] = np.full(PILOT_DRAWS_KEPT, -np.log(PILOT_DRAWS_KEPT))
    found["log_evidence"] = found["log_evidence_error"] = np.nan
    found["ess_at_q"] = np.array([float(tree["ess"]) for tree in sites.values()])
    found["site_noise"] = np.zeros(len(sites))
    return found | {"shares": True, "site_size": np.full(len(sites), np.inf)}


def _message(tree):
    """A pilot's Gaussian message on its shared parameters: posterior over prior, negative directions dropped."""
    prior_mean, prior_variance = np.asarray(tree["points"]["psi_mean"]), np.asarray(tree["points"]["psi_sd"]) ** 2
    log_w = np.asarray(tree["points"]["log_weights"])
    mean, covariance = weighted_moments(np.asarray(tree["points"]["psi"]), log_w)
    root = np.sqrt(prior_variance)
    scaled = covariance / np.outer(root, root) + 1e-9 * np.eye(len(root))
    values, vectors = np.linalg.eigh(scaled)
    gain = np.maximum(1 / values - 1.0, 0.0)
    precision = (vectors * gain) @ vectors.T / np.outer(root, root)
    pull = (vectors / values) @ vectors.T @ ((mean - prior_mean) / root) / root
    return precision, precision @ prior_mean + np.where(np.diag(precision) > 0, pull, 0.0)


def _next_round(context, state, found, number):
    """Which sites the next round searches, how, and with how many draws."""
    n = len(found["datasets"])
    poor = (found["ess_at_q"] < ESS_LIMIT) & (found["ess_at_q"] < 0.5 * found["site_size"])
    if found["kind"] != "table":  # a table's weights differ from node to node; its error is measured instead
        poor |= ~(found["site_pareto_k"] < K_HAT_LIMIT)
    shift = found["shift"].max(initial=0.0)
    needs, kind, draws = np.ones(n, bool), "refresh", context.ep.n_draws
    nodes = found.get("next_nodes", None if state is None else state.get("next_nodes"))
    bent = nodes is not None and (bool(found.get("bent", False)) or found["method"] == "hmc")
    if found["kind"] == "table" or found.get("table") or bent:
        kind = "table"  # bent: no polynomial in the shared parameters follows the likelihood
    elif found["shares"] and (number == 0 or shift > PILOT_SHIFT):
        kind, draws = "pilot", PILOT_DRAWS  # the surrogates' centre still moves
    elif found["kind"] == "refresh":
        if shift < HALF_WAY and not found["outside"]:
            needs = poor | _noisiest(found["site_noise"])
        if found["mcse"].max(initial=0.0) > NOISY:
            draws = min(2 * int(state["next_draws"]), MOST_DRAWS)
    carried = {} if nodes is None else {"next_nodes": np.asarray(nodes)}
    return {"poor": poor, "needs_search": needs, "next_kind": kind, "next_draws": draws, **carried}


def _noisiest(noise):
    """The sites that make up 90 % of the Monte Carlo variance."""
    order = np.argsort(-noise, kind="stable")
    cumulative = np.cumsum(noise[order])
    chosen = np.zeros(len(noise), bool)
    if len(noise) and cumulative[-1] > 0:
        chosen[order[: int(np.searchsorted(cumulative, NOISE_SHARE * cumulative[-1])) + 1]] = True
    return chosen


def _integer_seed(context, number):
    """One integer for the exact pass of a round."""
    return int(seed_sequence(context.seed, context.phase, "exact", number).generate_state(1)[0])


def _nan(value):
    return float("nan") if value is None else float(value)


def _shift(state, found):
    """How far the mean moved since the last round, in its present sd."""
    sd = np.sqrt(np.diag(found["covariance"]))
    if state is None:
        return np.full(len(sd), np.inf)
    return np.abs(found["mean"] - np.asarray(state["mean"])) / sd


def _rounded(x):
    return float(f"{float(x):.4g}")
