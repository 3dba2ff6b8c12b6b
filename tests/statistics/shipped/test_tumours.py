"""The independent answer of config/tumours finds what was simulated, and notices data left out."""

import json
from pathlib import Path

import pytest

from tests.statistics.check import assert_same_posterior
from tests.statistics.shipped.tumours import exact

FOLDER = Path(__file__).parents[3] / "config" / "tumours"


@pytest.mark.long
def test_the_truth_is_found_and_an_answer_without_sequencing_is_another():
    answer, log_evidence = exact(FOLDER)
    truth = json.loads((FOLDER / "truth.json").read_text())
    assert len(answer) == 12
    for name, (mean, sd) in answer.items():
        assert abs(truth[name] - mean) < 3.0 * sd, name
    without, fewer = exact(FOLDER, drop=("mutant",))
    with pytest.raises(AssertionError, match="is off by"):
        assert_same_posterior(without, answer, dm=0.1)
    assert abs(fewer - log_evidence) > 10.0
