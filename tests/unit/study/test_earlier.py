"""Chains: who sees whom, and that a chain's last posterior is that of a single fit."""

from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.strategy.linear import Point, PointAnalysis

import cavity as cv
from cavity.config.models import StudyConfig
from cavity.errors import StudyError
from cavity.graph import name_shared
from cavity.posterior.phase import PhaseResult
from cavity.study.earlier import previous_of

SEARCH = cv.Laplace(n_draws=4000)


class TwoPoints(PointAnalysis):
    """The data are the sum of both components' points: degenerate one by one, unimodal together with their priors."""

    def log_likelihood_function(self, instance):
        parts = list(instance)
        return super().log_likelihood_function(Point(sum(p.x for p in parts), sum(p.y for p in parts)))


def left_model():
    return cv.Model(Point, x=cv.GaussianPrior(3.0, 1.0), y=cv.GaussianPrior(0.0, 1.0))


class Chain:
    """A study with phases left -> both, without files."""

    def __init__(self, passed="within", phases=("left", "both")):
        self.passed = passed
        self.config = StudyConfig(phases=[{"name": name} for name in phases])
        self.shared_names = name_shared({})
        self.seen = []

    def factor(self, phase, dataset, previous=None):
        self.seen.append((phase, dataset, tuple(previous)))
        if phase == "left":
            model = cv.Collection(left=left_model())
        else:
            left = previous["left"]
            left = left.model_within(8.0) if self.passed == "within" else left.model_with(factor=1.0)
            model = cv.Collection(left=left.left, right=cv.Model(Point, x=cv.GaussianPrior(0.0, 0.5), y=0.0))
        return cv.AnalysisFactor(model, TwoPoints((3.5, 0.7), (0.4, 0.4)))


def fit(factor, search=SEARCH):
    return search.fit(factor.prior_model, factor.analysis)


def chained(passed):
    study = Chain(passed)
    first = fit(study.factor("left", "d01", {})).samples
    results = {"left": PhaseResult(study="s", phase="left", inference="independent", locals={"d01": first})}
    return study, fit(study.factor("both", "d01", previous_of(study, "both", "d01", results))).samples


def single():
    model = cv.Collection(left=left_model(), right=cv.Model(Point, x=cv.GaussianPrior(0.0, 0.5), y=0.0))
    return SEARCH.fit(model, TwoPoints((3.5, 0.7), (0.4, 0.4))).samples


def test_a_chains_last_posterior_is_that_of_a_single_fit():
    (_, last), whole = chained("within"), single()
    assert last.names == whole.names
    assert np.abs((last.mean - whole.mean) / whole.sd).max() < 0.06
    assert last.sd == pytest.approx(whole.sd, rel=0.05)


def test_the_same_check_fails_where_the_data_count_twice():
    (_, last), whole = chained("gaussian"), single()
    assert np.abs(last.sd / whole.sd - 1.0).max() > 0.1


def test_an_earlier_factor_is_composed_with_what_it_saw_itself():
    study = Chain(phases=("first", "left", "both"))
    samples = cv.Samples(names=("left.x", "left.y"), values=np.random.default_rng(0).normal(size=(10, 2)))
    done = {
        name: PhaseResult(study="s", phase=name, inference="independent", locals={"d01": samples})
        for name in ("first", "left")
    }
    previous = previous_of(study, "both", "d01", done)
    assert list(previous) == ["first", "left"] and not study.seen, "nothing is composed before it is asked for"
    assert previous["left"].model.left.x.mean == pytest.approx(samples.mean[0])
    assert study.seen == [("left", "d01", ("first",))]


def test_an_unknown_phase_is_one_sentence_with_the_nearest():
    study = Chain()
    samples = cv.Samples(names=("left.x", "left.y"), values=np.ones((2, 2)))
    results = {"left": PhaseResult(study="s", phase="left", inference="independent", locals={"d01": samples})}
    previous = previous_of(study, "both", "d01", results)
    with pytest.raises(StudyError, match="phase both sees no earlier phase lefft; did you mean left?"):
        previous["lefft"]
    with pytest.raises(StudyError, match="phase left sees no earlier phase both; it sees none"):
        previous_of(study, "left", "d01", {})["both"]


def test_a_result_that_is_not_there_yet_is_one_sentence():
    with pytest.raises(StudyError, match="phase both comes after left, which has no result yet"):
        previous_of(Chain(), "both", "d01", {})


def test_after_names_the_phases_that_are_seen():
    config = StudyConfig(phases=[{"name": "a"}, {"name": "b"}, {"name": "c", "after": ["a"]}])
    study = SimpleNamespace(config=config, shared_names=name_shared({}), factor=None)
    samples = cv.Samples(names=("x",), values=np.ones((2, 1)))
    results = {n: PhaseResult(study="s", phase=n, inference="independent", locals={"d": samples}) for n in ("a", "b")}
    assert list(previous_of(study, "c", "d", results)) == ["a"]
