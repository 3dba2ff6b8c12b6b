"""Plans, aggregates and decisions of the rounds."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.errors import GraphError
from cavity.strategy import rounds
from cavity.strategy.site_search import search_site


def one_round(c, sites=None, state=None):
    plan = rounds.plan_round(c, state)
    sites = {d: search_site(c, d, plan, (sites or {}).get(d)) for d in c.datasets}
    return sites, rounds.aggregate(c, sites, state)


@pytest.fixture(scope="module")
def first():
    c = context()
    return (c, *one_round(c))


def test_round_zero_searches_everything_and_is_never_the_last(first):
    c, _, state = first
    assert rounds.plan_round(c, None)["refresh"] == list(c.datasets)
    assert rounds.decide(c, state, max_rounds=5, tolerance=1.0)["decision"] == "pilot"


def test_the_aggregate_does_not_depend_on_the_order_of_the_sites(first):
    c, sites, state = first
    again = rounds.aggregate(c, dict(reversed(sites.items())), None)
    assert again["log_evidence"] == state["log_evidence"] and np.array_equal(again["draws"], state["draws"])


def test_a_second_round_converges_and_a_tolerance_too_tight_does_not(first):
    c, sites, state = first
    _, second = one_round(c, sites, state)
    assert rounds.decide(c, second, max_rounds=5, tolerance=0.5)["decision"] == "converged"
    assert rounds.decide(c, second, max_rounds=5, tolerance=1e-6)["decision"] == "refresh"
    assert rounds.decide(c, second, max_rounds=2, tolerance=1e-6)["decision"] == "max_rounds"


def test_a_dataset_added_later_is_searched(first):
    c, _, state = first
    more = replace(c, datasets=(*c.datasets, "new"))
    assert "new" in rounds.plan_round(more, {**state, "needs_search": np.zeros(4, bool)})["refresh"]


def test_a_site_that_is_not_searched_again_costs_nothing(first):
    c, sites, state = first
    plan = {**rounds.plan_round(c, state), "refresh": []}
    kept = search_site(c, "d0", plan, sites["d0"])
    assert kept["calls"] == 0 and kept["site"] is sites["d0"]["site"]


def test_an_unused_shared_parameter_is_an_error(first):
    c, sites, _ = first
    names = replace(c.names, priors={**c.names.priors, cv.UniformPrior(0.0, 1.0): "lonely"})
    with pytest.raises(GraphError, match="lonely"):
        rounds.aggregate(replace(c, names=names), sites, None)


def test_noisy_sites_are_the_few_that_make_up_the_variance():
    assert rounds._noisiest(np.array([0.0, 0.95, 0.05])).tolist() == [False, True, False]


@pytest.mark.parametrize("error, kind", [(0.01, "refresh"), (0.5, "table")])
def test_sites_that_no_polynomial_follows_are_tabulated(error, kind):
    c = context(kind="shared")
    sites, state = one_round(c)
    assert state["next_kind"] == "pilot" and not state["table"]
    sites, second = one_round(c, sites, state)
    site = sites["d1"]["site"]
    site["info"] = json.dumps({**json.loads(site["info"]), "surrogate_error": error})
    second = rounds.aggregate(c, sites, state)
    assert second["next_kind"] == kind
    late = {**second, "round": 5, "kind": "refresh", "shift": np.zeros(1), "needs_search": np.zeros(4, bool)}
    assert ("tables must" in " ".join(rounds.reasons(late, 1.0))) == (kind == "table")
    if kind == "table":
        assert np.array_equal(rounds.plan_round(c, second)["nodes"], state["next_nodes"])
