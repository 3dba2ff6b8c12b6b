"""One dataset's site, searched and searched again."""

from dataclasses import replace

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


def test_a_second_round_places_its_draws_by_the_first_and_makes_the_site_of_the_last_alone(two_rounds):
    _, first, second = two_rounds
    before, batches = first["d0"].points.batches, second["d0"].points.batches
    scouts, last = batches[len(before) :]
    assert len(scouts.log_l) + len(last.log_l) == second["d0"].calls == 128
    assert np.array_equal(second["d0"].site.theta, last.theta)
    assert np.array_equal(scouts.proposal.means, last.proposal.means)  # the one that they judged


def test_a_proposal_that_the_scouts_find_poor_is_fitted_anew_before_the_site_is_drawn(two_rounds):
    c, first, second = two_rounds
    strict = replace(c, limits=replace(c.limits, largest_share=0.001))
    plan = ep.plan_round(c, ep.aggregate(c, first, None))
    batches = search_site(strict, "d0", plan, first["d0"]).points.batches[len(first["d0"].points.batches) :]
    assert len(batches) == 3 and len(second["d0"].points.batches) == len(first["d0"].points.batches) + 2
    assert not np.array_equal(batches[0].proposal.means, batches[1].proposal.means)


def test_calls_and_health_are_recorded(two_rounds):
    _, sites, _ = two_rounds
    found = sites["d0"]
    assert found.calls > 128 and found.ess > 50 and found.pareto_k < 0.7


def test_shared_parameters_are_free_in_the_pilot_and_get_a_surrogate_after():
    c = context(kind="shared")
    sites = {d: search_site(c, d, ep.plan_round(c, None)) for d in c.datasets}
    assert sites["d0"].kind == "pilot"
    plan = replace(ep.plan_round(c, ep.aggregate(c, sites, None)), kind="pilot", n_draws=128)
    found = search_site(c, "d0", plan, sites["d0"])
    site = found.site
    assert found.kind == "site" and site.coefficients.shape[1] == 3 and site.info["surrogate_error"] < 0.05


def test_nested_samples_are_polished():
    c = context(search=cv.DynestyStatic(nlive=40))
    found = search_site(c, "d0", ep.plan_round(c, None))
    assert found.pareto_k < 0.7 and len(found.points.batches) >= 1


def test_a_share_of_the_draws_is_where_the_tails_ask_for_them(two_rounds):
    c, first, second = two_rounds
    plan = ep.plan_round(c, ep.aggregate(c, first, None))
    wide = plan.draws + np.log(10.0) * (np.array(c.space.names) == "population.sigma")
    found = search_site(c, "d0", replace(plan, far=wide), first["d0"])
    near, far = second["d0"].points.batches[-1].proposal, found.points.batches[-1].proposal
    assert np.array_equal(far.means[: len(near.means)], near.means)
    assert far.weights[: len(near.means)] == pytest.approx(0.7 * near.weights)
    assert far.scales[len(near.means) :, 0, 0].max() > near.scales[:, 0, 0].max()
    assert found.calls == second["d0"].calls
