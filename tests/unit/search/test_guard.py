import dataclasses
import logging
import math

import numpy as np
import pytest

from cavity.errors import LikelihoodError, SearchError
from cavity.search import FLOOR, Guard
from cavity.search.guard import PATIENCE

from ...statistics.search.problems import correlated_gaussian

VECTOR = np.array([0.25, -1.5])


def problem_returning(value, batched=False):
    def one(vector):
        if isinstance(value, (Exception, SystemExit)):
            raise value
        return value

    def many(vectors):
        if isinstance(value, (Exception, SystemExit)):
            raise value
        return np.full(len(vectors), value)

    problem = correlated_gaussian(2).problem
    return dataclasses.replace(problem, log_likelihood=one, log_likelihood_batch=many if batched else None)


@pytest.mark.parametrize("value", [-3.5, np.float64(-3.5), np.float32(-3.5), np.array(-3.5), -4])
def test_any_number_becomes_a_float(value):
    guarded = Guard(problem_returning(value))(VECTOR)
    assert type(float(guarded)) is float and guarded == float(value)


@pytest.mark.parametrize(
    "value, said",
    [
        (math.nan, "the likelihood is NaN at x0=0.25, x1=-1.5 (call 1)"),
        (math.inf, "the likelihood is +inf at x0=0.25, x1=-1.5 (call 1)"),
        (SystemExit(0), "the likelihood raised SystemExit: 0 at x0=0.25, x1=-1.5 (call 1)"),
        (ValueError("no light"), "the likelihood raised ValueError: no light at x0=0.25, x1=-1.5 (call 1)"),
        (None, "the likelihood is None, it must be a number at x0=0.25"),
        (np.zeros(3), "the likelihood has shape (3,), it must be one number at x0=0.25"),
        ("high", "the likelihood is a str, it must be one number at x0=0.25"),
    ],
)
def test_what_is_not_a_number_is_named_with_dataset_and_parameters(value, said):
    with pytest.raises(LikelihoodError) as caught:
        Guard(problem_returning(value))(VECTOR)
    assert str(caught.value).startswith(f"dataset d07: {said}")
    assert "\n" not in str(caught.value)


def test_the_cause_of_an_exception_is_kept():
    cause = ZeroDivisionError("float division by zero")
    with pytest.raises(LikelihoodError) as caught:
        Guard(problem_returning(cause))(VECTOR)
    assert caught.value.__cause__ is cause


@pytest.mark.parametrize("value", [math.nan, math.inf, ValueError("no light")])
def test_reject_turns_a_bad_point_into_minus_infinity_and_counts_it(value, caplog):
    guard = Guard(problem_returning(value), on_error="reject")
    with caplog.at_level(logging.WARNING):
        assert [guard(VECTOR) for _ in range(3)] == [-math.inf] * 3
    assert (guard.calls, guard.rejected) == (3, 3)
    assert len([record for record in caplog.records if "dataset d07" in record.getMessage()]) >= 1


@pytest.mark.parametrize("value", [None, np.zeros(2)])
def test_a_mistake_of_the_code_is_never_rejected(value):
    with pytest.raises(LikelihoodError):
        Guard(problem_returning(value), on_error="reject")(VECTOR)


def test_minus_infinity_is_a_value_and_no_rejection():
    guard = Guard(problem_returning(-math.inf))
    assert guard(VECTOR) == -math.inf
    assert guard.floored(VECTOR) == FLOOR
    assert guard.rejected == 0


def test_a_likelihood_that_is_never_finite_stops_the_run():
    guard = Guard(problem_returning(-math.inf))
    with pytest.raises(LikelihoodError, match=f"none of the first {PATIENCE:,} likelihood calls was finite"):
        for _ in range(PATIENCE + 1):
            guard(VECTOR)


def test_a_batch_is_one_call_of_the_user_and_n_of_the_count():
    problem = correlated_gaussian(2).problem
    vectors = np.random.default_rng(0).normal(size=(7, 2))
    sizes = []

    def many(vectors):
        sizes.append(len(vectors))
        return problem.log_likelihood_batch(vectors)

    guard = Guard(dataclasses.replace(problem, log_likelihood_batch=many))
    values = guard.batch(vectors)
    assert sizes == [7] and guard.calls == 7
    assert values == pytest.approx([problem.log_likelihood(vector) for vector in vectors])
    assert guard.best == values.max()
    assert guard.best_vector == pytest.approx(vectors[values.argmax()])


def test_without_a_batched_likelihood_a_batch_calls_one_by_one():
    problem = correlated_gaussian(2, batched=False).problem
    guard = Guard(problem)
    vectors = np.random.default_rng(0).normal(size=(5, 2))
    assert guard.batch(vectors) == pytest.approx([problem.log_likelihood(vector) for vector in vectors])
    assert guard.calls == 5


def test_a_bad_row_of_a_batch_is_named():
    def many(vectors):
        return np.where(vectors[:, 0] > 0.5, np.nan, -1.0)

    problem = dataclasses.replace(correlated_gaussian(2).problem, log_likelihood_batch=many)
    vectors = np.array([[0.1, 0.0], [0.9, 0.0]])
    with pytest.raises(LikelihoodError, match=r"d07: the likelihood is NaN at x0=0.9, x1=0 \(call 2\)"):
        Guard(problem).batch(vectors)
    guard = Guard(problem, on_error="reject")
    assert guard.batch(vectors).tolist() == [-1.0, -math.inf]
    assert guard.rejected == 1


@pytest.mark.parametrize("wrong", [lambda v: None, lambda v: np.zeros((len(v), 1)), lambda v: 0.0])
def test_a_batch_of_the_wrong_shape_is_refused(wrong):
    problem = dataclasses.replace(correlated_gaussian(2).problem, log_likelihood_batch=wrong)
    with pytest.raises(LikelihoodError, match="it must have shape"):
        Guard(problem, on_error="reject").batch(np.zeros((4, 2)))


def test_the_best_model_so_far_is_shown_at_the_interval():
    shown = []
    problem = dataclasses.replace(correlated_gaussian(2).problem, on_best=shown.append)
    guard = Guard(problem, interval=0.0)
    for x in (1.0, 0.3, 0.9):
        guard(np.array([x, 0.3]))
    assert [vector[0] for vector in shown] == [1.0, 0.3]


def test_on_error_is_checked():
    with pytest.raises(SearchError, match="raise or reject"):
        Guard(problem_returning(0.0), on_error="ignore")
