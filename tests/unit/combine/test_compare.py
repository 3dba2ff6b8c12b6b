"""Model comparison: differences, their errors, and what they do not decide."""

from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.strategy.linear import Point, PointAnalysis, flat_mass

import cavity as cv
from cavity.combine.compare import compare_models
from cavity.errors import ResultError
from cavity.posterior.phase import PhaseResult


def evidence(value, error=0.1, **more):
    return SimpleNamespace(log_evidence=value, log_evidence_error=error, **more)


def test_differences_and_errors_of_three_models():
    found = compare_models({"a": evidence(-10.0), "b": evidence(-7.0, 0.2), "c": evidence(-7.1, 0.3)})
    assert found.best == "b"
    assert found.differences.tolist() == pytest.approx([-3.0, 0.0, -0.1])
    assert found.difference_errors.tolist() == pytest.approx([np.hypot(0.1, 0.2), 0.0, np.hypot(0.2, 0.3)])
    odds = np.exp([-3.0, 0.0, -0.1])
    assert found.probabilities == pytest.approx(odds / odds.sum())
    assert [found.verdict(name) for name in "abc"] == ["disfavoured", "best", "undecided"]
    assert found.log_bayes_factor("b", "a") == (pytest.approx(3.0), pytest.approx(np.hypot(0.1, 0.2)))
    lines = found.table.splitlines()
    assert lines[2].startswith("b") and "undecided" in lines[3] and "disfavoured" in lines[4]
    assert found.summary()["models"]["c"]["verdict"] == "undecided"


def test_a_bayes_factor_within_its_error_is_refused():
    found = compare_models({"b": evidence(-7.0, 0.2), "c": evidence(-7.1, 0.3)})
    with pytest.raises(ResultError, match="b against c: the log evidence differs by 0.1, its error is 0.36; no Bayes"):
        found.log_bayes_factor("b", "c")
    unknown = compare_models({"b": evidence(-7.0, None), "c": evidence(-9.0)})
    with pytest.raises(ResultError, match="its error is not known"):
        unknown.log_bayes_factor("b", "c")
    assert unknown.verdict("c") == "undecided"
    with pytest.raises(ResultError, match="no model bb; did you mean b"):
        found.log_bayes_factor("bb", "c")


def test_a_known_bayes_factor_is_found():
    narrow = cv.Model(Point, x=cv.UniformPrior(-1.0, 1.0), y=0.0)
    wide = cv.Model(Point, x=cv.UniformPrior(-10.0, 10.0), y=0.0)
    analysis = PointAnalysis((0.1, 0.0), (0.2, 1.0))
    fits = {name: cv.Laplace(n_draws=4000).fit(model, analysis) for name, model in (("narrow", narrow), ("wide", wide))}
    exact = np.log(flat_mass(0.1, 0.2, -1.0, 1.0) / 2.0) - np.log(flat_mass(0.1, 0.2, -10.0, 10.0) / 20.0)
    difference, error = compare_models(fits).log_bayes_factor("narrow", "wide")
    assert difference == pytest.approx(exact, abs=max(5.0 * error, 1e-3)) and error < 0.05


def phase(name, evidences, inference="independent"):
    locals_ = {
        dataset: cv.Samples(names=("x",), values=np.ones((2, 1)), log_evidence=z, log_evidence_error=0.1)
        for dataset, z in evidences.items()
    }
    total = float(sum(evidences.values()))
    return PhaseResult(
        study="s", phase=name, inference=inference, locals=locals_, log_evidence=total, log_evidence_error=0.14
    )


def test_phases_are_compared_per_dataset_too():
    found = compare_models(
        {"one": phase("one", {"d1": -5.0, "d2": -4.0}), "two": phase("two", {"d1": -1.0, "d2": -3.95})}
    )
    assert found.best == "two" and found.differences.tolist() == pytest.approx([-4.05, 0.0])
    assert found.per_dataset["d1"].differences.tolist() == pytest.approx([-4.0, 0.0])
    assert found.per_dataset["d2"].verdict("one") == "undecided"
    d1, d2 = found.table.splitlines()[-2:]
    assert d1.split()[0] == "d1" and d1.split()[-1] == "two" and d2.split()[-1] == "undecided"
    together = compare_models({n: phase(n, {"d1": z}, "ep") for n, z in (("one", -1.0), ("two", -2.0))})
    assert not together.per_dataset, "the datasets of a hierarchical fit have no evidence of their own"


def test_what_cannot_be_compared_is_one_sentence():
    with pytest.raises(ResultError, match="at least two models, got 1"):
        compare_models({"a": evidence(1.0)})
    with pytest.raises(ResultError, match="b has no evidence; fit it with a nested search"):
        compare_models({"a": evidence(1.0), "b": evidence(None)})
    with pytest.raises(ResultError, match="two and one were not fitted to the same datasets: d2"):
        compare_models({"one": phase("one", {"d1": -5.0, "d2": -4.0}), "two": phase("two", {"d1": -1.0})})
