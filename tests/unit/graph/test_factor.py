"""A factor pairs a model with an analysis and refuses anything else."""

import pytest

import cavity as cv
from cavity.errors import GraphError


def test_the_model_must_be_a_model():
    with pytest.raises(GraphError, match="prior_model must be a Model or a Collection"):
        cv.AnalysisFactor(prior_model=cv.UniformPrior(0.0, 1.0), analysis=cv.Analysis())


def test_the_analysis_must_have_a_likelihood():
    with pytest.raises(GraphError, match="log_likelihood_function"):
        cv.AnalysisFactor(prior_model=cv.Collection(), analysis=object())
