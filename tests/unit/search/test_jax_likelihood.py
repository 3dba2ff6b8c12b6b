import os
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

import cavity as cv
from cavity.errors import AnalysisError
from cavity.search import jax_likelihood as module
from cavity.search.model_problem import model_problem

X = np.arange(50.0)


class Bump:
    def __init__(self, centre=0.0, height=1.0, width=1.0):
        self.centre, self.height, self.width = centre, height, width

    def model_data_from(self, x):
        return self.height * jnp.exp(-0.5 * ((x - self.centre) / self.width) ** 2)


class Plain(cv.Analysis):
    """The same likelihood without JAX."""

    def __init__(self, data, noise_map):
        self.data, self.noise_map = data, noise_map

    def log_likelihood_function(self, instance):
        away = (self.data - np.asarray(instance.bump.model_data_from(X))) / self.noise_map
        return -0.5 * float(np.sum(away**2))


class Traced(Plain):
    use_jax = True

    def log_likelihood_function(self, instance):
        return -0.5 * jnp.sum(((self.data - instance.bump.model_data_from(X)) / self.noise_map) ** 2)


class Looks(Traced):
    """Asks for the values of its data, which a traced array has not got."""

    def log_likelihood_function(self, instance):
        if np.any(self.data > 1e6):
            return -jnp.inf
        return super().log_likelihood_function(instance)


def composed(**changes):
    bump = cv.Model(
        Bump,
        centre=cv.UniformPrior(10.0, 40.0),
        height=cv.LogUniformPrior(0.5, 20.0),
        width=cv.UniformPrior(1.0, 8.0),
    )
    for name, value in changes.items():
        setattr(bump, name, value)
    return cv.Collection(bump=bump)


def simulated(seed, centre=24.0):
    noise = np.full(50, 0.3)
    return np.asarray(Bump(centre, 5.0, 3.0).model_data_from(X)) + np.random.default_rng(seed).normal(0.0, noise), noise


def points(problem, n, seed=0):
    return problem.vectors(np.random.default_rng(seed).uniform(0.1, 0.9, (n, problem.ndim)))


@pytest.mark.parametrize("cls", [Traced, Looks])
def test_values_and_batches_are_those_of_the_plain_likelihood(cls):
    plain, traced = (model_problem(composed(), kind(*simulated(1))) for kind in (Plain, cls))
    vectors = points(plain, 37)
    expected = np.array([plain.log_likelihood(vector) for vector in vectors])
    assert traced.log_likelihood_batch(vectors) == pytest.approx(expected, rel=1e-12)
    assert [traced.log_likelihood(vector) for vector in vectors[:3]] == pytest.approx(expected[:3], rel=1e-12)


def test_gradients_are_those_of_differences():
    problem = model_problem(composed(), Traced(*simulated(1)))
    (vector,) = points(problem, 1)
    for axis, step in enumerate(1e-5 * np.eye(3)):
        up, down = problem.log_likelihood(vector + step), problem.log_likelihood(vector - step)
        assert problem.gradient(vector[None])[0, axis] == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_relations_between_parameters_are_traced():
    width = cv.UniformPrior(1.0, 4.0)
    model = composed(width=width, height=2.0 * np.exp(width / 4.0))
    plain, traced = (model_problem(model, kind(*simulated(1))) for kind in (Plain, Traced))
    vectors = points(plain, 5)
    assert traced.log_likelihood_batch(vectors) == pytest.approx([plain.log_likelihood(v) for v in vectors], rel=1e-12)
    assert traced.gradient(vectors).shape == (5, 2)


def test_datasets_of_equal_shapes_share_what_is_compiled_and_keep_their_own_data():
    module._COMPILED.clear()
    problems = [model_problem(composed(), Traced(*simulated(seed, 20.0 + seed))) for seed in range(4)]
    assert len(module._COMPILED) == 1
    vectors = points(problems[0], 4)
    for seed, problem in enumerate(problems):
        plain = model_problem(composed(), Plain(*simulated(seed, 20.0 + seed)))
        expected = [plain.log_likelihood(vector) for vector in vectors]
        assert problem.log_likelihood_batch(vectors) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "model, analysis",
    [
        (composed(width=2.0), Traced(*simulated(1))),
        (composed(width=3.0), Traced(*simulated(1))),
        (composed(), Looks(*simulated(1))),
        (composed(), Looks(*simulated(2))),
        (composed(), Traced(*(array[None] for array in simulated(1)))),
    ],
    ids=["fixed 2", "fixed 3", "constants 1", "constants 2", "another shape"],
)
def test_other_content_is_compiled_anew(model, analysis):
    module._COMPILED.clear()
    model_problem(composed(), Traced(*simulated(1)))
    before = set(module._COMPILED)
    model_problem(model, analysis)
    assert set(module._COMPILED) - before


def test_a_graph_is_one_batch_of_its_datasets():
    population = cv.HierarchicalFactor(
        cv.GaussianPrior, mean=cv.GaussianPrior(24.0, 5.0), sigma=cv.HalfNormalPrior(3.0), name="centre"
    )
    width = cv.UniformPrior(1.0, 8.0)

    def graph(kind):
        return cv.FactorGraphModel(
            *(
                cv.AnalysisFactor(
                    composed(centre=population.drawn_variable(), width=width), kind(*simulated(seed, 20.0 + seed))
                )
                for seed in range(5)
            )
        )

    plain, traced = (model_problem(g.global_prior_model, g) for g in (graph(Plain), graph(Traced)))
    assert traced.names == plain.names
    vectors = points(plain, 6)
    assert traced.log_likelihood_batch(vectors) == pytest.approx([plain.log_likelihood(v) for v in vectors], rel=1e-10)
    assert traced.gradient(vectors).shape == (6, plain.ndim)


@pytest.mark.parametrize("search", [cv.Laplace(), cv.LBFGS()], ids=["Laplace", "LBFGS"])
def test_searches_with_gradients_need_fewer_calls_for_the_same_answer(search):
    plain, traced = (search.fit(composed(), kind(*simulated(1)), progress=False) for kind in (Plain, Traced))
    width = 0.02 * np.array([1.0, 1.0, 1.0])
    at = "max_log_likelihood_vector" if isinstance(search, cv.LBFGS) else "mean"
    assert np.abs(getattr(traced.samples, at) - getattr(plain.samples, at)) == pytest.approx(0.0, abs=width.max())
    assert traced.samples.calls < plain.samples.calls


def test_a_likelihood_that_cannot_be_traced_is_one_sentence():
    class Numpy(Traced):
        def log_likelihood_function(self, instance):
            return -0.5 * np.sum((self.data - np.exp(instance.bump.height)) ** 2)

    with pytest.raises(AnalysisError, match="jax cannot trace Numpy.log_likelihood_function .*leave use_jax out"):
        model_problem(composed(), Numpy(*simulated(1)))


@pytest.mark.parametrize("value, what", [(None, "None"), (np.zeros(3), r"of shape \(3,\)")])
def test_what_is_no_number_is_one_sentence(value, what):
    class Wrong(Traced):
        def log_likelihood_function(self, instance):
            return None if value is None else jnp.asarray(value) * instance.bump.height

    with pytest.raises(AnalysisError, match=f"Wrong.log_likelihood_function is {what}, it must be one number"):
        model_problem(composed(), Wrong(*simulated(1)))


def test_without_jax_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "jax", None)
    with pytest.raises(AnalysisError, match="pip install 'cavity\\[jax\\]'"):
        model_problem(composed(), Traced(*simulated(1)))


def test_jax_is_imported_by_nobody_who_did_not_ask():
    code = (
        "import sys, cavity as cv\n"
        "class A(cv.Analysis):\n    def log_likelihood_function(self, instance): return -instance.centre**2\n"
        "cv.Laplace().fit(cv.Collection(centre=cv.UniformPrior(-1.0, 1.0)), A(), progress=False)\n"
        "assert 'jax' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
