"""Every dataset by itself."""

import pytest
from tests.unit.strategy.small import context

from cavity.errors import GraphError
from cavity.strategy import independent


def test_evidences_add_up():
    c = context("independent", n=2, kind="local")
    sites = {d: independent.search_site(c, d, independent.plan_round(c, None)) for d in c.datasets}
    state = independent.aggregate(c, sites)
    result = independent.summarise(c, sites, [state])
    assert result.log_evidence == pytest.approx(sum(s.log_evidence for s in result.locals.values()))
    assert result.likelihood_evaluations["total"] == sum(tree["calls"] for tree in sites.values())


def test_a_drawn_variable_has_no_parent_here():
    c = context("independent")
    with pytest.raises(GraphError, match="inference: ep or joint"):
        independent.search_site(c, "d0", {"round": 0})
