"""Differences against polynomials of the order at which they are exact."""

import numpy as np
import pytest

from cavity.numerics.differences import (
    both_ways,
    central_difference,
    curvatures,
    derivatives,
    mixed,
    slopes,
    stencil,
)

PRECISION = np.array([[4.0, 1.0, 0.0], [1.0, 30.0, -2.0], [0.0, -2.0, 900.0]])


def quadratic(z):
    return -0.5 * np.einsum("...i,ij,...j->...", z, PRECISION, z)


def test_a_quartic_is_differentiated_exactly_and_a_sixth_power_is_not():
    x = np.array([[-1.0, 0.3], [0.7, 2.0]])
    first, second = central_difference(lambda x: x**4, x, 0.1)
    assert first == pytest.approx(4 * x**3) and second == pytest.approx(12 * x**2)
    assert central_difference(lambda x: x**6, x, 0.1)[0] != pytest.approx(6 * x**5, rel=1e-5)


def test_slopes_of_a_map_at_many_points():
    z, steps = np.array([[0.3, -0.9, 0.2], [0.1, 0.0, 0.5]]), np.array([0.1, 0.05, 0.01])
    moved = both_ways(z, steps)
    assert moved.shape == (2, 2, 3, 3) and moved[1, 0, 2] == pytest.approx([0.3, -0.9, 0.19])
    assert slopes(quadratic(moved), steps) == pytest.approx(-z @ PRECISION)
    assert both_ways(z[0], 0.1)[0] == pytest.approx(z[0] + 0.1 * np.eye(3))


def test_second_derivatives_along_an_axis_and_across_two():
    z, steps = np.array([0.3, -0.9, 0.2]), np.array([0.1, 0.05, 0.01])
    up, down = quadratic(both_ways(z, steps))
    assert curvatures(up, quadratic(z), down, steps) == pytest.approx(-np.diag(PRECISION))
    corners = [z + np.array([a * 0.1, b * 0.05, 0.0]) for a in (1, -1) for b in (1, -1)]
    assert mixed(quadratic(np.array(corners)), 0.1, 0.05) == pytest.approx(-PRECISION[0, 1])


def test_derivatives_of_a_quadratic_on_the_stencil_are_exact():
    z, steps = np.array([0.3, -0.9, 0.25]), np.array([0.1, 0.05, 0.01])
    gradient, hessian = derivatives(quadratic(z + stencil(3) * steps), steps)
    assert gradient == pytest.approx(-PRECISION @ z)
    assert hessian == pytest.approx(-PRECISION, abs=1e-8)
