import dataclasses

import numpy as np
import pytest

from cavity.errors import LikelihoodError, SearchError
from cavity.search import DynestyDynamic

from ...statistics.search.problems import correlated_gaussian
from .nested_checks import check_nested

KNOWN = correlated_gaussian(2)


def test_posterior_and_evidence():
    samples = DynestyDynamic(nlive=50, n_effective=500, maxbatch=3).run(KNOWN.problem, np.random.default_rng(1))
    check_nested(samples, KNOWN)


def test_a_bad_likelihood_prints_nothing_but_its_sentence(capsys):
    problem = dataclasses.replace(KNOWN.problem, log_likelihood=lambda vector: np.nan)
    with pytest.raises(LikelihoodError, match="d07: the likelihood is NaN"):
        DynestyDynamic(nlive=20).run(problem, np.random.default_rng(1))
    assert capsys.readouterr() == ("", "")


def test_settings_are_checked():
    with pytest.raises(SearchError, match="pfrac is 2"):
        DynestyDynamic(pfrac=2)
