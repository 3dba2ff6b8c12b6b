"""Every dataset by itself."""

import pytest
from tests.unit.strategy.small import context

from cavity.errors import GraphError
from cavity.strategy import one_by_one


def test_evidences_add_up():
    c = context("independent", n=2, kind="local")
    sites = {d: one_by_one.search_site(c, d, one_by_one.plan_round(c, None)) for d in c.datasets}
    state = one_by_one.aggregate(c, sites)
    result = one_by_one.summarise(c, sites, [state])
    assert result.log_evidence == pytest.approx(sum(s.log_evidence for s in result.locals.values()))
    assert result.likelihood_evaluations["total"] == sum(searched.calls for searched in sites.values())


def test_a_drawn_variable_has_no_parent_here():
    c = context("independent")
    with pytest.raises(GraphError, match="inference: ep or joint"):
        one_by_one.search_site(c, "d0", one_by_one.plan_round(c))
