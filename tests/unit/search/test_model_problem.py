import os
import subprocess
import sys

import numpy as np
import pytest

import cavity as cv
from cavity.errors import AnalysisError, ModelError
from cavity.paths import FitPaths
from cavity.search.model_problem import inputs_identity, model_problem


class Line:
    def __init__(self, slope=0.0, offset=0.0):
        self.slope, self.offset = slope, offset


class LineAnalysis(cv.Analysis):
    def __init__(self, data):
        self.data = data
        self.drawn = []

    def log_likelihood_function(self, instance):
        return -0.5 * float(np.sum((self.data - instance.slope * np.arange(5.0) - instance.offset) ** 2))

    def visualize(self, paths, instance):
        self.drawn.append((paths, instance.slope))


FACTOR = 2.0


def helper(x):
    return FACTOR * x


class Reading(cv.Analysis):
    def log_likelihood_function(self, instance):
        return helper(instance.slope)


class BatchedAnalysis(LineAnalysis):
    def log_likelihood_batch(self, arrays):
        model = arrays["slope"][:, None] * np.arange(5.0) + arrays["offset"][:, None]
        return -0.5 * ((self.data - model) ** 2).sum(1)


@pytest.fixture
def model():
    return cv.Model(Line, slope=cv.UniformPrior(0.0, 2.0), offset=cv.GaussianPrior(0.0, 1.0))


def test_a_problem_says_what_the_model_and_the_analysis_say(model):
    analysis = LineAnalysis(np.ones(5))
    problem = model_problem(model, analysis, dataset="d01")
    vector = problem.prior_transform(np.array([0.25, 0.5]))
    assert problem.names == ("slope", "offset") and problem.dataset == "d01"
    assert vector == pytest.approx([0.5, 0.0])
    assert problem.log_likelihood(vector) == pytest.approx(analysis.log_likelihood_function(Line(0.5, 0.0)))
    assert problem.unit_from(vector) == pytest.approx([0.25, 0.5])
    assert problem.log_prior(vector) == pytest.approx(-np.log(2.0) - 0.5 * np.log(2.0 * np.pi))
    assert problem.log_likelihood_batch is None and problem.log_acceptance == 0.0


def test_a_batched_likelihood_gets_arrays_by_name(model):
    problem = model_problem(model, BatchedAnalysis(np.ones(5)))
    vectors = problem.vectors(np.random.default_rng(0).random((6, 2)))
    assert problem.log_likelihood_batch(vectors) == pytest.approx([problem.log_likelihood(v) for v in vectors])


@pytest.mark.parametrize("analysis", [LineAnalysis, BatchedAnalysis])
def test_assertions_cut_the_prior_and_say_how_much(model, analysis):
    model.add_assertion(model.slope > 1.5)
    problem = model_problem(model, analysis(np.ones(5)))
    assert problem.log_acceptance == pytest.approx(np.log(0.25), abs=5 * problem.log_acceptance_error)
    assert 0.0 < problem.log_acceptance_error < 0.02
    assert problem.log_likelihood(np.array([1.0, 0.0])) == -np.inf
    assert np.isfinite(problem.log_likelihood(np.array([1.6, 0.0])))
    if problem.log_likelihood_batch is not None:
        values = problem.log_likelihood_batch(np.array([[1.0, 0.0], [1.6, 0.0]]))
        assert np.isneginf(values[0]) and np.isfinite(values[1])


def test_assertions_that_never_hold_are_an_error(model):
    model.add_assertion(model.slope > 3.0)
    with pytest.raises(ModelError, match="never true"):
        model_problem(model, LineAnalysis(np.ones(5)))


def test_the_evidence_is_that_of_the_renormalised_prior(model):
    analysis = LineAnalysis(np.arange(5.0) * 1.8)
    model.add_assertion(model.slope > 1.5)
    narrow = cv.Model(Line, slope=cv.UniformPrior(1.5, 2.0), offset=cv.GaussianPrior(0.0, 1.0))
    search = cv.Laplace(n_draws=2048)
    one, other = (search.fit(m, analysis).samples for m in (model, narrow))
    assert one.log_evidence == pytest.approx(other.log_evidence, abs=0.05)
    assert one.mean == pytest.approx(other.mean, abs=0.05)


def test_the_same_check_fails_without_the_renormalisation(model):
    analysis = LineAnalysis(np.arange(5.0) * 1.8)
    narrow = cv.Model(Line, slope=cv.UniformPrior(1.5, 2.0), offset=cv.GaussianPrior(0.0, 1.0))
    one, other = (cv.Laplace(n_draws=2048).fit(m, analysis).samples for m in (model, narrow))
    assert abs(one.log_evidence - other.log_evidence) > 0.5


def test_identity_is_content(model):
    same = model_problem(model, LineAnalysis(np.ones(5))).identity
    assert model_problem(model, LineAnalysis(np.ones(5))).identity == same
    assert model_problem(model, LineAnalysis(np.zeros(5))).identity != same
    model.slope = cv.UniformPrior(0.0, 3.0)
    assert model_problem(model, LineAnalysis(np.ones(5))).identity != same


def test_the_order_of_parameters_and_the_links_between_them_are_content():
    first, second = cv.UniformPrior(0.0, 1.0), cv.UniformPrior(0.0, 1.0)
    models = [cv.Collection(a=first, b=second), cv.Collection(b=second, a=first), cv.Collection(a=first, b=first)]
    assert len({inputs_identity(model, LineAnalysis(np.ones(5))) for model in models}) == 3


def test_a_model_with_a_part_that_cannot_be_stored_has_an_identity_too():
    class Opaque:
        def __init__(self, secret):
            self._secret = secret

    def identity(secret, upper):
        first, second = cv.UniformPrior(0.0, 1.0), cv.UniformPrior(0.0, upper)
        return inputs_identity(cv.Collection(a=first, b=second, part=Opaque(secret)), LineAnalysis(np.ones(5)))

    assert identity(1, 2.0) == identity(1, 2.0)
    assert len({identity(1, 2.0), identity(2, 2.0), identity(1, 3.0)}) == 3


@pytest.mark.parametrize("read", ["FACTOR", "helper", "Line"])
def test_the_code_that_a_likelihood_reads_is_content(model, monkeypatch, read):
    before = inputs_identity(model, Reading())
    assert inputs_identity(model, Reading()) == before
    if read == "Line":
        monkeypatch.setattr(Line, "value", lambda self: 2.0, raising=False)
    else:
        monkeypatch.setitem(globals(), read, {"FACTOR": 3.0, "helper": lambda x: 2.0 * x}[read])
    assert inputs_identity(model, Reading()) != before


def test_identity_is_the_same_in_every_process():
    """The hash of texts differs from one process to the next; nothing may depend on it."""
    code = (
        "import cavity as cv, numpy as np; from cavity.search.model_problem import inputs_identity; "
        "print(inputs_identity(cv.Collection(g=cv.ex.Gaussian, e=cv.ex.Exponential), "
        "cv.ex.Analysis(np.ones(3), np.ones(3))))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] and len(runs[0].split()[-1]) == 64


def test_the_best_model_is_drawn_where_there_is_a_place(model, tmp_path):
    analysis = LineAnalysis(np.ones(5))
    assert model_problem(model, analysis).on_best is None
    paths = FitPaths(str(tmp_path))
    model_problem(model, analysis, paths=paths).on_best(np.array([0.5, 0.0]))
    assert analysis.drawn == [(paths, 0.5)]


def test_an_analysis_without_a_likelihood_is_named(model):
    with pytest.raises(AnalysisError, match="object has no log_likelihood_function"):
        model_problem(model, object())
