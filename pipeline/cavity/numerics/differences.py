"""Central differences: where to evaluate, and the derivatives that the values give."""

from collections.abc import Callable
from typing import Annotated

import numpy as np

from cavity.numerics.types import Array


def central_difference(function: Callable, x: Array, step: Array | float) -> tuple[Array, Array]:
    """First and second derivative of an elementwise function at x, of any shape, to fourth order in the step.

    The five-point formulae of Abramowitz & Stegun (1964), section 25.3.
    """
    far, near, here, ahead, farther = (function(x + k * step) for k in (-2, -1, 0, 1, 2))
    first = (far - 8 * near + 8 * ahead - farther) / (12 * step)
    second = (-far + 16 * near - 30 * here + 16 * ahead - farther) / (12 * step * step)
    return first, second


def both_ways(z: Annotated[Array, "... D"], steps: Annotated[Array, "D"] | float) -> Annotated[Array, "2 ... D D"]:
    """z moved by its step along every axis: upwards in row 0, downwards in row 1."""
    z = np.asarray(z, float)
    offsets = np.broadcast_to(steps, z.shape[-1]) * np.eye(z.shape[-1])
    return np.stack([z[..., None, :] + offsets, z[..., None, :] - offsets])


def slopes(values: Annotated[Array, "2 ..."], steps: Array | float) -> Array:
    """First derivatives, to second order in the step, from the values at :func:`both_ways`."""
    return (values[0] - values[1]) / (2.0 * steps)


def curvatures(up: Array, here: Array | float, down: Array, steps: Array | float) -> Array:
    """Second derivatives along the axes, to second order in the step."""
    return (up + down - 2.0 * here) / steps**2


def mixed(corners: Annotated[Array, "... 4"], one: Array | float, other: Array | float) -> Array:
    """Mixed second derivatives from the values at (+, +), (+, -), (-, +), (-, -), to second order in the steps."""
    return (corners * np.array([1.0, -1.0, -1.0, 1.0])).sum(-1) / (4 * one * other)


def stencil(n_dim: int) -> Annotated[Array, "M D"]:
    """Offsets in steps: the centre, the axes both ways, the diagonal of every pair; M = 1 + D (D + 3) / 2."""
    eye = np.eye(n_dim)
    rows = [np.zeros(n_dim)]
    for axis in eye:
        rows += [axis, -axis]
    rows += [eye[i] + eye[j] for i in range(n_dim) for j in range(i)]
    return np.array(rows)


def derivatives(
    values: Annotated[Array, "M"], steps: Annotated[Array, "D"]
) -> tuple[Annotated[Array, "D"], Annotated[Array, "D D"]]:
    """Gradient and Hessian from the values on the stencil.

    To second order in the step, but for the mixed terms, which take one corner in place of four and are of first
    order: the fewest calls of a likelihood that give a Hessian.
    """
    n_dim = len(steps)
    up, down = values[1 : 2 * n_dim + 1 : 2], values[2 : 2 * n_dim + 1 : 2]
    hessian = np.diag(curvatures(up, values[0], down, steps))
    pairs = [(i, j) for i in range(n_dim) for j in range(i)]
    for (i, j), corner in zip(pairs, values[2 * n_dim + 1 :], strict=True):
        hessian[i, j] = hessian[j, i] = (corner - up[i] - up[j] + values[0]) / (steps[i] * steps[j])
    return slopes(np.stack([up, down]), steps), hessian
