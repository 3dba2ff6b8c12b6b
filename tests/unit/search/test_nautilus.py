import numpy as np
import pytest

from cavity.errors import SearchError
from cavity.search import Nautilus

from ...statistics.search.problems import box_problem, correlated_gaussian
from .nested_checks import check_nested

QUICK = {"n_live": 100, "n_eff": 200, "n_networks": 0}


@pytest.mark.parametrize("batched", [True, False])
def test_posterior_and_evidence(batched):
    known = correlated_gaussian(2, batched=batched)
    samples = Nautilus(**QUICK).run(known.problem, np.random.default_rng(1))
    check_nested(samples, known)
    assert 0.001 < samples.log_evidence_error < 0.2


def test_one_parameter_is_refused_with_the_way_out():
    problem = box_problem(["x"], [0.0], [1.0], lambda v: 0.0)
    with pytest.raises(SearchError, match="at least two parameters; DynestyStatic and UltraNest take one"):
        Nautilus().run(problem, np.random.default_rng(1))
