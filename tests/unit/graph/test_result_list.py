"""Joint samples split by factor."""

import numpy as np

import cavity as cv
from cavity.graph.result_list import split_by_factor
from cavity.posterior import Samples


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
    results = split_by_factor(graph, Samples(names=names, values=values), model)
    assert [r.samples.names for r in results] == [("a", "b"), ("a", "b")]
    assert np.array_equal(results[0].samples["a"], results[1].samples["a"])
    assert np.array_equal(results[1].samples["b"], values[:, names.index("1.b")])
