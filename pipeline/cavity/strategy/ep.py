"""The rounds of expectation propagation: plan the searches, join their sites, decide what is next. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, NamedTuple

import numpy as np
from scipy.special import ndtr

from cavity.numerics.normal import is_positive_definite, weighted_moments
from cavity.numerics.types import Array
from cavity.numerics.weights import log_leverage, log_sum_exp, resampled
from cavity.propagate.bank import SiteBank
from cavity.propagate.branches import Branches
from cavity.propagate.diagnostics import log_evidence_error, site_noise
from cavity.propagate.exact import HEAVY, ExactPass, exact_pass
from cavity.propagate.hierarchy import NOTHING, variables_of
from cavity.propagate.modes import Mode, find_modes, nearest, one_mode, shares_of
from cavity.propagate.sweep import describe_stall, propagate
from cavity.propagate.transform import GlobalSpace
from cavity.rng import generator, seed_sequence
from cavity.strategy import tables
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.phase_context import PhaseContext, refuse_unused, spent_sentence
from cavity.strategy.round import Decision, Following, Joined, Plan, Round, Searched
from cavity.strategy.site_search import LANDSCAPES

PLANNED_DRAWS = 1000  # of the posterior: the next round's interim priors are its predictive
GAUSSIAN_DRAWS = 1000
MOST_LOOKS = 2  # again, with shared parameters free
EDGE = 1.645  # standard normal coordinate of a bounded parameter, beyond which 5 % of its prior lie


def plan_round(context: PhaseContext, state: Round | None) -> Plan:
    """What the next round searches, after the last round's aggregate; round 0 without one."""
    if state is None:
        return Plan(round=0, kind="pilot", refresh=context.datasets, n_draws=context.ep.n_draws)
    joined, following = state.joined, state.following
    rng = generator(context.seed, context.phase, "plan", state.round)
    rows = resampled(_alike(joined), PLANNED_DRAWS, rng)
    leverage = log_leverage(context.space.values(joined.draws), joined.log_weights, HEAVY)
    needed = [name for name, needed in zip(state.datasets, following.needs_search) if needed]
    new = [name for name in context.datasets if name not in set(state.datasets)]
    plan = Plan(
        round=state.round + 1,
        kind=following.next_kind,
        refresh=(*needed, *new),
        n_draws=following.next_draws,
        mean=joined.mean,
        covariance=joined.covariance,
        draws=joined.draws[rows],
        looks_again=following.looks_again,
        far=None if leverage is None else joined.draws[resampled(leverage, PLANNED_DRAWS, rng)],
    )
    if joined.mode_means is not None and len(joined.mode_means) > 1:
        plan = replace(plan, mode_means=joined.mode_means, mode_covariances=joined.mode_covariances)
    if plan.kind == "table":
        plan = replace(plan, nodes=following.next_nodes, node_log_mass=joined.node_log_mass)
    return plan


def _alike(joined):
    """Log weights of the draws [S] with equal masses of the modes: a site tells of light ones as well as of heavy."""
    if joined.mode_means is None or len(joined.mode_means) < 2:
        return joined.log_weights
    modes = [Mode(*moments, 0.0, 0.0) for moments in zip(joined.mode_means, joined.mode_covariances)]
    labels, log_weights = nearest(modes, joined.draws), np.array(joined.log_weights)
    for k in np.unique(labels):
        log_weights[labels == k] -= log_sum_exp(log_weights[labels == k])
    return np.where(np.isfinite(log_weights), log_weights, -np.inf)


def aggregate(context: PhaseContext, sites: Mapping[str, Searched], state: Round | None = None) -> Round:
    """Join all sites of one round: sweeps to the fixed point, the exact pass, evidence, and how wrong each may be.

    Parameters
    ----------
    sites
        Every dataset, in any order.
    state
        The round before, or None.

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
    if any(searched.kind == "table" for searched in sites.values()):
        kind, joined = "table", tables.aggregate_tables(context, sites)
    else:
        joined = _aggregate_sites(context, sites, state, number)
    edges = at_both_edges(context.space, joined.draws, joined.log_weights, context.limits)
    joined = replace(joined, warnings=(*joined.warnings, *edges))
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
    if wrong and state.out_of_calls:
        wrong.append(spent_sentence(context, state.out_of_calls))
    if not wrong:
        decision, why = "converged", f"every criterion holds at tolerance {tolerance:g}"
    elif state.out_of_calls and state.round and not np.any(state.calls):
        decision, why = "stopped", "; ".join(wrong)
    elif state.round + 1 >= max_rounds:
        decision, why = "max_rounds", f"{state.round + 1} rounds done; still open: {'; '.join(wrong)}"
    else:
        decision = "pilot" if state.following.next_kind == "pilot" or state.round == 0 else "refresh"
        why = "; ".join(wrong)
    return Decision(decision, state.round, why, _rounded(np.max(state.joined.mcse, initial=0.0)))


def reasons(state: Round, tolerance: float, limits: Limits = POLICY) -> list[str]:
    """What keeps a round's answer from being final (docs/inference.md, eq. 31): one clause each."""
    if state.kind == "pilot" or state.round == 0:
        return ["the sites were made under the prior, not the population"]
    joined, found = state.joined, []
    mcse, shift = joined.mcse, state.shift
    limit = tolerance * limits.table_share if state.kind == "table" else tolerance
    if mcse.max(initial=0.0) > limit:
        found.append(f"Monte Carlo error {mcse.max():.3f} sd, the tolerance is {limit:g}")
    moved = shift > np.maximum(limits.shift_limit, limits.shift_noise * mcse)
    if moved.any() and state.kind != "table":  # a table covers its nodes wherever the mean was before
        found.append(f"the mean moved by {shift[moved].max():.2f} sd since the round before")
    bad = (state.following.needs_search | state.exhausted) & state.following.poor
    if bad.any():
        names = [name for name, is_bad in zip(state.datasets, bad) if is_bad]
        found.append(f"{len(names)} site(s) rest on too few draws, {names[0]} first")
    if not joined.pareto_k < limits.k_hat_limit and joined.method == "importance":
        found.append(f"Pareto k of the exact pass is {joined.pareto_k:.2f}")
    if joined.quantile_noise > limits.quantile_noise:
        found.append(
            f"Monte Carlo error of a quantile {joined.quantile_noise:.3f} sd, allowed are {limits.quantile_noise}"
        )
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
    used = {name for searched in sites.values() for name in _names_in(searched.site.link)}
    laws, waiting = dict(zip(context.coordinates.names, context.coordinates.laws)), list(used)
    while waiting:  # what a coordinate is drawn from counts as used
        law = laws[waiting.pop()]
        above = {name for form in (law["mean"], law["sigma"]) for name in variables_of(form)} if law else set()
        waiting += above - used
        used |= above
    return used


def _names_in(link):
    """Every global parameter a link mentions, in order."""
    forms = [form for entry in link["drawn"] for form in (entry["mean"], entry["sigma"])]
    forms += [{"variable": name} for name in link["shared"]]
    return tuple(dict.fromkeys(name for form in forms for name in variables_of(form)))


def _aggregate_sites(context, sites, state, number):
    """The modes of prior times sites, EP where there is one, then the exact pass."""
    space = context.space
    bank = bank_of(context, sites)
    known = None if state is None else state.joined.mode_means
    pilot = any(searched.kind == "pilot" for searched in sites.values())
    depth = context.limits.mode_mass + (context.limits.missed_mass if pilot and space.dimension > LANDSCAPES else 0.0)
    modes = find_modes(space, bank, known, depth=depth)
    if pilot and space.dimension > LANDSCAPES:  # it places the next round, nothing more
        bank = bank.thinned(np.stack([mode.mean for mode in modes]))
    placed = state is not None and (state.following.next_kind != "pilot" or bool(space.drawn))
    joined = join(context, space, bank, modes, number, chain=placed)
    if not pilot:
        bent = any(site.info.get("surrogate_error", 0.0) > context.limits.surrogate_error for site in bank.sites)
        return replace(joined, bent=bent)
    joined = replace(joined, shares=True, site_size=np.full(bank.N, np.inf))
    if space.dimension <= LANDSCAPES and all(item["sigma"] == NOTHING for link in bank.links for item in link.drawn):
        joined = _with_landscape(context, bank, modes, joined)
    return joined


def bank_of(context: PhaseContext, sites: Mapping[str, Searched]) -> SiteBank | Branches:
    """The sites of a round as one bank, of several branches where some were built around several modes."""
    count = 1 + max(len(searched.elsewhere) for searched in sites.values())
    banks = [SiteBank([one.at_mode(k).site for one in sites.values()], context.space) for k in range(count)]
    return banks[0] if count == 1 else Branches(banks)


def join(
    context: PhaseContext,
    space: GlobalSpace,
    bank: SiteBank | Branches,
    modes: Sequence[Mode],
    number: int,
    chain: bool = True,
) -> Joined:
    """Sweeps to the fixed point of EP where there is one mode, and the exact pass from all of them.

    Without ``chain`` no Markov chain follows where importance sampling fails: first looks place the next round alone.
    """
    warnings, limits, infos, stalled = [], context.limits, [], False
    if len(modes) == 1 and not space.drawn:  # a Markov chain needs no better start than Laplace's
        state, infos = propagate(space, bank, modes[0].mean, modes[0].covariance)
        stalled = bool(infos) and infos[-1].stalled
        modes = modes if stalled else one_mode(state.gaussian.mean, state.gaussian.covariance)
    settings = {"refits": 1} if space.drawn else {}
    if not chain:
        settings = {"refits": 2, "n": PLANNED_DRAWS}
    exact = exact_pass(space, bank, modes, seed=_integer_seed(context, number), chain=chain, **settings)
    if exact.method == "importance" and exact.pareto_k > limits.k_hat_limit:  # no average over its draws is one
        exact = _gaussian(modes, exact, number)
    found = modes_of(modes, exact)
    mean = found.shares @ found.means
    covariance = np.einsum("k,kij->ij", found.shares, found.covariances)
    covariance += (found.means - mean).T * found.shares @ (found.means - mean)
    doubtful = exact.ess < limits.chain_ess if exact.method == "hmc" else exact.pareto_k > limits.doubtful_k
    if doubtful and stalled:  # else the exact pass made up for it
        warnings.append(describe_stall(bank, infos))
    if doubtful and exact.method == "hmc":
        warnings.append(f"the draws are a Markov chain's, and worth {exact.ess:.0f}: standard deviations are rough")
    elif doubtful:
        warnings.append(f"Pareto k of the exact pass is {exact.pareto_k:.2f}: standard deviations may be too small")
    noise = site_noise(bank, exact.draws, exact.log_weights)
    if len(found.shares) > 1:
        warnings.append(_described(space, found))
    return Joined(
        draws=exact.draws,
        log_weights=exact.log_weights,
        mean=mean,
        covariance=covariance,
        log_evidence=_nan(exact.log_evidence),
        log_evidence_error=log_evidence_error(bank, _nan(exact.log_evidence_error), noise),
        pareto_k=float(exact.pareto_k),
        exact_ess=float(exact.ess),
        method=exact.method,
        mcse=np.hypot(noise.mcse, exact.mean_error()),
        site_noise=noise.contributions,
        ess_at_q=np.min([bank.score(mode).ess for mode in found.means], axis=0),
        site_size=np.array([site.size for site in bank.sites]),
        shares=any(site.p for site in bank.sites),
        outside=bool(bank.shell_mass(exact.draws, exact.log_weights) > limits.shell_mass),
        sweeps=len(infos),
        warnings=tuple(warnings),
        mode_means=found.means,
        mode_covariances=found.covariances,
        mode_shares=found.shares,
    )


class _Modes(NamedTuple):
    """The posterior around each of its modes."""

    means: Annotated[Array, "M D"]
    covariances: Annotated[Array, "M D D"]
    shares: Annotated[Array, "M"]  # masses


def _gaussian(modes, exact, number):
    """The exact pass with draws of q's Gaussians in place of its own: first looks in many dimensions."""
    rng = np.random.default_rng(number)
    counts = rng.multinomial(GAUSSIAN_DRAWS, shares_of(modes))
    draws = [rng.multivariate_normal(mode.mean, mode.covariance, count) for mode, count in zip(modes, counts)]
    return replace(exact, draws=np.concatenate(draws), log_weights=np.full(GAUSSIAN_DRAWS, -np.log(GAUSSIAN_DRAWS)))


def modes_of(modes: Sequence[Mode], exact: ExactPass) -> _Modes:
    """Moments and masses of the draws that belong to each mode; one without enough draws keeps its Gaussian."""
    labels, parts = nearest(modes, exact.draws), []
    for k, mode in enumerate(modes):
        own = labels == k
        log_weights = exact.log_weights[own]
        share = float(np.exp(log_sum_exp(log_weights))) if own.any() else 0.0
        moments = mode.mean, mode.covariance
        if share > 0:
            mean, covariance = weighted_moments(exact.draws[own], log_weights)
            moments = (mean, covariance) if is_positive_definite(covariance) else moments
        parts.append((*moments, share))
    return _Modes(*(np.stack(column) for column in zip(*parts)))


def _described(space, modes):
    """The places and masses of several modes, by the parameters in which they differ the most."""
    order = np.argsort(-modes.shares, kind="stable")
    apart = np.ptp(modes.means, axis=0) / np.sqrt(np.diagonal(modes.covariances, axis1=1, axis2=2)).max(0)
    told = np.argsort(-apart, kind="stable")[:2]
    told = told[apart[told] > 0.5 * apart.max()]
    values = space.values(modes.means)
    places = [
        f"{', '.join(f'{space.names[j]} = {values[k, j]:.4g}' for j in told)} ({modes.shares[k]:.1%})" for k in order
    ]
    return f"the posterior has {len(order)} modes: {'; '.join(places)}; where labels can be exchanged, order them"


def at_both_edges(
    space: GlobalSpace, draws: Annotated[Array, "S D"], log_weights: Annotated[Array, "S"], limits: Limits
) -> list[str]:
    """A sentence for each bounded parameter that has mass at both ends of its prior: it may be periodic."""
    weights, found = np.exp(log_weights - log_sum_exp(log_weights)), []
    for j, (name, kind) in enumerate(zip(space.names, space.kinds)):
        ends = [float(weights @ (sign * draws[:, j] > EDGE)) for sign in (-1, 1)] if kind == "normal" else [0.0]
        if min(ends) > limits.edge_mass:
            found.append(
                f"{name} has {ends[0]:.0%} and {ends[1]:.0%} of its posterior in the outer {ndtr(-EDGE):.0%} at either "
                "end of its prior: if it is periodic, shift the prior so that the posterior lies inside"
            )
    return found


def _with_landscape(context, bank, modes, found):
    """The same with nodes, and from the pilots' product on a grid where Gaussians at its modes do not describe it."""
    space, limits = context.space, context.limits
    axes, log_density = tables.landscape(space, bank)
    mean, spread = tables.landscape_moments(axes, log_density)
    shares, means = shares_of(modes), np.stack([mode.mean for mode in modes])
    within = sum(share * np.diag(mode.covariance) for share, mode in zip(shares, modes))
    ratio = np.sqrt(np.diag(spread) / (within + shares @ (means - shares @ means) ** 2))
    unlike = np.maximum(ratio, 1 / ratio).max() > limits.broad
    placed = tables.place_nodes(axes, log_density, tables.NODES[space.dimension], limits)
    found = replace(found, placed=placed, node_log_mass=tables.log_mass_at(placed, axes, log_density))
    if not unlike and tables.count_modes(log_density, limits) <= len(modes):
        return found
    return replace(found, needs_table=True, mean=mean, covariance=spread)


def following_of(context: PhaseContext, before: Round | None, found: Round) -> Following:
    """Which sites the next round searches, how, and with how many draws."""
    joined, limits = found.joined, context.limits
    poor = (joined.ess_at_q < limits.ess_limit) & (joined.ess_at_q < limits.size_share * joined.site_size)
    if found.kind != "table":  # a table's weights differ from node to node; its error is measured instead
        poor |= ~(found.site_pareto_k < limits.k_hat_limit)
    shift = max(found.shift.max(initial=0.0), _shift_of_modes(before, joined))
    needs, kind, draws = np.ones(len(found.datasets), bool), "refresh", context.ep.n_draws
    nodes = joined.placed if before is None or joined.placed is not None else before.following.next_nodes
    bent = nodes is not None and (joined.bent or joined.method == "hmc")
    alone = (
        found.kind == "pilot" and nodes is not None and len(joined.mean) == 1
    )  # a table costs less than a polynomial
    if found.kind == "table" or joined.needs_table or bent or alone:
        kind = "table"  # bent: no polynomial follows the likelihood; alone: a polynomial would cost more
        draws = (
            table_draws(joined, context.ep.tolerance, limits)
            if found.kind == "table"
            else limits.table_draws * len(joined.mean)
        )
        if found.kind == "table" and np.array_equal(nodes, before.following.next_nodes):
            needs = noisiest(joined.site_noise, limits.noise_share)
    elif found.kind == "pilot" and _saw_little(context, found):
        return Following(poor=poor, needs_search=needs, next_kind="pilot", next_draws=draws, looks_again=True)
    elif joined.shares and (found.round == 0 or shift > limits.pilot_shift):
        kind, draws = "pilot", limits.pilot_draws  # the surrogates' centre still moves
    elif found.kind == "refresh":
        if shift < limits.half_way and not joined.outside:
            needs = poor | noisiest(joined.site_noise, limits.noise_share)
        if joined.mcse.max(initial=0.0) > limits.noisy or poor.any():
            draws = min(2 * before.following.next_draws, limits.most_draws)
    return Following(poor=poor, needs_search=needs, next_kind=kind, next_draws=draws, next_nodes=nodes)


def _saw_little(context, found):
    """Whether most first looks rest on few draws, as under a prior where parameters multiply: q is where to look again.

    Not for ever: what bends as much where q is has no better look.
    """
    free = np.isinf(found.joined.site_size).all()
    if not free or context.space.dimension <= LANDSCAPES or found.round >= MOST_LOOKS:
        return False
    return bool(np.median(found.ess) < context.limits.ess_limit)


def table_draws(joined: Joined, tolerance: float, limits: Limits = POLICY) -> int:
    """How many more draws a table needs: the error of Sobol points falls a little faster than 1 / sqrt(n)."""
    excess = joined.mcse.max(initial=0.0) / (tolerance * limits.table_share)
    excess = max(excess, joined.quantile_noise / limits.quantile_noise)
    more = np.max(joined.site_size) * (min(excess, 10.0) ** 1.5 - 1)
    return int(np.clip(more, limits.table_draws, limits.most_table_draws)) // tables.PART * tables.PART


def noisiest(noise: Annotated[Array, "N"], share: float) -> Annotated[Array, "N"]:
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


def _shift_of_modes(before, joined):
    """The largest move of a mode, in its present sd; infinite where one is new or gone."""
    if before is None or before.joined.mode_means is None or joined.mode_means is None:
        return 0.0
    if len(before.joined.mode_means) != len(joined.mode_means):
        return np.inf
    sd = np.sqrt(np.diagonal(joined.mode_covariances, axis1=1, axis2=2))
    return float((np.abs(joined.mode_means - before.joined.mode_means) / sd).max())


def _rounded(x):
    return float(f"{float(x):.4g}")
