import numpy as np
import pytest

from cavity.numerics.newton import covariance_of, derivatives, find_mode, stencil

PRECISION = np.array([[4.0, 1.0, 0.0], [1.0, 30.0, -2.0], [0.0, -2.0, 900.0]])
CENTRE = np.array([0.5, -1.0, 0.2])


def quadratic(z):
    away = z - CENTRE
    return -0.5 * np.einsum("ni,ij,nj->n", away, PRECISION, away)


def test_derivatives_of_a_quadratic_are_exact():
    steps = np.array([0.1, 0.05, 0.01])
    z = np.array([0.3, -0.9, 0.25])
    gradient, hessian = derivatives(quadratic(z + stencil(3) * steps), steps)
    assert gradient == pytest.approx(-PRECISION @ (z - CENTRE))
    assert hessian == pytest.approx(-PRECISION, abs=1e-8)


def test_the_mode_of_a_gaussian_and_its_precision_are_found():
    mode = find_mode(quadratic, np.zeros(3))
    assert mode.converged
    assert mode.z == pytest.approx(CENTRE, abs=1e-3)
    assert mode.precision == pytest.approx(PRECISION, rel=1e-3, abs=1e-2)
    assert np.linalg.inv(PRECISION) == pytest.approx(covariance_of(mode.precision), abs=1e-3)


def test_a_curved_valley_is_descended():
    def banana(z):
        return -0.5 * ((z[:, 0] / 2.0) ** 2 + ((z[:, 1] - z[:, 0] ** 2 / 2.0) / 0.1) ** 2)

    mode = find_mode(banana, np.array([1.5, 0.0]), max_iterations=60)
    assert mode.z == pytest.approx([0.0, 0.0], abs=0.1)


def test_a_cliff_near_the_start_is_stepped_around():
    def cut(z):
        return np.where(z[:, 0] > -0.01, quadratic(np.column_stack([z, np.full(len(z), 0.2)])), -np.inf)

    mode = find_mode(cut, np.array([0.0, 0.0]), max_iterations=30)
    assert mode.z == pytest.approx(CENTRE[:2], abs=0.01)


def test_eigenvalues_below_the_prior_s_are_held():
    assert covariance_of(np.diag([-3.0, 4.0]), floor=0.5) == pytest.approx(np.diag([2.0, 0.25]))


def test_gradients_give_the_same_mode_in_fewer_points():
    points = {"values": 0, "gradients": 0}

    def counted(name, function):
        def call(z):
            points[name] += len(z)
            return function(z)

        return call

    plain = find_mode(counted("values", quadratic), np.zeros(3))
    without = points["values"]
    points["values"] = 0

    def slope(z):
        return -(z - CENTRE) @ PRECISION

    found = find_mode(counted("values", quadratic), np.zeros(3), gradient=counted("gradients", slope))
    assert found.converged and found.z == pytest.approx(plain.z, abs=1e-6)
    assert found.precision == pytest.approx(PRECISION, rel=1e-6, abs=1e-6)
    assert points["values"] + points["gradients"] < without


def test_a_gradient_that_is_no_number_is_replaced_by_differences():
    mode = find_mode(quadratic, np.zeros(3), gradient=lambda z: np.full(z.shape, np.nan))
    assert mode.converged and mode.z == pytest.approx(CENTRE, abs=1e-3)
