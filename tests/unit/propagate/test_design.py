"""Designs and surrogates for shared parameters."""

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.numerics.weights import log_sum_exp
from cavity.propagate.design import (
    SharedDesign,
    axial_design,
    cross_offsets,
    feature_gradient,
    feature_hessian,
    features,
    fit_surrogate,
    monomials,
    transport,
    with_cross_terms,
)


@pytest.mark.parametrize("kind, points, terms", [("axial", 12, 9), ("quad", 18, 12), ("chebyshev", 42, 27)])
def test_sizes(kind, points, terms):
    offsets, exponents, v_max = axial_design(3, kind)
    assert offsets.shape == (points, 3) and exponents.shape == (terms, 3) and v_max >= 3.5
    assert np.linalg.matrix_rank(features(offsets, exponents)) == terms


def test_an_unknown_design_is_an_error():
    with pytest.raises(PropagationError, match="axial, quad or chebyshev, got full"):
        axial_design(2, "full")


def test_derivatives_of_the_monomials():
    exponents, v, h = monomials(3, 4), np.array([0.3, -0.7, 1.1]), 1e-5
    for j in range(3):
        step = h * np.eye(3)[j]
        slope = (features(v + step, exponents) - features(v - step, exponents)) / (2 * h)
        assert np.allclose(feature_gradient(v, exponents)[:, j], slope, atol=1e-8)
        bend = (feature_gradient(v + step, exponents) - feature_gradient(v - step, exponents)) / (2 * h)
        assert np.allclose(feature_hessian(v, exponents)[:, :, j], bend, atol=1e-8)


def test_whitening_and_points():
    covariance = np.array([[2.0, 0.6], [0.6, 1.0]])
    design = SharedDesign.around([1.0, -1.0], covariance, 1).with_transport([[0.5, -0.5]])
    psi = design.psi(np.eye(2))
    assert np.allclose((psi - design.psi0) @ design.whitener.T, np.eye(2))
    theta, psi = design.points(np.zeros((3, 1)))[0]
    assert np.allclose(theta, -3.2 * 0.5) and np.allclose(psi, design.psi(design.offsets[0]))


def quadratic(theta, psi, matrix):
    x = np.concatenate([theta, psi], -1)
    return -0.5 * np.einsum("ni,ij,nj->n", x, matrix, x)


def test_transport_is_the_degeneracy_of_a_quadratic():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4))
    matrix = root @ root.T + np.eye(4)
    design = SharedDesign.around(np.zeros(2), np.diag([0.5, 2.0]), 2)
    tau = np.array([0.7, 1.3])
    expected = np.linalg.solve(matrix[:2, :2] + np.diag(1 / tau**2), -matrix[:2, 2:] @ np.linalg.inv(design.whitener))
    for hessian in (None, -matrix[:2, :2]):
        found = transport(lambda t, p: quadratic(t, p, matrix), np.zeros(2), tau, design, np.full(2, 0.3), hessian)
        assert np.allclose(found, expected, atol=1e-6)


def test_transport_gives_up_where_the_likelihood_vanishes():
    design = SharedDesign.around(np.zeros(1), np.eye(1), 1)
    assert not transport(lambda t, p: np.full(len(t), -np.inf), [0.0], [1.0], design, [1.0]).any()


def test_a_polynomial_is_found_exactly_and_its_error_is_zero():
    design = SharedDesign.around(np.zeros(2), np.eye(2), 1, "quad")
    truth = 0.01 * np.random.default_rng(1).normal(size=(6, len(design.exponents)))
    change = truth @ features(design.offsets, design.exponents).T
    found, error = fit_surrogate(design, change, np.zeros(6))
    assert np.allclose(found, truth) and error < 1e-8


def test_the_error_is_that_of_points_left_out():
    design = SharedDesign.around(np.zeros(1), np.eye(1), 1)
    _, error = fit_surrogate(design, np.abs(design.offsets).T * 5.0, np.zeros(1))
    assert error > 1.0
    coefficients, _ = fit_surrogate(design, np.array([[-np.inf, 0.0, 0.0, -1.0]]), np.zeros(1))
    assert np.isfinite(coefficients).all()


def test_cross_terms_make_a_quadratic_exact_in_any_frame():
    rng = np.random.default_rng(3)
    root = rng.normal(size=(3, 3))
    bend = -root @ root.T

    def log_l(v):
        return 0.5 * np.einsum("ki,ij,kj->k", v, bend, v) + v @ [0.3, -0.2, 0.5]

    design = SharedDesign.around(np.zeros(3), np.eye(3), 0)
    coefficients, _ = fit_surrogate(design, np.tile(log_l(design.offsets), (4, 1)), np.zeros(4))
    v = rng.normal(size=(20, 3))
    assert np.abs(features(v, design.exponents) @ coefficients[0] - log_l(v)).max() > 0.1  # the axes alone are not
    crossed, coefficients, error = with_cross_terms(design, coefficients, np.zeros(4), log_l(cross_offsets(3))[None])
    assert error < 1e-9
    assert np.allclose(features(v, crossed.exponents) @ coefficients.T, log_l(v)[:, None])


def test_the_products_make_the_average_likelihood_right_where_particles_differ():
    rng = np.random.default_rng(4)
    pull = 0.4 * rng.normal(size=(60, 2))

    def change(v):  # two noises that trade off: no sum over the axes
        scale = np.exp(0.2 * v[:, 0]) ** 2 + np.exp(0.3 * v[:, 1]) ** 2
        return (-3.0 / scale - 3.0 * np.log(scale)) + pull @ v.T

    def together(values):
        return log_sum_exp(values, axis=0)

    design = SharedDesign.around(np.zeros(2), np.eye(2), 0)
    start = change(np.zeros((1, 2)))
    coefficients, _ = fit_surrogate(design, change(design.offsets) - start, np.zeros(60))
    v = 1.2 * rng.normal(size=(200, 2))
    truth = together(change(v) - start)
    alone = together(coefficients @ features(v, design.exponents).T)
    crossed, coefficients, error = with_cross_terms(
        design, coefficients, np.zeros(60), change(cross_offsets(2)) - start
    )
    fitted = together(coefficients @ features(v, crossed.exponents).T)
    assert np.sqrt(np.mean((fitted - truth) ** 2)) < 0.1 < np.sqrt(np.mean((alone - truth) ** 2))
    assert error < 0.1


def test_a_particle_of_the_tail_bends_no_polynomial():
    design = SharedDesign.around(np.zeros(2), np.eye(2), 0)
    change = np.zeros((3, len(design.offsets)))
    change[2] = 600.0 * (np.abs(design.offsets).max(1) > 2)  # a misfit that more noise of either kind would forgive
    log_w = np.array([0.0, 0.0, -1000.0])
    coefficients, _ = fit_surrogate(design, change, log_w)
    corner = features(np.full((1, 2), 3.5), design.exponents)[0]
    assert (log_w + coefficients @ corner)[2] < -900
