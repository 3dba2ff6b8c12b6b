"""The joint fit of all datasets."""

import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.strategy import joint


@pytest.fixture(scope="module")
def result():
    c = context("joint", n=3, search=cv.Laplace(n_draws=400))
    return joint.summarise(c, {}, [joint.aggregate(c)])


def test_shared_and_local_parameters_have_their_names(result):
    assert set(result.shared.names) == {"population.mean", "population.sigma"}
    assert result.locals["d1"].names == ("effect", "offset")


def test_rows_stay_aligned_and_the_evidence_is_the_searchs(result):
    assert len(result.shared) == len(result.locals["d0"]) == 400
    assert result.log_evidence is not None and result.converged


def test_there_is_one_round():
    c = context("joint")
    assert joint.plan_round(c, None)["refresh"] == []
    assert joint.decide(c, {"round": 0})["decision"] == "converged"
