"""The base class of a user's analysis."""

import pytest

import cavity as cv
from cavity.errors import AnalysisError
from cavity.graph.analysis import can_draw


def test_an_analysis_without_a_likelihood_says_so():
    with pytest.raises(AnalysisError, match="log_likelihood_function"):
        cv.Analysis().log_likelihood_function(None)


def test_drawing_needs_data_noise_and_model():
    class Drawn(cv.Analysis):
        data = noise_map = 1.0

    assert not can_draw(Drawn())
    Drawn.model_data = lambda self, instance: 1.0
    assert can_draw(Drawn())
