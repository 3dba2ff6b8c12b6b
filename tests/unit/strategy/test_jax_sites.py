"""Sites whose likelihood is written with JAX."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.unit.strategy.small import Effect

import cavity as cv


class Plain(cv.Analysis):
    def __init__(self, measured):
        self.measured = np.array([measured])

    def log_likelihood_function(self, instance):
        return -0.5 * float(np.sum((np.log(instance.effect) + instance.offset - self.measured) ** 2)) / 0.01


class Traced(Plain):
    use_jax = True

    def log_likelihood_function(self, instance):
        return -0.5 * jnp.sum((jnp.log(instance.effect) + instance.offset - self.measured) ** 2) / 0.01


def fitted(kind):
    population = cv.HierarchicalFactor(
        cv.LogGaussianPrior, mean=cv.GaussianPrior(0.0, 2.0), sigma=cv.HalfNormalPrior(1.0), name="population"
    )
    models = [cv.Model(Effect, effect=population.drawn_variable(), offset=cv.GaussianPrior(0, 0.1)) for _ in range(6)]
    measured = np.random.default_rng(1).normal(0.5, 0.4, 6)
    graph = cv.FactorGraphModel(
        *(cv.AnalysisFactor(m, kind(x), name=f"d{i}") for i, (m, x) in enumerate(zip(models, measured)))
    )
    return graph.optimise(cv.ExpectationPropagation(search=cv.Laplace(n_draws=512), n_draws=512, tolerance=0.1))


def test_the_answer_is_that_of_the_plain_likelihood():
    plain, traced = fitted(Plain), fitted(Traced)
    away = (traced.shared.mean - plain.shared.mean) / plain.shared.sd
    assert np.abs(away).max() < 0.1 and traced.shared.sd / plain.shared.sd == pytest.approx(1.0, abs=0.1)
    assert traced.log_evidence == pytest.approx(plain.log_evidence, abs=0.1)
