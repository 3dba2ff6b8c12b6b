"""The independent answer of config/orbits finds what was simulated, and notices stars left out."""

import json
from pathlib import Path

import pytest

from tests.statistics.check import assert_same_posterior
from tests.statistics.shipped.orbits import exact

FOLDER = Path(__file__).parents[3] / "config" / "orbits"


@pytest.mark.long
def test_the_truth_is_found_and_an_answer_without_two_stars_is_another():
    answer, log_evidence = exact(FOLDER)
    truth = json.loads((FOLDER / "truth.json").read_text())
    for name, (mean, sd) in answer.items():
        assert abs(truth[name] - mean) < 2.0 * sd, name
    without, fewer = exact(FOLDER, drop=("star05", "star09"))
    with pytest.raises(AssertionError, match="is off by"):
        assert_same_posterior(without, answer, dm=0.1)
    assert abs(fewer - log_evidence) > 10.0
