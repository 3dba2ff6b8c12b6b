"""Each misuse is one typed sentence: what was wrong, where, what to do."""

import numpy as np
import pytest

import cavity as cv
from cavity.errors import CavityError, ConfigError, GraphError, ModelError, PriorError, ResultError, SearchError


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre, self.normalization, self.sigma = centre, normalization, sigma


class Analysis(cv.Analysis):
    def log_likelihood_function(self, instance):
        return -0.5 * instance.centre**2


def gaussian(**arguments):
    free = {"centre": cv.UniformPrior(0.0, 1.0), "normalization": 1.0, "sigma": cv.UniformPrior(0.0, 2.0)}
    return cv.Model(Gaussian, **{**free, **arguments})


def a_prior_on_no_argument():
    gaussian(sigm=cv.UniformPrior(0.0, 1.0))


def a_prior_set_on_no_argument():
    gaussian().intensity = cv.UniformPrior(0.0, 1.0)


def a_part_that_does_not_exist():
    _ = cv.Collection(gaussian=gaussian()).gausian


def limits_in_the_wrong_order():
    cv.UniformPrior(lower_limit=2.0, upper_limit=1.0)


def truncation_in_the_wrong_order():
    cv.GaussianPrior(mean=0.0, sigma=1.0, lower_limit=3.0, upper_limit=-3.0)


def a_zero_limit_of_a_log_uniform_prior():
    cv.LogUniformPrior(lower_limit=0.0, upper_limit=1e2)


def a_relation_that_is_not_finite():
    model = cv.Collection(gaussian=gaussian())
    model.gaussian.sigma = np.log(model.gaussian.centre - 1.0)
    model.instance_from_vector([0.5])


def the_same_in_a_fit():
    model = gaussian()
    model.sigma = 1.0 / (model.centre - model.centre)
    cv.Laplace().fit(model=model, analysis=Analysis(), progress=False)


def an_assertion_on_another_model():
    one, other = gaussian(), gaussian()
    one.add_assertion(one.sigma > other.sigma)
    cv.Laplace().fit(model=one, analysis=Analysis())


def an_assertion_across_a_graph_on_a_model_that_is_not_in_it():
    models = [gaussian() for _ in range(3)]
    graph = cv.FactorGraphModel(*(cv.AnalysisFactor(model, Analysis()) for model in models[:2]))
    model = graph.global_prior_model
    model.add_assertion(models[0].sigma < models[2].sigma)
    cv.Laplace().fit(model=model, analysis=graph)


def an_assertion_that_is_never_true():
    model = gaussian()
    model.add_assertion(model.sigma > 5.0)
    cv.Laplace().fit(model=model, analysis=Analysis())


def an_assertion_that_is_no_comparison():
    model = gaussian()
    model.add_assertion(model.sigma)


def an_argument_without_a_prior():
    cv.Laplace().fit(model=cv.Model(Gaussian, centre=cv.UniformPrior(0.0, 1.0)), analysis=Analysis())


def a_drawn_variable_outside_a_graph():
    parent = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=1.0)
    cv.Laplace().fit(model=gaussian(centre=parent.drawn_variable()), analysis=Analysis())


def a_hyperparameter_that_the_parent_does_not_have():
    cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sgima=cv.HalfNormalPrior(1.0))


def a_setting_that_the_search_does_not_have():
    cv.DynestyStatic(nliv=50)


def a_default_prior_of_no_type():
    cv.default_priors({"Gaussian": {"centre": {"type": "Unifrm", "lower_limit": 0.0, "upper_limit": 1.0}}})


def stored():
    cv.Laplace(name="gaussian", n_draws=50).fit(model=cv.Collection(gaussian=gaussian()), analysis=Summed())
    return cv.Aggregator.from_directory("output")


class Summed(cv.Analysis):
    def log_likelihood_function(self, instance):
        return -0.5 * (instance.gaussian.centre + instance.gaussian.sigma) ** 2


def a_query_on_an_unknown_parameter():
    aggregator = stored()
    aggregator.query(aggregator.gaussian.sgma > 3.0)


def a_query_on_an_unknown_component():
    aggregator = stored()
    aggregator.query(aggregator.gausian == Gaussian)


def a_query_with_and():
    aggregator = stored()
    aggregator.query((aggregator.gaussian.sigma > 3.0) and (aggregator.gaussian.sigma < 4.0))


def values_of_an_unknown_name():
    stored().values("sampels")


MISUSES = [
    (a_prior_on_no_argument, ModelError, "Gaussian has no argument sigm; did you mean sigma?"),
    (a_prior_set_on_no_argument, ModelError, "no argument intensity; its arguments are centre, normalization, sigma"),
    (a_part_that_does_not_exist, ModelError, "Collection has no part gausian; did you mean gaussian?"),
    (limits_in_the_wrong_order, PriorError, "UniformPrior .*lower_limit < upper_limit, got 2.0 and 1.0"),
    (truncation_in_the_wrong_order, PriorError, "GaussianPrior .*lower_limit < upper_limit, got 3.0 and -3.0"),
    (a_zero_limit_of_a_log_uniform_prior, PriorError, "lower_limit must be above 0, got 0.0"),
    (a_relation_that_is_not_finite, ModelError, r"relation gaussian.sigma = log.* is nan at gaussian.centre=0.5"),
    (the_same_in_a_fit, CavityError, r"relation sigma = .* is (inf|nan) at centre="),
    (an_assertion_on_another_model, ModelError, "the assertion sigma > .* uses a parameter that the model does not"),
    (an_assertion_across_a_graph_on_a_model_that_is_not_in_it, ModelError, r"assertion 0.sigma < .* uses a parameter"),
    (an_assertion_that_is_never_true, ModelError, "the assertion sigma > 5.0 is never true"),
    (an_assertion_that_is_no_comparison, ModelError, "add_assertion takes a comparison of parameters"),
    (an_argument_without_a_prior, ModelError, "normalization has neither prior, value nor default prior"),
    (a_drawn_variable_outside_a_graph, ModelError, "fit it in a FactorGraphModel"),
    (a_hyperparameter_that_the_parent_does_not_have, GraphError, "no argument sgima; did you mean sigma?"),
    (a_setting_that_the_search_does_not_have, SearchError, "no such setting of DynestyStatic; did you mean nlive?"),
    (a_default_prior_of_no_type, ConfigError, r"Gaussian.centre: .*Unifrm.*did you mean UniformPrior\?$"),
    (a_query_on_an_unknown_parameter, ResultError, "attribute gaussian.sgma; did you mean gaussian.sigma?"),
    (a_query_on_an_unknown_component, ResultError, "no fit has a component gausian; did you mean gaussian?"),
    (a_query_with_and, ResultError, "joins conditions with & and |"),
    (values_of_an_unknown_name, ResultError, "fits have no sampels; did you mean samples?"),
]


@pytest.mark.parametrize(("misuse", "kind", "sentence"), MISUSES, ids=[misuse.__name__ for misuse, *_ in MISUSES])
def test_a_misuse_is_one_typed_sentence(misuse, kind, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=sentence) as caught:
        misuse()
    said = str(caught.value)
    assert "\n" not in said and len(said) < 400 and not said.endswith(".")


def test_what_is_no_misuse_is_not_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    aggregator = stored()
    assert len(aggregator.query(aggregator.gaussian.sigma < 3.0)) == 1
    model = gaussian()
    model.add_assertion(model.sigma > 0.5)
    assert cv.Laplace(n_draws=50).fit(model=model, analysis=Analysis()).samples.values[:, 1].min() > 0.0
