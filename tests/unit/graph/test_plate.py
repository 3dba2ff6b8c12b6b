"""Groups: one model a key, names by plate, key and path."""

import pytest

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import name_shared, with_groups

population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 1.0), sigma=cv.HalfNormalPrior(1.0))


def patients():
    @cv.plate("patient")
    def patient(key):
        return cv.Collection(rate=population.drawn_variable(), scale=cv.UniformPrior(0.0, 1.0))

    return patient


def test_a_group_is_made_once():
    patient = patients()
    assert patient("a") is patient("a") and patient("a") is not patient("b")


def test_parameters_are_named_by_plate_key_and_path():
    names = with_groups(name_shared({"population": population, "patient": patients()}), {"patient": ("a", "b")})
    assert list(names.priors.values())[2:] == ["patient.a.rate", "patient.a.scale", "patient.b.rate", "patient.b.scale"]


def test_a_column_that_the_table_lacks_is_named():
    with pytest.raises(GraphError, match="no column patient"):
        with_groups(name_shared({"population": population, "patient": patients()}), {"field": ("a",)})


def test_a_graph_finds_the_plates_of_its_groups_and_names_them_as_a_study_does():
    patient, unused = patients(), patients()
    unused("a")
    models = [cv.Model(cv.ex.Gaussian, centre=patient(key).rate) for key in ("b", "b", "a")]
    made = [cv.AnalysisFactor(model, cv.Analysis()) for model in models]
    graph = cv.FactorGraphModel(*made)
    assert [name for name in graph.shared_names.values() if "patient" in name] == ["patient.b.rate", "patient.a.rate"]
    assert graph.shared.plates == (patient,)
    other = cv.FactorGraphModel(cv.AnalysisFactor(cv.Model(cv.ex.Gaussian), cv.Analysis()))
    assert other.shared.plates == ()


def test_a_group_must_return_a_model():
    with pytest.raises(GraphError, match="return a Model"):
        cv.plate("patient")(lambda key: None)("a")


def test_a_group_without_a_key_is_refused():
    group = cv.plate("patient")(lambda key: cv.Collection(rate=cv.GaussianPrior(0.0, 1.0)))
    with pytest.raises(GraphError, match="plate patient: a dataset has no patient; write one into the table"):
        group("")
