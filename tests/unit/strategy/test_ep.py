"""Plans, aggregates and decisions of the rounds."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.errors import GraphError
from cavity.strategy import ep
from cavity.strategy.site_search import search_site


def one_round(c, sites=None, state=None):
    plan = ep.plan_round(c, state)
    sites = {d: search_site(c, d, plan, (sites or {}).get(d)) for d in c.datasets}
    return sites, ep.aggregate(c, sites, state)


@pytest.fixture(scope="module")
def first():
    c = context(n_draws=400)
    return (c, *one_round(c))


def test_round_zero_searches_everything_and_is_never_the_last(first):
    c, _, state = first
    assert ep.plan_round(c, None).refresh == c.datasets
    assert ep.decide(c, state, max_rounds=5, tolerance=1.0).decision == "pilot"


def test_the_aggregate_does_not_depend_on_the_order_of_the_sites(first):
    c, sites, state = first
    again = ep.aggregate(c, dict(reversed(sites.items())), None)
    assert again.joined.log_evidence == state.joined.log_evidence
    assert np.array_equal(again.joined.draws, state.joined.draws)


def test_a_second_round_converges_and_a_tolerance_too_tight_does_not(first):
    c, sites, state = first
    _, second = one_round(c, sites, state)
    assert ep.decide(c, second, max_rounds=5, tolerance=0.5).decision == "converged"
    assert ep.decide(c, second, max_rounds=5, tolerance=1e-6).decision == "refresh"
    assert ep.decide(c, second, max_rounds=2, tolerance=1e-6).decision == "max_rounds"


def test_heavy_tails_are_planned_for_by_what_draws_add_to_the_variances(first):
    c, _, state = first
    joined = state.joined
    assert ep.plan_round(c, state).far is None
    far = joined.mean + 40 * np.sqrt(np.diag(joined.covariance))
    draws = np.concatenate([joined.draws, far[None]])
    log_weights = np.append(joined.log_weights, np.log(0.002))
    heavy = replace(state, joined=replace(joined, draws=draws, log_weights=log_weights))
    plan = ep.plan_round(c, heavy)
    near, tail = ((np.abs(draws - far) < 1e-9).all(1).mean() for draws in (plan.draws, plan.far))
    assert near < 0.01 and tail > 0.5


def test_a_dataset_added_later_is_searched(first):
    c, _, state = first
    more = replace(c, datasets=(*c.datasets, "new"))
    nothing = replace(state.following, needs_search=np.zeros(4, bool))
    assert ep.plan_round(more, replace(state, following=nothing)).refresh == ("new",)


def test_a_site_that_is_not_searched_again_costs_nothing(first):
    c, sites, state = first
    plan = replace(ep.plan_round(c, state), refresh=())
    kept = search_site(c, "d0", plan, sites["d0"])
    assert kept.calls == 0 and kept.site is sites["d0"].site


def test_an_unused_shared_parameter_is_an_error(first):
    c, sites, _ = first
    names = replace(c.names, priors={**c.names.priors, cv.UniformPrior(0.0, 1.0): "lonely"})
    with pytest.raises(GraphError, match="lonely"):
        ep.aggregate(replace(c, names=names), sites, None)


def test_noisy_sites_are_the_few_that_make_up_the_variance():
    assert ep.noisiest(np.array([0.0, 0.95, 0.05]), 0.9).tolist() == [False, True, False]


@pytest.mark.parametrize("error, kind", [(0.01, "refresh"), (0.5, "table")])
def test_sites_that_no_polynomial_follows_are_tabulated(error, kind):
    c = context(kind="shared")
    sites, state = one_round(c)
    assert state.following.next_kind == "table" and not state.joined.needs_table  # a table costs less than a polynomial
    state = replace(state, following=replace(state.following, next_kind="refresh", next_draws=128))
    sites, second = one_round(c, sites, state)
    site = sites["d1"].site
    bent = replace(sites["d1"], site=replace(site, info={**site.info, "surrogate_error": error}))
    second = ep.aggregate(c, {**sites, "d1": bent}, state)
    assert second.following.next_kind == kind
    following = replace(second.following, needs_search=np.zeros(4, bool))
    late = replace(second, round=5, kind="refresh", shift=np.zeros(1), following=following)
    assert ("tables must" in " ".join(ep.reasons(late, 1.0))) == (kind == "table")
    if kind == "table":
        assert np.array_equal(ep.plan_round(c, second).nodes, state.following.next_nodes)
