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


def expand(log_density, gradient, z, steps):
    """Value, gradient (D,) and Hessian (D, D) at z: from gradients where there are, else from values.

    None where a value nearby, or the gradients and a value nearby, are not finite.
    """
    if gradient is not None:
        value = float(log_density(z[None])[0])
        offsets = np.diag(steps)
        found = gradient(np.vstack([z, z + offsets, z - offsets]))
        if np.isfinite(value) and np.isfinite(found).all():
            hessian = (found[1 : 1 + len(z)] - found[1 + len(z) :]) / (2.0 * steps[:, None])
            return value, found[0], 0.5 * (hessian + hessian.T)
    values = log_density(z + stencil(len(z)) * steps)
    return (float(values[0]), *derivatives(values, steps)) if np.isfinite(values).all() else None


def find_mode(log_density, z, max_iterations=12, tolerance=0.03, gradient=None):
    """Climb from z to the nearest mode.

    Parameters
    ----------
    log_density
        (n, D) -> (n,), log likelihood plus log prior; -inf is allowed.
    z
        Start, (D,), with a finite value.
    tolerance
        Stop when a step is shorter than this, in standard deviations of the mode.
    gradient
        (n, D) -> (n, D), of the log density; by finite differences without.

    Returns
    -------
    Mode
    """
    steps = np.full(len(z), 0.05)
    damping, best = 1e-3, None
    for _ in range(max_iterations):
        for _ in range(7):
            here = expand(log_density, gradient, z, steps)
            if here is not None:
                break
            steps = 0.25 * steps
        else:
            break
        if best is not None and here[0] <= best[0] - 1e-9 * abs(best[0]):
            damping = max(damping, 0.1) * 8.0
        else:
            best, centre = here, z
            damping *= 0.1
        value, slope, hessian = best
        curvature, axes = np.linalg.eigh(-hessian)
        curvature = np.maximum(np.abs(curvature), 0.3)
        move = axes @ (axes.T @ slope / (curvature * (1.0 + damping)))
        if damping < 1.0 and np.sqrt(np.sum((axes.T @ move) ** 2 * curvature)) < tolerance:
            return Mode(centre, value, -hessian, True)
        length = np.linalg.norm(move)
        z = centre + move * min(1.0, 2.0 / max(length, 1e-12))
        widths = 1.0 / np.sqrt(np.maximum(np.diag(-hessian), 0.3))
        steps = np.clip(0.2 * widths, 1e-6, 0.2)
    if best is None:
        return Mode(z, float(log_density(z[None])[0]), np.eye(len(z)), False)
    return Mode(centre, best[0], -best[2], False)


def covariance_of(precision, floor=0.5):
    """The inverse (D, D) of a precision whose eigenvalues are held above ``floor`` (the prior's own is 1)."""
    curvature, axes = np.linalg.eigh(precision)
    return (axes / np.maximum(curvature, floor)) @ axes.T
