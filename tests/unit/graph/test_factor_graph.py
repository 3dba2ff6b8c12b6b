"""A graph's joint model: which parameters are one, names, prior of the hierarchy, likelihood, results."""

import numpy as np
import pytest
from scipy.stats import norm

import cavity as cv
from cavity.errors import GraphError
from cavity.posterior import Samples


class Constant:
    def __init__(self, level=0.0, offset=0.0):
        self.level, self.offset = level, offset


class Analysis(cv.Analysis):
    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * (self.y - instance.level - instance.offset) ** 2


def hierarchy(n=3, **hyper):
    parent = cv.HierarchicalFactor(
        cv.GaussianPrior, mean=cv.GaussianPrior(1.0, 2.0), sigma=cv.HalfNormalPrior(3.0), name="population"
    )
    factors = [
        cv.AnalysisFactor(
            cv.Model(Constant, level=parent.drawn_variable(**hyper), offset=cv.UniformPrior(0.0, 1.0)),
            Analysis(float(i)),
        )
        for i in range(n)
    ]
    return cv.FactorGraphModel(*factors)


def test_a_shared_prior_is_one_parameter_with_one_name():
    shared = cv.UniformPrior(0.0, 1.0)
    factors = [
        cv.AnalysisFactor(cv.Model(Constant, level=shared, offset=cv.UniformPrior(0.0, 1.0)), Analysis(0.0), name=n)
        for n in ("a", "b")
    ]
    compiled = cv.FactorGraphModel(*factors).global_prior_model.compile()
    assert set(compiled.names) == {"level", "a.offset", "b.offset"}


def test_the_prior_of_a_hierarchy_is_parent_times_hyperpriors():
    compiled = hierarchy().global_prior_model.compile()
    v = compiled.vector(np.random.default_rng(1).random(compiled.ndim))
    at = dict(zip(compiled.names, v))
    mean, sigma = at["population.mean"], at["population.sigma"]
    expected = norm.logpdf(mean, 1.0, 2.0) + np.log(2) + norm.logpdf(sigma, 0.0, 3.0)
    expected += sum(norm.logpdf(at[f"{i}.level"], mean, sigma) for i in range(3))
    assert compiled.log_prior(v) == pytest.approx(expected, rel=1e-12)


def test_the_unit_cube_and_back():
    compiled = hierarchy(lower_limit=0.0).global_prior_model.compile()
    u = np.random.default_rng(2).random(compiled.ndim)
    assert np.allclose(compiled.unit(compiled.vector(u)), u, atol=1e-10)


def test_limits_of_a_drawn_variable_truncate_its_parent():
    compiled = hierarchy(lower_limit=0.0).global_prior_model.compile()
    drawn = [name.endswith(".level") for name in compiled.names]
    cloud = np.array([compiled.vector(u) for u in np.random.default_rng(3).random((200, compiled.ndim))])
    assert cloud[:, drawn].min() >= 0.0


def test_the_likelihood_is_the_sum_of_the_factors():
    graph = hierarchy()
    compiled = graph.global_prior_model.compile()
    v = compiled.vector(np.full(compiled.ndim, 0.5))
    at = dict(zip(compiled.names, v))
    expected = sum(-0.5 * (i - at[f"{i}.level"] - at[f"{i}.offset"]) ** 2 for i in range(3))
    assert graph.log_likelihood_function(compiled.instance(v)) == pytest.approx(expected)


def test_two_factors_with_one_name_are_refused():
    model = cv.Model(Constant, level=cv.UniformPrior(0.0, 1.0), offset=0.0)
    with pytest.raises(GraphError, match="two factors are called x"):
        cv.FactorGraphModel(*(cv.AnalysisFactor(model, Analysis(0.0), name="x") for _ in range(2)))


def test_a_graph_needs_a_dataset():
    with pytest.raises(GraphError, match="at least one"):
        cv.FactorGraphModel()


def test_a_joint_fit_returns_one_result_a_factor():
    graph = hierarchy()
    results = cv.Laplace(n_draws=200).fit(model=graph.global_prior_model, analysis=graph, seed=3)
    assert len(results) == 3
    assert results[0].samples.names == ("level", "offset")
    assert results.samples.names == graph.global_prior_model.compile().names
    assert results[1].max_log_likelihood_instance.offset == results[1].samples.max_log_likelihood_vector[1]


class Batched(Analysis):
    def log_likelihood_batch(self, arrays):
        return -0.5 * (self.y - arrays["level"] - arrays["offset"]) ** 2


def shared_level(*kinds):
    level = cv.GaussianPrior(0.0, 2.0)
    models = [cv.Model(Constant, level=level, offset=cv.UniformPrior(0.0, 1.0)) for _ in kinds]
    return cv.FactorGraphModel(*(cv.AnalysisFactor(m, kind(2.0)) for m, kind in zip(models, kinds)))


def test_batches_of_all_factors_are_the_graph_s_batch():
    from cavity.search.model_problem import model_problem

    graph = shared_level(Batched, Batched, Batched)
    problem = model_problem(graph.global_prior_model, graph)
    vectors = problem.vectors(np.random.default_rng(1).random((5, problem.ndim)))
    assert problem.ndim == 4
    one_by_one = [problem.log_likelihood(vector) for vector in vectors]
    assert problem.log_likelihood_batch(vectors) == pytest.approx(one_by_one, rel=1e-12)


def test_a_factor_without_a_batch_leaves_the_graph_without():
    assert not hasattr(shared_level(Batched, Analysis), "log_likelihood_batch")


class Two:
    def __init__(self, a=0.0, b=0.0):
        self.a, self.b = a, b


class Flat(cv.Analysis):
    def log_likelihood_function(self, instance):
        return 0.0


def test_each_factor_gets_its_own_columns_and_the_shared_one():
    shared = cv.UniformPrior(0.0, 1.0)
    factors = [cv.AnalysisFactor(cv.Model(Two, a=shared, b=cv.UniformPrior(0.0, 1.0)), Flat()) for _ in range(2)]
    graph = cv.FactorGraphModel(*factors)
    model = graph.global_prior_model
    names = model.compile().names
    values = np.random.default_rng(0).random((5, 3))
    results = graph.make_result(Samples(names=names, values=values), model)
    assert [r.samples.names for r in results] == [("a", "b"), ("a", "b")]
    assert np.array_equal(results[0].samples["a"], results[1].samples["a"])
    assert np.array_equal(results[1].samples["b"], values[:, names.index("1.b")])
