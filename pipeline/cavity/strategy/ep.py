"""The rounds of expectation propagation: plan the searches, join their sites, decide what is next. Pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from cavity.numerics.gaussian import weighted_moments
from cavity.prior import DrawnVariable
from cavity.propagate.bank import SiteBank
from cavity.propagate.diagnostics import site_noise
from cavity.propagate.exact import exact_pass
from cavity.propagate.link import Link
from cavity.propagate.sweep import describe_stall, newton, propagate
from cavity.propagate.transform import GlobalSpace
from cavity.rng import generator, seed_sequence
from cavity.strategy import tables
from cavity.strategy.context import PhaseContext, refuse_unused, spent_sentence
from cavity.strategy.groups import has_groups, join_groups, names_in
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.round import Decision, Following, Joined, Plan, Round, Searched

PILOT_DRAWS_KEPT = 1000


def plan_round(context: PhaseContext, state: Round | None) -> Plan:
    """What the next round searches, after the last round's aggregate; round 0 without one."""
    if state is None:
        return Plan(round=0, kind="pilot", refresh=context.datasets, n_draws=context.ep.n_draws)
    joined, following = state.joined, state.following
    needed = [name for name, needed in zip(state.datasets, following.needs_search) if needed]
    new = [name for name in context.datasets if name not in set(state.datasets)]
    plan = Plan(
        round=state.round + 1,
        kind=following.next_kind,
        refresh=(*needed, *new),
        n_draws=following.next_draws,
        mean=joined.mean,
        covariance=joined.covariance,
    )
    if plan.kind == "table":
        plan = replace(plan, nodes=following.next_nodes, node_log_mass=joined.node_log_mass)
    return plan


def aggregate(
    context: PhaseContext, sites: Mapping[str, Searched], state: Round | None = None, loop: Callable | None = None
) -> Round:
    """Join all sites of one round: sweeps to the fixed point, the exact pass, evidence, and how wrong each may be.

    Parameters
    ----------
    sites
        Every dataset, in any order.
    state
        The round before, or None.
    loop
        The loop of rounds, :func:`cavity.strategy.run.rounds_of`: groups go through it a level up.

    Raises
    ------
    GraphError
        If a shared parameter is used by no dataset.
    PropagationError
        If the sweeps fail; the sentence names the worst site.
    """
    sites = {name: sites[name] for name in context.datasets}
    number = 0 if state is None else state.round + 1
    refuse_unused(context, _used_names(context, sites))
    kind = "pilot" if state is None else state.following.next_kind
    if any(searched.kind == "pilot" for searched in sites.values()):
        kind, joined = "pilot", _aggregate_pilot(context, sites)
    elif any(searched.kind == "table" for searched in sites.values()):
        kind, joined = "table", tables.aggregate_tables(context, sites)
    elif has_groups(context):
        joined = _aggregate_groups(context, sites, number, loop)
    else:
        joined = _aggregate_sites(context, sites, state, number)
    now = [searched for searched in sites.values() if searched.round == number]
    found = Round(
        round=number,
        kind=kind,
        datasets=tuple(sites),
        calls=np.array([searched.calls if searched.round == number else 0 for searched in sites.values()]),
        rejected=sum(searched.rejected for searched in now),
        ess=np.array([searched.ess for searched in sites.values()]),
        site_pareto_k=np.array([searched.pareto_k for searched in sites.values()]),
        exhausted=np.array([searched.exhausted for searched in sites.values()]),
        shift=_shift(state, joined),
        joined=joined,
    )
    return replace(found, following=following_of(context, state, found))


def decide(
    context: PhaseContext, state: Round, max_rounds: int | None = None, tolerance: float | None = None
) -> Decision:
    """Whether the rounds go on, and why."""
    max_rounds = context.ep.max_rounds if max_rounds is None else int(max_rounds)
    tolerance = context.ep.tolerance if tolerance is None else float(tolerance)
    wrong = reasons(state, tolerance, context.limits)
    if wrong and state.spent:
        wrong.append(spent_sentence(context, state.spent))
    if not wrong:
        decision, why = "converged", f"every criterion holds at tolerance {tolerance:g}"
    elif state.spent and state.round and not np.any(state.calls):
        decision, why = "stopped", "; ".join(wrong)
    elif state.round + 1 >= max_rounds:
        decision, why = "max_rounds", f"{state.round + 1} rounds done; still open: {'; '.join(wrong)}"
    else:
        decision = "pilot" if state.following.next_kind == "pilot" or state.round == 0 else "refresh"
        why = "; ".join(wrong)
    return Decision(decision, state.round, why, _rounded(np.max(state.joined.mcse, initial=0.0)))


def reasons(state: Round, tolerance: float, limits: Limits = POLICY) -> list[str]:
    """What keeps a round's answer from being final: one clause each."""
    if state.kind == "pilot" or state.round == 0:
        return ["the sites were made under the prior, not the population"]
    joined, found = state.joined, []
    mcse, shift = joined.mcse, state.shift
    limit = tolerance * limits.table_share if state.kind == "table" else tolerance
    if mcse.max(initial=0.0) > limit:
        found.append(f"Monte Carlo error {mcse.max():.3f} sd, the tolerance is {limit:g}")
    moved = shift > np.maximum(limits.shift_limit, limits.shift_noise * mcse)
    if moved.any():
        found.append(f"the mean moved by {shift[moved].max():.2f} sd since the round before")
    bad = (state.following.needs_search | state.exhausted) & state.following.poor
    if bad.any():
        names = [name for name, is_bad in zip(state.datasets, bad) if is_bad]
        found.append(f"{len(names)} site(s) rest on too few draws, {names[0]} first")
    if not joined.pareto_k < limits.k_hat_limit and joined.method == "importance":
        found.append(f"Pareto k of the exact pass is {joined.pareto_k:.2f}")
    if joined.interpolation_error > limits.coarse:
        coarse = joined.interpolation_error
        found.append(f"leaving out every second node of the tables moves the answer by {coarse:.2f} sd")
    if state.following.next_kind == "table" != state.kind:
        found.append("polynomials in the shared parameters do not follow the likelihood, tables must")
    if joined.outside:
        found.append("the posterior reaches beyond where the sites were built")
    return found


def _used_names(context, sites):
    """Global parameters that some site's link mentions."""
    used = {name for searched in sites.values() for name in names_in(searched.sees)}
    waiting = [context.coordinates.prior_of[name] for name in used]
    while waiting:  # what a group's parameters are drawn from counts as used
        prior = waiting.pop()
        for above in prior.parent.variables if isinstance(prior, DrawnVariable) else ():
            used.add(context.names.priors[above])
            waiting.append(above)
    return used


def _aggregate_sites(context, sites, state, number):
    """EP over site functions, then the exact pass."""
    space = context.space
    bank = SiteBank([searched.site for searched in sites.values()], space)
    if state is None:
        start = _start(space, bank)
    else:
        start = state.joined.mean, state.joined.covariance
        if state.following.next_kind == "pilot":
            start = newton(space, bank, *start)[:2]
    allowed = context.limits.surrogate_error
    bent = any(site.info.get("surrogate_error", 0.0) > allowed for site in bank.sites)
    return replace(join(context, space, bank, start, number), bent=bent)


def _aggregate_groups(context, sites, number, loop):
    """Groups' parameters from their members' sites, and the population from the groups: the same rounds, a level up."""
    above, phi = join_groups(context, sites, number, loop)
    bank = SiteBank([searched.site for searched in sites.values()], context.space)
    mean = phi.mean(0)
    covariance = np.atleast_2d(np.cov(phi.T))
    score = bank.score(mean)
    noise = site_noise(score, covariance)
    return Joined(
        draws=phi,
        log_weights=np.full(len(phi), -np.log(len(phi))),
        mean=mean,
        covariance=covariance,
        log_evidence=above.log_evidence,
        log_evidence_error=above.log_evidence_error,
        pareto_k=above.pareto_k,
        exact_ess=above.exact_ess,
        method=above.method,
        mcse=noise.mcse,
        site_noise=noise.contributions,
        ess_at_q=score.ess,
        site_size=np.array([site.size for site in bank.sites]),
        shares=any(site.p for site in bank.sites),
        outside=bool(bank.shell_mass(phi, np.zeros(len(phi))) > context.limits.shell_mass),
        sweeps=above.sweeps,
        warnings=above.warnings,
    )


def _prior_alone(space, n):
    """What :func:`join` would say without any site."""
    mean, covariance = space.start()
    return Joined(
        draws=np.empty((0, space.dimension)),
        log_weights=np.empty(0),
        mean=mean,
        covariance=covariance,
        log_evidence=np.nan,
        log_evidence_error=np.nan,
        pareto_k=-1.0,
        exact_ess=1.0,
        method="none",
        mcse=np.zeros(space.dimension),
        site_noise=np.zeros(n),
        ess_at_q=np.zeros(n),
        site_size=np.zeros(n),
        shares=True,
    )


def _start(space, bank):
    """Where Newton leads from the prior's centre."""
    return newton(space, bank, *space.start())[:2]


def join(
    context: PhaseContext, space: GlobalSpace, bank: SiteBank, start: tuple[np.ndarray, np.ndarray], number: int
) -> Joined:
    """Sweeps to the fixed point of EP from ``start`` (mean [D], covariance [D, D]) and the exact pass."""
    warnings, doubtful = [], context.limits.doubtful_k
    state, infos = propagate(space, bank, *start)
    stalled = bool(infos) and infos[-1].stalled
    proposal = start if stalled else (state.gaussian.mean, state.gaussian.covariance)
    exact = exact_pass(space, bank, *proposal, seed=_integer_seed(context, number))
    mean, covariance = exact.moments()
    if stalled and (exact.method == "hmc" or exact.pareto_k > doubtful):  # else the weights made up for it
        warnings.append(describe_stall(bank, infos))
    if exact.method == "hmc":
        warnings.append(f"importance sampling failed (Pareto k {exact.pareto_k:.2f}): the draws are a Markov chain's")
    elif exact.pareto_k > doubtful:
        warnings.append(f"Pareto k of the exact pass is {exact.pareto_k:.2f}: standard deviations may be too small")
    score = bank.score(mean)
    noise = site_noise(score, covariance)
    return Joined(
        draws=exact.draws,
        log_weights=exact.log_weights,
        mean=mean,
        covariance=covariance,
        log_evidence=_nan(exact.log_evidence),
        log_evidence_error=_nan(exact.log_evidence_error),
        pareto_k=float(exact.pareto_k),
        exact_ess=float(exact.ess),
        method=exact.method,
        mcse=noise.mcse,
        site_noise=noise.contributions,
        ess_at_q=score.ess,
        site_size=np.array([site.size for site in bank.sites]),
        shares=any(site.p for site in bank.sites),
        outside=bool(bank.shell_mass(exact.draws, exact.log_weights) > context.limits.shell_mass),
        sweeps=len(infos),
        warnings=tuple(warnings),
    )


def _aggregate_pilot(context, sites):
    """From first looks with free shared parameters to a q that the next round can be built around.

    The drawn variables' sites are joined as if the shared parameters were known; the shared ones get the product of the
    pilots' Gaussian messages. With one or two shared parameters and nothing drawn the pilots' densities are multiplied
    instead, and where the product has several modes or is broad, tables follow.
    """
    space = context.space
    with_drawn = [searched.site for searched in sites.values() if searched.site is not None]
    if with_drawn:
        bank = SiteBank(with_drawn, space)
        joined = join(context, space, bank, _start(space, bank), 0)
    else:
        joined = _prior_alone(space, len(sites))
    found = replace(joined, **_with_messages(space, sites, joined))
    if not with_drawn and space.dimension <= 2:
        found = _with_landscape(context, sites, found)
    rng = generator(context.seed, context.phase, "pilot")
    root = np.linalg.cholesky(found.covariance)
    return replace(
        found,
        draws=found.mean + rng.normal(size=(PILOT_DRAWS_KEPT, space.dimension)) @ root.T,
        log_weights=np.full(PILOT_DRAWS_KEPT, -np.log(PILOT_DRAWS_KEPT)),
        log_evidence=np.nan,
        log_evidence_error=np.nan,
        ess_at_q=np.array([searched.ess for searched in sites.values()]),
        site_noise=np.zeros(len(sites)),
        site_size=np.full(len(sites), np.inf),
        shares=True,
    )


def _with_messages(space, sites, joined):
    """Mean and covariance of q times the pilots' Gaussian messages on the shared parameters."""
    precision = np.linalg.inv(joined.covariance)
    shift = precision @ joined.mean
    for searched in sites.values():
        if searched.kind == "pilot":
            link = Link(searched.link, space)
            jet = link.jet(joined.mean)
            J, at = jet.jacobian[2 * link.d :], jet.value[2 * link.d :]
            p, h = _message(searched.points)
            precision += J.T @ p @ J
            shift += J.T @ (h - p @ (at - J @ joined.mean))
    covariance = np.linalg.inv(precision)
    return {"mean": covariance @ shift, "covariance": covariance}


def _with_landscape(context, sites, found):
    """The same with nodes, and from the product of the pilots' densities where that is broad or has several modes."""
    space, limits = context.space, context.limits
    axes, log_density = tables.pilot_landscape(space, sites)
    mean, spread = tables.landscape_moments(axes, log_density)
    broad = np.sqrt(np.diag(spread) / np.diag(found.covariance)).max() > limits.broad
    found = replace(found, placed=tables.place_nodes(axes, log_density, tables.NODES[space.dimension], limits))
    if not broad and tables.count_modes(log_density, limits) <= 1:
        return found
    return replace(found, needs_table=True, mean=mean, covariance=spread)


def _message(points):
    """A pilot's Gaussian message on its shared parameters: posterior over prior, negative directions dropped."""
    prior_mean, prior_variance = points.psi_mean, points.psi_sd**2
    mean, covariance = weighted_moments(points.psi, points.log_weights)
    root = np.sqrt(prior_variance)
    scaled = covariance / np.outer(root, root) + 1e-9 * np.eye(len(root))
    values, vectors = np.linalg.eigh(scaled)
    gain = np.maximum(1 / values - 1.0, 0.0)
    precision = (vectors * gain) @ vectors.T / np.outer(root, root)
    pull = (vectors / values) @ vectors.T @ ((mean - prior_mean) / root) / root
    return precision, precision @ prior_mean + np.where(np.diag(precision) > 0, pull, 0.0)


def following_of(context: PhaseContext, before: Round | None, found: Round) -> Following:
    """Which sites the next round searches, how, and with how many draws."""
    joined, limits = found.joined, context.limits
    poor = (joined.ess_at_q < limits.ess_limit) & (joined.ess_at_q < limits.size_share * joined.site_size)
    if found.kind != "table":  # a table's weights differ from node to node; its error is measured instead
        poor |= ~(found.site_pareto_k < limits.k_hat_limit)
    shift = found.shift.max(initial=0.0)
    needs, kind, draws = np.ones(len(found.datasets), bool), "refresh", context.ep.n_draws
    nodes = joined.placed if before is None or joined.placed is not None else before.following.next_nodes
    bent = nodes is not None and (joined.bent or joined.method == "hmc")
    if found.kind == "table" or joined.needs_table or bent:
        kind = "table"  # bent: no polynomial in the shared parameters follows the likelihood
    elif joined.shares and (found.round == 0 or shift > limits.pilot_shift):
        kind, draws = "pilot", limits.pilot_draws  # the surrogates' centre still moves
    elif found.kind == "refresh":
        if shift < limits.half_way and not joined.outside:
            needs = poor | noisiest(joined.site_noise, limits.noise_share)
        if joined.mcse.max(initial=0.0) > limits.noisy:
            draws = min(2 * before.following.next_draws, limits.most_draws)
    return Following(poor=poor, needs_search=needs, next_kind=kind, next_draws=draws, next_nodes=nodes)


def noisiest(noise: np.ndarray, share: float) -> np.ndarray:
    """Which of the sites, by their variance [N], make up ``share`` of the whole."""
    order = np.argsort(-noise, kind="stable")
    cumulative = np.cumsum(noise[order])
    chosen = np.zeros(len(noise), bool)
    if len(noise) and cumulative[-1] > 0:
        chosen[order[: int(np.searchsorted(cumulative, share * cumulative[-1])) + 1]] = True
    return chosen


def _integer_seed(context, number):
    """One integer for the exact pass of a round."""
    return int(seed_sequence(context.seed, context.phase, "exact", number).generate_state(1)[0])


def _nan(value):
    return float("nan") if value is None else float(value)


def _shift(before, joined):
    """How far the mean moved since the last round, in its present sd."""
    sd = np.sqrt(np.diag(joined.covariance))
    if before is None:
        return np.full(len(sd), np.inf)
    return np.abs(joined.mean - before.joined.mean) / sd


def _rounded(x):
    return float(f"{float(x):.4g}")
