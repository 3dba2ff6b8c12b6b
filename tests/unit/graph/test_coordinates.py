"""Coordinates above the datasets: shared parameters as they are, drawn ones by their prior predictive."""

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


def test_a_groups_parameter_has_the_width_of_its_predictive():
    names, _ = study()
    coordinates = coordinates_of(names)
    prior = dict(zip(coordinates.names, coordinates.priors))["patient.a.rate"]
    assert prior.mean == pytest.approx(5.0, abs=0.3) and prior.sigma == pytest.approx(3.0, rel=0.1)


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
