"""The door that Study.fit and the verbs share."""

import pytest
from tests.unit.strategy.small import context

from cavity.strategy import independent, joint, phase_run, rounds, site_search


@pytest.mark.parametrize("inference, module", [("independent", independent), ("joint", joint), ("ep", rounds)])
def test_each_inference_has_its_strategy(inference, module):
    assert phase_run._strategy(context(inference)) is module


def test_a_site_is_the_strategys_own():
    c = context(n=2)
    plan = phase_run.plan_round(c, None)
    assert phase_run.search_site(c, "d0", plan)["calls"] == site_search.search_site(c, "d0", plan)["calls"]
