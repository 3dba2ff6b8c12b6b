"""The door that Study.fit and the verbs share."""

import pytest
from tests.unit.strategy.small import context

from cavity.strategy import ep, joint, loop, one_by_one, site_search


@pytest.mark.parametrize(
    "inference, module", [("independent", one_by_one), ("sequential", one_by_one), ("joint", joint), ("ep", ep)]
)
def test_each_inference_has_its_strategy(inference, module):
    assert loop.plan_round(context(inference)).kind == module.plan_round(context(inference), None).kind


def test_a_site_is_the_strategys_own():
    c = context(n=2)
    plan = loop.plan_round(c, None)
    assert loop.search_site(c, "d0", plan).calls == site_search.search_site(c, "d0", plan).calls
