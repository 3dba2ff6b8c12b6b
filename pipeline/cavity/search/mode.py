"""The mode of a density by Newton steps from finite differences, many points in one call of the density."""

from typing import NamedTuple

import numpy as np


class Mode(NamedTuple):
    """Where a density is largest: ``z`` (D,), the log density there, and the precision (D, D), minus its Hessian."""

    z: np.ndarray
    value: float
    precision: np.ndarray
    converged: bool


def stencil(n_dim):
    """Offsets (M, D) in units of the step: the centre, the axes both ways, the diagonal of every pair."""
    eye = np.eye(n_dim)
    rows = [np.zeros(n_dim)]
    for axis in eye:
        rows += [axis, -axis]
    rows += [eye[i] + eye[j] for i in range(n_dim) for j in range(i)]
    return np.array(rows)


def derivatives(values, steps):
    """Gradient (D,) and Hessian (D, D) from the log density on the stencil (M,), step sizes (D,)."""
    n_dim = len(steps)
    up, down = values[1 : 2 * n_dim + 1 : 2], values[2 : 2 * n_dim + 1 : 2]
    gradient = (up - down) / (2.0 * steps)
    hessian = np.diag((up + down - 2.0 * values[0]) / steps**2)
    pairs = [(i, j) for i in range(n_dim) for j in range(i)]
    for (i, j), corner in zip(pairs, values[2 * n_dim + 1 :], strict=True):
        hessian[i, j] = hessian[j, i] = (corner - up[i] - up[j] + values[0]) / (steps[i] * steps[j])
    return gradient, hessian


def find_mode(log_density, z, max_iterations=12, tolerance=0.03):
    """Climb from z to the nearest mode.

    Parameters
    ----------
    log_density
        (n, D) -> (n,), log likelihood plus log prior; -inf is allowed.
    z
        Start, (D,), with a finite value.
    tolerance
        Stop when a step is shorter than this, in standard deviations of the mode.

    Returns
    -------
    Mode
    """
    n_dim = len(z)
    offsets = stencil(n_dim)
    steps = np.full(n_dim, 0.05)
    damping, best = 1e-3, None
    for _ in range(max_iterations):
        values = log_density(z + offsets * steps)
        for _ in range(6):
            if np.isfinite(values).all():
                break
            steps = 0.25 * steps
            values = log_density(z + offsets * steps)
        else:
            break
        if best is not None and values[0] <= best[0] - 1e-9 * abs(best[0]):
            damping = max(damping, 0.1) * 8.0
        else:
            gradient, hessian = derivatives(values, steps)
            best = values[0], z, gradient, hessian
            damping *= 0.1
        value, centre, gradient, hessian = best
        curvature, axes = np.linalg.eigh(-hessian)
        curvature = np.maximum(np.abs(curvature), 0.3)
        move = axes @ (axes.T @ gradient / (curvature * (1.0 + damping)))
        if damping < 1.0 and np.sqrt(np.sum((axes.T @ move) ** 2 * curvature)) < tolerance:
            return Mode(centre, float(value), -hessian, True)
        length = np.linalg.norm(move)
        z = centre + move * min(1.0, 2.0 / max(length, 1e-12))
        widths = 1.0 / np.sqrt(np.maximum(np.diag(-hessian), 0.3))
        steps = np.clip(0.2 * widths, 1e-6, 0.2)
    if best is None:
        return Mode(z, float(log_density(z[None])[0]), np.eye(n_dim), False)
    return Mode(best[1], float(best[0]), -best[3], False)


def covariance_of(precision, floor=0.5):
    """The inverse (D, D) of a precision whose eigenvalues are held above ``floor`` (the prior's own is 1)."""
    curvature, axes = np.linalg.eigh(precision)
    return (axes / np.maximum(curvature, floor)) @ axes.T
