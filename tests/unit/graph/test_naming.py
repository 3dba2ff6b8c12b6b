"""Names of shared parameters come from the module's variables, by object identity."""

import pytest

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import name_shared, with_groups


def names_of(**namespace):
    return list(name_shared(namespace).priors.values())


def test_a_prior_has_the_name_of_its_variable_and_the_first_name_wins():
    centre = cv.GaussianPrior(50.0, 10.0)
    assert names_of(centre=centre, alias=centre) == ["centre"]


def test_two_equal_priors_are_two_parameters():
    assert names_of(a=cv.UniformPrior(0.0, 1.0), b=cv.UniformPrior(0.0, 1.0)) == ["a", "b"]


def test_items_of_lists_tuples_and_dicts_are_numbered_or_keyed():
    priors = [cv.UniformPrior(0.0, 1.0) for _ in range(3)]
    assert names_of(slopes=priors[:2], named={"x": priors[2]}) == ["slopes.0", "slopes.1", "named.x"]


def test_a_parents_hyperparameters_are_named_by_argument_unless_they_have_a_name():
    scale = cv.HalfNormalPrior(10.0)
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(50.0, 10.0), sigma=scale)
    assert names_of(population=population, scale=scale) == ["scale", "population.mean"]


def test_a_relation_is_derived_and_has_no_name():
    slope, intercept = cv.UniformPrior(0.0, 1.0), cv.UniformPrior(0.0, 1.0)
    assert names_of(slope=slope, intercept=intercept, line=slope * 2.0 + intercept) == ["slope", "intercept"]


def test_a_relation_of_an_anonymous_prior_is_refused():
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.UniformPrior(0.0, 1.0) * 2.0, sigma=1.0)
    with pytest.raises(GraphError, match="population.mean"):
        names_of(population=population)


def test_parameters_of_a_module_level_model_are_named_by_path():
    assert names_of(gaussian=cv.Model(cv.ex.Gaussian)) == [
        "gaussian.centre",
        "gaussian.normalization",
        "gaussian.sigma",
    ]


def test_a_drawn_variable_at_module_level_is_refused():
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=1.0)
    with pytest.raises(GraphError, match="theta"):
        names_of(population=population, theta=population.drawn_variable())


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
