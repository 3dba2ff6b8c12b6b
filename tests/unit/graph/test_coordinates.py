"""Coordinates above the datasets: shared parameters with their priors, drawn ones with what they hang on."""

import pytest

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import coordinates_of, name_shared, with_groups


def study(mean=5.0):
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=3.0)

    @cv.plate("patient")
    def patient(key):
        return cv.Collection(rate=population.drawn_variable())

    namespace = {"omega": cv.HalfNormalPrior(1.0), "population": population, "patient": patient}
    return with_groups(name_shared(namespace), {"patient": ("a",)}), patient


def test_a_groups_parameter_hangs_on_its_parent():
    names, _ = study(mean=cv.GaussianPrior(0.0, 1.0))
    coordinates = coordinates_of(names)
    law = dict(zip(coordinates.names, coordinates.laws))["patient.a.rate"]
    assert law["mean"] == {"variable": "population.mean"} and law["sigma"] == 3.0
    assert law["family"] == "GaussianPrior" and law["lower"] is None


def test_a_family_without_a_closed_form_is_refused_above_the_datasets():
    population = cv.HierarchicalFactor(cv.BetaPrior, alpha=2.0, beta=3.0)
    patient = cv.plate("patient")(lambda key: cv.Collection(rate=population.drawn_variable()))
    names = with_groups(name_shared({"population": population, "patient": patient}), {"patient": ("a",)})
    with pytest.raises(GraphError, match="patient.a.rate is drawn from a BetaPrior"):
        coordinates_of(names)


def test_who_owns_a_parameter():
    names, _ = study()
    assert coordinates_of(names).groups == {"patient.a.rate": "patient.a"}


def test_expressions_become_plain_data():
    names, patient = study()
    form = coordinates_of(names).form(2.0 * patient("a").rate)
    assert form["ufunc"] == "multiply" and {"variable": "patient.a.rate"} in form["args"]


def test_a_parameter_without_a_name_is_refused():
    names, _ = study()
    with pytest.raises(GraphError, match="without a name"):
        coordinates_of(names).form(cv.UniformPrior(0.0, 1.0))
