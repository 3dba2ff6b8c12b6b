"""One dataset's site, searched and searched again."""

import numpy as np
import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.strategy import ep
from cavity.strategy.site_search import search_site


@pytest.fixture(scope="module")
def two_rounds():
    c = context()
    plan = ep.plan_round(c, None)
    sites = {d: search_site(c, d, plan) for d in c.datasets}
    state = ep.aggregate(c, sites, None)
    again = ep.plan_round(c, state)
    return c, sites, {d: search_site(c, d, again, sites[d]) for d in c.datasets}


def test_the_same_dataset_gives_the_same_site_whatever_else_is_searched(two_rounds):
    c, sites, _ = two_rounds
    alone = search_site(c, "d2", ep.plan_round(c, None))
    assert np.array_equal(alone.site.log_c, sites["d2"].site.log_c)


def test_a_second_round_keeps_the_draws_of_the_first(two_rounds):
    _, first, second = two_rounds
    assert len(second["d0"].points.batches) == len(first["d0"].points.batches) + 1
    assert len(second["d0"].site.log_c) > len(first["d0"].site.log_c)
    assert second["d0"].calls == 128


def test_calls_and_health_are_recorded(two_rounds):
    _, sites, _ = two_rounds
    found = sites["d0"]
    assert found.calls > 128 and found.ess > 50 and found.pareto_k < 0.7


def test_shared_parameters_are_free_in_the_pilot_and_get_a_surrogate_after():
    c = context(kind="shared")
    sites = {d: search_site(c, d, ep.plan_round(c, None)) for d in c.datasets}
    assert sites["d0"].kind == "pilot"
    plan = ep.plan_round(c, ep.aggregate(c, sites, None))
    found = search_site(c, "d0", plan, sites["d0"])
    site = found.site
    assert found.kind == "site" and site.coefficients.shape[1] == 3 and site.info["surrogate_error"] < 0.05


def test_nested_samples_are_polished():
    c = context(search=cv.DynestyStatic(nlive=40))
    found = search_site(c, "d0", ep.plan_round(c, None))
    assert found.pareto_k < 0.7 and len(found.points.batches) >= 1
