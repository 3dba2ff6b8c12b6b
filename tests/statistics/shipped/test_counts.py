"""The independent answer of config/counts notices data counted twice."""

from pathlib import Path

import pytest

from tests.statistics.check import assert_same_posterior
from tests.statistics.shipped.counts import exact

FOLDER = Path(__file__).parents[3] / "config" / "counts"


def test_the_check_fails_where_each_plate_counts_twice():
    once, log_evidence_once = exact(FOLDER)
    twice, log_evidence = exact(FOLDER, copies=2)
    with pytest.raises(AssertionError, match="the sd of"):
        assert_same_posterior(twice, once, dm=0.5)
    assert abs(log_evidence - log_evidence_once) > 10.0
