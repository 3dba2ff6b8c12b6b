"""True values for plots: what cannot be read is no truth, and costs no fit."""

import pytest

from cavity.study import Study
from cavity.study.truth import truth_of


@pytest.mark.parametrize(
    ("content", "truth"),
    [('{"population.mean": 1, "note": "simulated"}', {"population.mean": 1.0}), ("[]", {}), ("{", {}), ("3", {})],
)
def test_numbers_of_a_mapping_are_true_values(folder, content, truth):
    assert truth_of(Study.load(folder)) == {}
    (folder / "truth.json").write_text(content)
    assert truth_of(Study.load(folder)) == truth
