"""Derivatives that travel with values, against differences of the values."""

import numpy as np
import pytest
from scipy.special import expit

from cavity.propagate.taylor import Taylor, composed

POINT = np.array([0.7, 1.3])
FUNCTIONS = {
    "sum": lambda x, y: x + 2 * y - 3.0,
    "product": lambda x, y: x * y * 0.5,
    "quotient": lambda x, y: 2.0 / x + x / y - y / 4.0,
    "powers": lambda x, y: x**3 + 2.0**y + x**y,
    "functions": lambda x, y: np.exp(x) * np.log(y) + np.sqrt(x) - np.square(y) + np.reciprocal(x) + abs(-x),
    "of the table or not": lambda x, y: np.sin(x) + expit(y) + np.hypot(x, y) + np.arctan2(y, 1.0),
    "reversed": lambda x, y: 3.0 - x + np.logaddexp(x, y) + (-y),
}


def lifted(point, order=2):
    return [Taylor.variable(point[..., k], k, 2, 1.0, 0.0 if order == 2 else None) for k in range(2)]


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_two_derivatives(function):
    found, h = function(*lifted(POINT)), 1e-4
    assert found.value == pytest.approx(function(*POINT))
    for j in range(2):
        step = h * np.eye(2)[j]
        slope = (function(*(POINT + step)) - function(*(POINT - step))) / (2 * h)
        assert found.grad[j] == pytest.approx(slope, abs=1e-6)
        ahead, behind = (function(*lifted(POINT + s * step)).grad for s in (1, -1))
        assert found.hess[j] == pytest.approx((ahead - behind) / (2 * h), abs=1e-5)


def test_the_first_derivative_alone_is_the_same():
    function = FUNCTIONS["functions"]
    assert (function(*lifted(POINT, 1)).grad == function(*lifted(POINT)).grad).all()
    assert function(*lifted(POINT, 1)).hess is None


def test_points_can_be_stacked():
    points = np.random.default_rng(0).uniform(0.5, 2.0, (3, 4, 2))
    found = FUNCTIONS["quotient"](*lifted(points))
    one = FUNCTIONS["quotient"](*lifted(points[1, 2]))
    assert np.allclose(found.hess[1, 2], one.hess)


def test_a_function_of_three_arguments_one_of_them_a_number():
    x, y = lifted(POINT)
    found = composed(lambda a, b, c: a * b * np.exp(c), x, 2.0, y)
    exact = x * 2.0 * np.exp(y)
    assert np.allclose(found.grad, exact.grad, atol=1e-8) and np.allclose(found.hess, exact.hess, atol=1e-5)
