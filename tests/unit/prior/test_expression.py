"""Arithmetic over parameters."""

import json
import math
import operator

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from cavity.errors import ModelError
from cavity.prior import Comparison, Relation, UniformPrior, compile_expression, expression_from_dict, relation

A, B = UniformPrior(0.1, 1.0), UniformPrior(0.1, 1.0)
NAMES = {A: "a", B: "b"}
VALUES = {A: np.array([0.2, 0.5]), B: 0.7}

EXPRESSIONS = [
    (2 * A + B, lambda a, b: 2 * a + b),
    (np.float64(2.0) * A - 1 / B, lambda a, b: 2 * a - 1 / b),
    ((A / B) ** 2, lambda a, b: (a / b) ** 2),
    (2**A - B, lambda a, b: 2**a - b),
    (abs(-A) + +B, lambda a, b: a + b),
    (np.log(A) * np.exp(B), lambda a, b: np.log(a) * np.exp(b)),
    (np.hypot(A, 3.0), lambda a, b: np.hypot(a, 3.0)),
    (scipy.special.expit(A - B), lambda a, b: scipy.special.expit(a - b)),
    (np.maximum(A, np.array(0.4)), lambda a, b: np.maximum(a, 0.4)),
]


@pytest.mark.parametrize(("expression", "exact"), EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_every_form_gives_the_same_bits(expression, exact):
    expected = exact(VALUES[A], VALUES[B])
    stored = json.loads(json.dumps(expression.to_dict(NAMES.get)))
    again = expression_from_dict(stored, {"a": A, "b": B}.get)
    named = compile_expression(stored)({"a": VALUES[A], "b": VALUES[B]})
    assert np.array_equal(expression.evaluate(VALUES), expected)
    assert np.array_equal(again.evaluate(VALUES), expected)
    assert np.array_equal(named, expected)


@given(m=st.floats(-10, 10), c=st.floats(-10, 10), x=st.floats(-10, 10))
def test_a_line_is_a_line(m, c, x):
    slope, offset = UniformPrior(), UniformPrior()
    assert (slope * x + offset).evaluate({slope: m, offset: c}) == m * x + c


def test_variables_stand_in_the_order_of_first_appearance():
    assert (B * 2 + A * B).variables() == (B, A)


@pytest.mark.parametrize(
    ("compare", "op"), [(operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">=")]
)
def test_comparisons_hold_where_numbers_hold(compare, op):
    comparison = compare(A, B / 2)
    assert comparison.op == op
    assert np.array_equal(comparison.satisfied(VALUES), compare(VALUES[A], 0.35))
    again = expression_from_dict(json.loads(json.dumps(comparison.to_dict(NAMES.get))), {"a": A, "b": B}.get)
    assert isinstance(again, Comparison) and again.op == op
    assert np.array_equal(again.satisfied(VALUES), comparison.satisfied(VALUES))


def test_numbers_may_stand_left():
    assert (0.4 < A).satisfied(VALUES).tolist() == [False, True]
    assert (np.float64(0.4) < A).satisfied(VALUES).tolist() == [False, True]


def test_nan_satisfies_nothing():
    assert not (np.log(A) < 0.0).satisfied({A: -1.0})
    assert not (np.log(A) >= 0.0).satisfied({A: -1.0})


def test_equality_stays_identity():
    assert A == A and A != B
    assert {A: 1}[A] == 1


def test_a_chained_comparison_is_refused():
    with pytest.raises(ModelError, match="two assertions"):
        assert 0.0 < A < 1.0


def test_substitution_folds_numbers():
    line = A * 2.0 + B
    assert line.substituted({A: 3.0, B: 1.0}) == 7.0
    assert line.substituted({A: 3.0}).variables() == (B,)
    assert line.substituted({A: B}).evaluate({B: 2.0}) == 6.0
    assert (A < 1.0).substituted({A: 3.0}) is False


def test_formulas_read_as_written():
    assert (A * 2.0 + B).described(NAMES.get) == "(a * 2.0) + b"
    assert np.log(A + B).described(NAMES.get) == "log(a + b)"
    assert (A > 5).described(NAMES.get) == "a > 5.0"


def test_augmented_assignment_makes_a_new_expression():
    total = A
    total += 1.0
    assert isinstance(total, Relation) and total.evaluate({A: 2.0}) == 3.0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: A * np.array([1.0, 2.0]),
        lambda: np.add.reduce(np.array([A, B]), out=None) and np.modf(A),
        lambda: np.log(A, out=np.zeros(1)),
    ],
)
def test_what_is_no_scalar_relation_is_refused(wrong):
    with pytest.raises(ModelError):
        wrong()


def test_text_is_no_operand():
    with pytest.raises(TypeError):
        A + "1"


def test_a_ufunc_that_cannot_be_stored_is_refused():
    with pytest.raises(ModelError, match="could not be stored|not a ufunc"):
        np.frompyfunc(math.lgamma, 1, 1)(A)


def test_an_unknown_ufunc_has_the_nearest():
    with pytest.raises(ModelError, match="logg is not a ufunc.*did you mean"):
        relation("logg", A)
