import numpy as np
import pytest

from cavity.numerics.newton import climb, covariance_of, find_mode

PRECISION = np.array([[4.0, 1.0, 0.0], [1.0, 30.0, -2.0], [0.0, -2.0, 900.0]])
CENTRE = np.array([0.5, -1.0, 0.2])


def quadratic(z):
    away = z - CENTRE
    return -0.5 * np.einsum("ni,ij,nj->n", away, PRECISION, away)


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


def curved(z):
    """A density with a curved ridge, its gradient and its Hessian; the mode is at (1, 1)."""
    x, y = z
    a, b = 1 - x, y - x * x
    gradient = np.array([2 * a + 40 * b * x, -20 * b])
    hessian = np.array([[-2 + 40 * (b - 2 * x * x), 40 * x], [40 * x, -20.0]])
    return -a * a - 10 * b * b, gradient, hessian


def test_a_ridge_is_climbed_to_its_mode_with_the_curvature_there():
    found = climb(lambda z: curved(z)[0], lambda z: curved(z)[1:], np.array([-1.2, 1.0]), np.eye(2))
    assert found.converged and found.x == pytest.approx([1.0, 1.0], abs=1e-5)
    assert found.value == pytest.approx(0.0, abs=1e-9)
    assert found.covariance == pytest.approx(np.linalg.inv(-curved([1.0, 1.0])[2]), rel=1e-3)


def test_one_step_is_not_yet_the_mode():
    found = climb(lambda z: curved(z)[0], lambda z: curved(z)[1:], np.array([-1.2, 1.0]), np.eye(2), iterations=1)
    assert not found.converged and found.iterations == 1 and np.abs(found.x - 1.0).max() > 0.1


def test_a_gaussian_takes_one_step_whatever_the_first_scale():
    for scale in (0.1, 1.0):
        found = climb(
            lambda z: float(quadratic(z[None])[0]),
            lambda z: (-(z - CENTRE) @ PRECISION, -PRECISION),
            np.zeros(3),
            scale * np.eye(3),
        )
        assert found.converged and found.x == pytest.approx(CENTRE, abs=1e-9)
        assert np.linalg.inv(PRECISION) == pytest.approx(found.covariance)
