"""The normaliser of a truncated Gaussian: values in both tails, derivatives."""

import numpy as np
import pytest
from scipy.special import ndtr

from cavity.propagate.truncation import log_normaliser, log_normaliser_derivatives

LIMITS = [(-1.0, 2.0), (-np.inf, 2.0), (-1.0, np.inf), (-np.inf, np.inf), (9.0, 9.5)]


@pytest.mark.parametrize("lower, upper", LIMITS[:4])
def test_value(lower, upper):
    expected = np.log(ndtr((upper - 0.3) / 1.2) - ndtr((lower - 0.3) / 1.2))
    assert log_normaliser(0.3, np.log(1.2), lower, upper) == pytest.approx(expected, abs=1e-14)


def test_far_tails_are_mirror_images():
    right, left = log_normaliser(0.0, 0.0, 30.0, 31.0), log_normaliser(0.0, 0.0, -31.0, -30.0)
    assert np.isfinite(right)
    assert right == pytest.approx(left, rel=1e-14)


@pytest.mark.parametrize("lower, upper", LIMITS)
def test_derivatives(lower, upper):
    x, h = np.array([0.3, 0.2]), 1e-3
    gradient, hessian = log_normaliser_derivatives(x[0], x[1], lower, upper)
    for j in range(2):
        step = h * np.eye(2)[j]
        points = [x + k * step for k in (-2, -1, 1, 2)]
        a, b, c, d = (log_normaliser(*point, lower, upper) for point in points)
        assert gradient[j] == pytest.approx((a - 8 * b + 8 * c - d) / (12 * h), rel=1e-8, abs=1e-10)
        a, b, c, d = (log_normaliser_derivatives(*point, lower, upper)[0] for point in points)
        assert np.allclose(hessian[j], (a - 8 * b + 8 * c - d) / (12 * h), rtol=1e-8, atol=1e-9)
