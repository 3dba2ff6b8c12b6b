"""Every limit of the rounds does something: what it guards holds with it, and no longer when it is switched off."""

from dataclasses import fields, replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import SharedNames
from cavity.propagate.bank import SiteBank
from cavity.propagate.build import build_site, with_floor
from cavity.propagate.exact import ExactPass
from cavity.propagate.hierarchy import NOTHING
from cavity.propagate.modes import find_modes
from cavity.propagate.table_site import build_table
from cavity.propagate.transform import GlobalSpace
from cavity.strategy import ep, joint, loop, one_by_one, site_search, tables
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.phase_context import refuse_unused
from cavity.strategy.round import Following, Plan, Round, Searched
from cavity.strategy.site_search import affordable, covers, is_healthy, rescue_search, search_site

OFF = 1e9
TABLE = Plan(2, "table", ("d0",), n_draws=400, nodes=np.zeros((100, 1)))
SMALL = np.array([40, 40])  # particles of two sites


@cache
def fitted():
    """A phase of two rounds: what a round looks like from inside."""
    c = context(n=2, tolerance=1e-6, max_rounds=2)
    return c, loop.rounds_of(c)


def a_round(kind="refresh", number=2, shift=0.0, **figures):
    """A round of two sites that is good in every respect but those given."""
    good = {
        "mcse": np.array([0.01, 0.01]),
        "ess_at_q": np.array([500.0, 500.0]),
        "site_size": np.array([1000, 1000]),
        "site_noise": np.array([0.95, 0.05]),
        "pareto_k": 0.1,
        "method": "importance",
        "outside": False,
    }
    found = replace(fitted()[1].last, kind=kind, round=number, shift=np.array([shift, 0.0]))
    found = replace(found, joined=replace(found.joined, **{**good, **figures}), site_pareto_k=np.array([0.1, 0.1]))
    return replace(found, following=Following(np.zeros(2, bool), np.zeros(2, bool), "refresh", 400))


def says(words, found, limits):
    return any(words in clause for clause in ep.reasons(found, 0.15, limits))


def following(found, limits, before=400):
    last = replace(found, following=Following(np.zeros(2, bool), np.zeros(2, bool), "refresh", before))
    return ep.following_of(replace(fitted()[0], limits=limits), last, found)


def again(limits):
    """The last round aggregated anew under other limits."""
    c, rounds = fitted()
    return ep.aggregate(replace(c, limits=limits), rounds.sites, rounds.states[0]).joined


def chain(acceptance):
    settings = {"auto_correlations_settings": {"required_length": 50, "check_for_convergence": True}}
    figures = {"steps": 1000, "autocorrelation_times": [2.0], "converged": True, "acceptance": acceptance}
    return cv.Samples(("x",), np.zeros((200, 1)), info={"search": settings, **figures})


def few_draws():
    return cv.Samples(("x",), np.zeros((20, 1)), pareto_k=0.1)


def heavy_tail():
    return cv.Samples(("x",), np.zeros((200, 1)), pareto_k=0.8)


def weighted(pareto_k=0.1, ess=500.0, largest=0.001):
    return SimpleNamespace(pareto_k=pareto_k, ess=ess, largest=largest)


def exhausted(limits, n, pareto_k):
    """Whether a fit of one dataset whose calls are spent, with n draws of this Pareto k, is said to be poor."""
    c = replace(context("independent", n=1, kind="local"), limits=limits)
    names = c.view("d0").model.parameter_names
    found = cv.Samples(names, np.zeros((n, len(names))), pareto_k=pareto_k, info={"calls_spent": True})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_by_one, "run_polished", lambda *arguments: found)
        return one_by_one.search_site(c, "d0", loop.plan_round(c)).exhausted


def looks_again(limits):
    """Whether first looks of 20 effective draws each are taken again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ep, "LANDSCAPES", 0)
        found = replace(a_round(kind="pilot", number=0, site_size=np.full(2, np.inf)), ess=np.array([20.0, 20.0]))
        return following(found, limits).looks_again


def reaches_out(limits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SiteBank, "shell_mass", lambda *arguments: 0.02)
        return again(limits).outside


def broad(limits):
    """A peak with heavy wings: the Gaussian at its mode is far narrower than the density."""
    c = replace(context(n=1, kind="shared"), limits=limits)
    psi = np.linspace(-6.0, 6.0, 3001)[:, None]
    log_w = -np.log1p((psi[:, 0] / 0.05) ** 2)
    item = {"name": "effect", "family": "GaussianPrior", "mean": {"coordinate": "effect"}, "sigma": NOTHING}
    sites = [build_site(name, {"drawn": [item], "shared": []}, log_w, psi / 3.0, 0.0, 1.0) for name in c.datasets]
    pilots = {site.dataset: Searched(site.dataset, 0, "pilot", 9, ess=99.0, pareto_k=0.1, site=site) for site in sites}
    return ep.aggregate(c, pilots).joined.needs_table


def an_exact_pass(limits, **figures):
    """The last round, had its exact pass ended so."""
    draws = np.random.default_rng(0).normal(size=(200, 2))
    good = {"pareto_k": 0.1, "ess": 1000.0, "method": "importance", "draws": draws}
    exact = ExactPass(
        log_weights=np.full(200, -np.log(200)), log_evidence=-1.0, log_evidence_error=0.1, **{**good, **figures}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ep, "exact_pass", lambda *arguments, **settings: exact)
        return again(limits)


def doubtful(limits):
    return "Pareto k of the exact pass is 0.60" in "".join(an_exact_pass(limits, pareto_k=0.6).warnings)


def short_chain(limits):
    return "worth 100" in "".join(an_exact_pass(limits, method="hmc", ess=100.0).warnings)


def at_both_edges(limits):
    space = GlobalSpace.from_priors(["phase"], [cv.UniformPrior(0.0, 1.0)])
    draws = np.repeat([[-2.5], [2.5]], 100, axis=0)
    found = ep.at_both_edges(space, draws, np.full(200, -np.log(200)), limits)
    return any("phase has 50% and 50%" in line for line in found)


def missed_mode(limits):
    """Of two first looks one missed a mode: it is still looked for."""
    space = GlobalSpace.from_priors(["x"], [cv.GaussianPrior(0.0, 10.0)])
    item = {"name": "x", "family": "GaussianPrior", "mean": {"coordinate": "x"}, "sigma": NOTHING}
    psi, sites = np.linspace(-9.0, 9.0, 721)[:, None], []
    for name, centres in (("both", (5.0, -5.0)), ("one", (5.0,))):
        log_l = np.logaddexp.reduce([-0.5 * ((psi[:, 0] - centre) / 0.5) ** 2 for centre in centres])
        log_w = log_l - 0.5 * (psi[:, 0] / 10) ** 2
        sites.append(with_floor(build_site(name, {"drawn": [item], "shared": []}, log_w, psi, 0.0, 10.0), 1e-3))
    return len(find_modes(space, SiteBank(sites, space), depth=limits.mode_mass + limits.missed_mass)) == 2


def looks_deeper(limits):
    """After first looks in more dimensions than a grid has, modes are looked for deeper."""

    def depth_of(*arguments, depth):
        raise StopIteration(depth)

    c, sites = replace(fitted()[0], limits=limits), fitted()[1].sites
    pilots = {name: replace(searched, kind="pilot") for name, searched in sites.items()}
    with pytest.MonkeyPatch.context() as patch, pytest.raises(StopIteration) as seen:
        patch.setattr(ep, "LANDSCAPES", 0)
        patch.setattr(ep, "find_modes", depth_of)
        ep.aggregate(c, pilots)
    return seen.value.value > 20.0


def too_many(limits):
    priors = {cv.GaussianPrior(0.0, 1.0): f"x{i}" for i in range(201)}
    c = SimpleNamespace(names=SharedNames(priors, {}), inference="ep", limits=limits, datasets=("d",))
    try:
        refuse_unused(c, set(priors.values()))
    except GraphError as error:
        return "201 parameters stand above the datasets" in str(error)


def light_mode(limits):
    """A second mode of e^-9 of the mass is left out."""
    psi = np.linspace(-1.8, 1.8, 721)[:, None]
    log_l = np.logaddexp(-0.5 * ((psi[:, 0] - 1) / 0.1) ** 2, -9.0 - 0.5 * ((psi[:, 0] + 1) / 0.1) ** 2)
    item = {"name": "effect", "family": "GaussianPrior", "mean": {"coordinate": "effect"}, "sigma": NOTHING}
    site = build_site("d0", {"drawn": [item], "shared": []}, log_l - 0.5 * psi[:, 0] ** 2, psi, 0.0, 1.0)
    pilot = Searched("d0", 0, "pilot", 9, ess=99.0, pareto_k=0.1, site=site)

    def count(context, space, bank, modes, number, chain):
        raise StopIteration(len(modes))

    with pytest.MonkeyPatch.context() as patch, pytest.raises(StopIteration) as seen:
        patch.setattr(ep, "join", count)
        ep.aggregate(replace(context(n=1, kind="shared"), limits=limits), {"d0": pilot})
    return seen.value.value == 1


@cache
def tabulated():
    """A phase of one shared parameter after its pilot: (phase, first round, sites of the second)."""
    c = context(n=2, kind="shared")
    sites = loop.search_round(c, loop.plan_round(c), c.datasets, {})
    first = loop.aggregate(c, sites)
    first = replace(first, following=replace(first.following, next_kind="refresh"))
    return c, first, loop.search_round(c, loop.plan_round(c, first), c.datasets, sites)


def bent(limits):
    """What follows where a polynomial misses its likelihood by half a nat."""
    c, first, sites = tabulated()
    site = sites["d1"].site
    missed = replace(sites["d1"], site=replace(site, info={**site.info, "surrogate_error": 0.5}))
    return ep.aggregate(replace(c, limits=limits), {**sites, "d1": missed}, first).following.next_kind


def two_peaks(limits):
    x = np.linspace(-10, 10, 401)
    return tables.count_modes(np.logaddexp(-0.5 * (x - 4) ** 2, -0.5 * (x + 4) ** 2 - 7.0), limits) == 1


def span(limits):
    x = np.linspace(-10, 10, 801)
    return tables.place_nodes([x], -0.5 * x**2, 41, limits).max() < 7.0


def table_beside_its_peak(limits):
    """A table whose nodes end where the posterior still rises."""
    c = replace(context(n=1, kind="shared"), limits=limits)
    nodes = np.linspace(-6.0, 1.0, 41)[:, None]
    site = build_table("d0", {"drawn": [], "shared": ["effect"]}, nodes, -2.0 * (nodes.T - 1.2) ** 2, np.zeros(1))
    return nodes, tables.aggregate_tables(c, {"d0": Searched("d0", 2, "table", 9, ess=1.0, site=site)})


def looks_beyond(limits):
    nodes, joined = table_beside_its_peak(replace(limits, coarse=-1.0))
    return joined.placed.max() > nodes.max()


def searched_calls(limits, search=None, max_calls=None, kind="drawn"):
    search = search or cv.Laplace(n_draws=128, n_scan=16)
    c = replace(context(n=1, search=search, kind=kind), limits=limits, max_calls=max_calls)
    return search_site(c, "d0", loop.plan_round(c)).calls


def more_table_draws(limits, mcse, quantile_noise=0.0):
    """Of the next round, for a table with these errors."""
    joined = fitted()[1].last.joined
    joined = replace(joined, mcse=np.array([mcse]), site_size=np.array([1000]), quantile_noise=quantile_noise)
    return ep.table_draws(joined, 0.15, limits)


def searched_in_tables(limits):
    """Which of two sites are searched again where their tables keep their nodes."""
    nodes = np.linspace(-1.0, 1.0, 5)[:, None]
    last = replace(a_round("table"), following=replace(a_round().following, next_nodes=nodes))
    found = a_round("table", placed=None)
    return ep.following_of(replace(fitted()[0], limits=limits), last, found).needs_search.tolist()


def replaced(limits):
    """Draws that no proposal fits are not averaged over: the modes' Gaussians are the answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ep, "_gaussian", lambda modes, exact, number: replace(exact, method="gaussian"))
        return an_exact_pass(limits, pareto_k=0.8).method == "gaussian"


def first_looks(limits, ess):
    """(searches, redraws) of a first look whose draws count for so many."""
    searches, redraws, draws = [], [], weighted(ess=ess)

    class Searches:
        def __init__(self, *arguments):
            pass

        def run(self, *arguments):
            for _ in range(2):
                searches.append(SimpleNamespace(info={"proposal": {}}))
                yield searches[-1]

        def explored(self, site, is_covered):
            return len(searches), len(redraws)

    drawing = SimpleNamespace(
        tilted=SimpleNamespace(free_shared=True, d=1, p=1),
        added=lambda samples: draws,
        together=lambda: draws,
        coordinates=tuple,
        around=lambda: None,
        drawn=lambda proposal, n: redraws.append(n) or draws,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_search, "_Searches", Searches)
        return site_search._looked(SimpleNamespace(limits=limits), None, drawing, 100, None, None)


def look_before_table(limits):
    """Calls of a first look that a table may follow, of a million."""
    return site_search._allowed(SimpleNamespace(free_shared=True, d=0, p=1), 10**6, 0, 100, limits)


def pilot_calls(limits):
    c = replace(context(n=1, kind="shared", search=cv.DynestyStatic(nlive=600)), limits=limits)
    return search_site(c, "d0", loop.plan_round(c)).calls


#: limit, the value that switches it off, what it guards
GUARDS = [
    ("shift_limit", OFF, lambda at: says("the mean moved", a_round(shift=0.25), at)),
    ("shift_noise", 0, lambda at: not says("the mean moved", a_round(shift=0.25, mcse=np.array([0.14, 0.14])), at)),
    ("table_share", OFF, lambda at: says("Monte Carlo error", a_round("table", mcse=np.array([0.1, 0.1])), at)),
    ("quantile_noise", OFF, lambda at: says("error of a quantile", a_round("table", quantile_noise=0.07), at)),
    ("coarse", OFF, lambda at: says("every second node", a_round("table", interpolation_error=0.2), at)),
    ("coarse", -1, lambda at: table_beside_its_peak(at)[1].placed.shape == (41, 1)),
    ("k_hat_limit", OFF, lambda at: says("Pareto k of the exact pass", a_round(pareto_k=0.8), at)),
    ("k_hat_limit", OFF, lambda at: following(replace(a_round(), site_pareto_k=np.array([0.8, 0.1])), at).poor[0]),
    ("k_hat_limit", OFF, lambda at: not covers(weighted(pareto_k=0.8), at)),
    ("k_hat_limit", OFF, lambda at: any("Pareto k" in clause for clause in joint.reasons(heavy_tail(), at))),
    ("k_hat_limit", OFF, replaced),
    ("doubtful_k", OFF, doubtful),
    ("chain_ess", 0, short_chain),
    ("edge_mass", OFF, at_both_edges),
    ("mode_mass", OFF, light_mode),
    ("missed_mass", 0, missed_mode),
    ("missed_mass", 0, looks_deeper),
    ("most_coordinates", OFF, too_many),
    ("shell_mass", OFF, reaches_out),
    ("shell_mass", OFF, lambda at: table_beside_its_peak(at)[1].outside),
    ("least_acceptance", 0, lambda at: "were accepted" in "".join(joint.reasons(chain(0.001), at))),
    ("ess_limit", 0, lambda at: following(a_round(ess_at_q=np.array([30.0, 500.0])), at).poor[0]),
    ("k_hat_limit", OFF, lambda at: exhausted(at, 200, 0.8)),
    ("ess_limit", 0, looks_again),
    ("ess_limit", 0, lambda at: exhausted(at, 20, 0.1)),
    ("ess_limit", 0, lambda at: not covers(weighted(ess=30.0), at)),
    ("ess_limit", 0, lambda at: "draws count" in "".join(joint.reasons(few_draws(), at))),
    ("ess_limit", OFF, lambda at: searched_calls(at) < 1000),
    (
        "size_share",
        OFF,
        lambda at: not following(a_round(ess_at_q=np.full(2, 30.0), site_size=np.full(2, 40)), at).poor[0],
    ),
    ("noise_share", 1.0, lambda at: following(a_round(), at).needs_search.tolist() == [True, False]),
    ("half_way", OFF, lambda at: following(a_round(shift=0.6), at).needs_search.all()),
    ("pilot_shift", OFF, lambda at: following(a_round(shift=1.5, shares=True), at).next_kind == "pilot"),
    ("pilot_draws", OFF, lambda at: following(a_round(shift=1.5, shares=True), at).next_draws == 100),
    ("table_pilot", 10**9, lambda at: pilot_calls(at) < 3000),
    ("table_draws", 0, lambda at: more_table_draws(at, 0.01) > 0),
    ("table_share", OFF, lambda at: more_table_draws(at, 0.04) > 2000),
    ("quantile_noise", OFF, lambda at: more_table_draws(at, 0.01, 0.2) > 2000),
    ("noise_share", 1.0, lambda at: searched_in_tables(at) == [True, False]),
    ("most_table_draws", OFF, lambda at: more_table_draws(at, 0.18) < 5000),
    ("noisy", OFF, lambda at: following(a_round(mcse=np.array([0.12, 0.0])), at).next_draws == 800),
    ("most_draws", OFF, lambda at: following(a_round(mcse=np.array([0.12, 0.0])), at, before=3000).next_draws < 6000),
    ("largest_share", OFF, lambda at: not is_healthy(weighted(largest=0.05), at)),
    ("rescue_live_points", 5, lambda at: rescue_search(at).nlive >= 50),
    ("first_look_ess", 0, lambda at: first_looks(at, 5.0)[0] == 2),
    ("first_look_ess", 0, lambda at: first_looks(at, 5.0)[1] == 0),
    ("ess_limit", OFF, lambda at: first_looks(at, 300.0)[1] == 0),
    ("table_pilot", 10**9, lambda at: look_before_table(at) == 2000),
    ("first_look_ess", OFF, lambda at: searched_calls(at, kind="shared") < 600),
    ("fewest_calls", 10_000, lambda at: searched_calls(at, cv.DynestyStatic(nlive=50), max_calls=400) < 600),
    ("fewest_in_a_table", 0, lambda at: affordable(TABLE, Searched("d0", 1, "table", 0), 200, 1, at) is None),
    ("surrogate_error", OFF, lambda at: bent(at) == "table"),
    ("broad", OFF, broad),
    ("mode_depth", OFF, two_peaks),
    ("depth", OFF, span),
    ("margin", 0, looks_beyond),
]


@pytest.mark.parametrize("limit, off, guards", GUARDS)
def test_a_limit_guards(limit, off, guards):
    assert guards(POLICY)


@pytest.mark.parametrize("limit, off, guards", GUARDS)
def test_the_same_check_fails_when_it_is_switched_off(limit, off, guards):
    assert not guards(replace(POLICY, **{limit: off}))


def test_every_limit_has_its_test():
    assert {limit for limit, _, _ in GUARDS} == {item.name for item in fields(Limits)}


def test_a_table_warns_of_mass_at_both_ends_of_a_prior(monkeypatch):
    (c, first, _), nodes = tabulated(), np.linspace(-4.0, 4.0, 41)[:, None]
    sites = {}
    for name in c.datasets:
        site = build_table(name, {"drawn": [], "shared": ["effect"]}, nodes, -np.abs(nodes.T), np.zeros(1))
        sites[name] = Searched(name, 1, "table", 9, ess=1.0, site=site)
    assert ep.aggregate(c, sites, first).joined.warnings == ()  # a parameter without bounds
    monkeypatch.setattr(ep, "at_both_edges", lambda space, draws, log_weights, limits: [f"{len(draws.T)} periodic"])
    assert ep.aggregate(c, sites, first).joined.warnings == ("1 periodic",)


def test_a_site_of_too_few_draws_gets_twice_as_many():
    poor = a_round(ess_at_q=np.array([30.0, 500.0]))
    assert following(poor, POLICY).next_draws == 800 > following(a_round(), POLICY).next_draws


def test_a_good_round_has_no_reason_to_go_on():
    assert ep.reasons(a_round(), 0.15, POLICY) == [] and isinstance(a_round(), Round)
