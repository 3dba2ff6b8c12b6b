"""Climbs to a mode: where derivatives are cheap by a trust region, where each costs likelihood calls by damped steps.

Two, because they spend calls differently: :func:`climb` asks for a value before it asks for derivatives, which saves
derivatives; :func:`find_mode` gets the value with the differences around it, in one batch of calls.
"""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.differences import both_ways, derivatives, slopes, stencil
from cavity.numerics.normal import symmetric
from cavity.numerics.types import Array


class Climb(NamedTuple):
    """Where :func:`climb` ended."""

    x: Annotated[Array, "D"]
    covariance: Annotated[Array, "D D"]  # minus the Hessian's inverse there, its eigenvalues made positive
    converged: bool
    iterations: int
    value: float


class Mode(NamedTuple):
    """Where a density is largest."""

    z: Annotated[Array, "D"]
    value: float  # the log density there
    precision: Annotated[Array, "D D"]  # minus its Hessian
    converged: bool


def climb(
    value: Callable[[Array], float],
    derivatives: Callable[[Array], tuple[Array, Array]],
    x: Annotated[Array, "D"],
    covariance: Annotated[Array, "D D"],
    iterations: int = 40,
    tolerance: float = 1e-3,
) -> Climb:
    """The nearest mode by a trust-region Newton (Nocedal & Wright 2006, chapter 4), step lengths scaled in eigenspace.

    Parameters
    ----------
    value, derivatives
        x [D] -> the log density, and its gradient [D] and Hessian [D, D].
    x, covariance
        Where to start, and the scale of the first steps.
    iterations, tolerance
        At most so many; fewer once a step is below the tolerance in sds.
    """
    covariance = np.asarray(covariance, float)
    metric = np.sqrt(np.diag(covariance))
    radius, height = 2.0, value(x)
    converged, count = False, 0
    while count < iterations:
        count += 1
        gradient, hessian = derivatives(x)
        curvature = -symmetric(hessian) * np.outer(metric, metric)
        eigenvalues, vectors = np.linalg.eigh(curvature)
        positive = np.maximum(np.abs(eigenvalues), 1e-8 * np.abs(eigenvalues).max() + 1e-12)
        along = vectors.T @ (gradient * metric)
        covariance = np.outer(metric, metric) * ((vectors / positive) @ vectors.T)
        accepted = False
        for _ in range(25):
            lengths = along / positive
            size = np.linalg.norm(lengths)
            lengths = lengths * min(1.0, radius / max(size, 1e-300))
            proposal = x + metric * (vectors @ lengths)
            expected = along @ lengths - 0.5 * lengths @ (eigenvalues * lengths)
            new = value(proposal)
            gain = (new - height) / max(expected, 1e-300)
            if np.isfinite(new) and (gain > 1e-4 or abs(expected) < 1e-10 * max(1.0, abs(height))):
                accepted = True
                break
            radius = 0.5 * min(radius, size)
        if not accepted:
            break
        if gain > 0.75 and size > 0.9 * radius:
            radius = min(2 * radius, 10.0)
        x, height = proposal, max(new, height) if gain <= 0 else new
        if np.abs(lengths * np.sqrt(positive)).max() < tolerance and size <= radius:
            converged = True
            break
    return Climb(x, symmetric(covariance), converged, count, height)


def find_mode(
    log_density: Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q"]],
    z: Annotated[Array, "D"],
    max_iterations: int = 12,
    tolerance: float = 0.03,
    gradient: Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q D"]] | None = None,
) -> Mode:
    """Climb from z to the nearest mode by damped Newton steps (Levenberg 1944), many points in one call.

    Parameters
    ----------
    log_density
        Log likelihood plus log prior; -inf is allowed.
    z
        Start, with a finite value.
    tolerance
        Stop when a step is shorter than this, in standard deviations of the mode.
    gradient
        Of the log density; by finite differences without.
    """
    steps = np.full(len(z), 0.05)
    damping, best = 1e-3, None
    for _ in range(max_iterations):
        for _ in range(7):
            here = _expand(log_density, gradient, z, steps)
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


def _expand(log_density, gradient, z, steps):
    """Value, gradient [D] and Hessian [D, D] at z: from gradients where there are, else from values.

    None where a value nearby, or the gradients and a value nearby, are not finite.
    """
    if gradient is not None:
        value = float(log_density(z[None])[0])
        found = gradient(np.vstack([z, *both_ways(z, steps)]))
        if np.isfinite(value) and np.isfinite(found).all():
            hessian = slopes(found[1:].reshape(2, len(z), len(z)), steps[:, None])
            return value, found[0], 0.5 * (hessian + hessian.T)
    values = log_density(z + stencil(len(z)) * steps)
    return (float(values[0]), *derivatives(values, steps)) if np.isfinite(values).all() else None


def covariance_of(precision: Annotated[Array, "D D"], floor: float = 0.5) -> Annotated[Array, "D D"]:
    """The inverse of a precision whose eigenvalues are held above ``floor`` (the prior's own is 1)."""
    curvature, axes = np.linalg.eigh(precision)
    return (axes / np.maximum(curvature, floor)) @ axes.T
