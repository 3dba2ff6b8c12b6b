"""A phase's context: views, and studies whose shared parameters are not those of their datasets."""

from dataclasses import replace

import pytest
from tests.unit.strategy.small import Effect, Measured, context

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import SharedNames
from cavity.strategy.phase_context import check_graph, models_of


def test_a_healthy_study_passes():
    c = context()
    check_graph(c, [c.view(d) for d in c.datasets])


def test_a_shared_parameter_that_no_dataset_uses_is_named():
    c = context()
    names = replace(c.names, priors={**c.names.priors, cv.UniformPrior(0.0, 1.0): "lonely"})
    with pytest.raises(GraphError, match="shared parameter lonely is used by no dataset"):
        check_graph(replace(c, names=names), [c.view(d) for d in c.datasets])


def test_nothing_shared_is_nothing_to_propagate():
    c = context(kind="local")
    with pytest.raises(GraphError, match="inference: independent"):
        check_graph(c, [c.view(d) for d in c.datasets])


def test_a_dataset_cannot_have_the_name_of_a_shared_parameter():
    c = context()
    views = [c.view("d0")]
    with pytest.raises(GraphError, match="dataset population"):
        check_graph(replace(c, datasets=("population",)), views)


def test_an_anonymous_shared_prior_is_found():
    prior = cv.UniformPrior(0.0, 1.0)
    c = replace(
        context(kind="local"),
        factor=lambda dataset: cv.AnalysisFactor(cv.Model(Effect, effect=prior, offset=0.0), Measured(0.0)),
        names=SharedNames({}, {}),
        _seen={},
    )
    c.view("d0")
    with pytest.raises(GraphError, match="the same prior as in dataset d0 but has no name"):
        c.view("d1")


def test_models_are_recorded_as_plain_data():
    assert set(models_of(context())) == {"d0", "d1", "d2", "d3"}
