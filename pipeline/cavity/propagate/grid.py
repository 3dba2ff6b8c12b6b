"""Quadrature over one or two global parameters: for densities with several modes."""

from typing import NamedTuple

import numpy as np

from cavity.errors import PropagationError
from cavity.message.pareto import effective_sample_size, log_sum_exp
from cavity.propagate.exact import ExactPass

TICKS = {1: 2001, 2: 161}
SCAN_TICKS = {1: 4001, 2: 241}
WIDTH = 6.0  # prior sds that the first grid reaches
NEGLIGIBLE = 25.0  # log density below the maximum that a grid may leave out
MODE_DEPTH = 5.0
ZOOMS = 4


class Mode(NamedTuple):
    """A local maximum of the product of the prior and all sites."""

    phi: np.ndarray  # [D]
    log_density: float


def _evaluate(target, axes):
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    return grid, target(grid.reshape(-1, len(axes))).reshape(grid.shape[:-1])


def _axes(low, high, ticks):
    return [np.linspace(a, b, ticks) for a, b in zip(low, high)]


def _first_box(space):
    mean, covariance = space.start()
    sd = np.sqrt(np.diag(covariance))
    return mean - WIDTH * sd, mean + WIDTH * sd


def grid_pass(space, bank, box=None):
    """The posterior of one or two global parameters on a dense grid.

    Parameters
    ----------
    space, bank
        The global space (D = 1 or 2) and its sites.
    box
        (low [D], high [D]) that holds all the mass; 6 prior sds if not given. The grid zooms into it.

    Returns
    -------
    ExactPass
        Its draws are grid points, its weights the density; ``log_evidence_error`` is the change on halving the grid.

    Raises
    ------
    PropagationError
        For more than two global parameters, or a density that is zero on the grid.
    """
    D = space.dimension
    if D not in TICKS:
        raise PropagationError(f"a grid is for one or two global parameters, this fit has {D}: use the exact pass")
    low, high = _first_box(space) if box is None else (np.asarray(box[0], float), np.asarray(box[1], float))
    for zoom in range(ZOOMS):
        axes = _axes(low, high, TICKS[D])
        grid, log_density = _evaluate(bank.log_density, axes)
        if zoom == 1:  # the grid is where the mass is
            bank = bank.calibrated(grid.reshape(-1, D)[np.argmax(log_density)])
        if not np.isfinite(log_density.max()):
            raise PropagationError("the posterior is zero on the whole grid: look at the priors")
        kept = log_density > log_density.max() - NEGLIGIBLE
        width, new_low, new_high = high - low, np.empty(D), np.empty(D)
        for i in range(D):
            used = np.flatnonzero(kept.any(tuple(k for k in range(D) if k != i)))
            new_low[i] = axes[i][max(used[0] - 1, 0)]
            new_high[i] = axes[i][min(used[-1] + 1, len(axes[i]) - 1)]
        if zoom == ZOOMS - 1 or (new_high - new_low > 0.7 * width).all():
            break
        low, high = new_low, new_high
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    log_w = log_density + np.log(cell)
    for i in range(D):  # the trapezium rule halves the ends
        for end in (0, -1):
            log_w[(slice(None),) * i + (end,)] -= np.log(2)
    log_evidence = float(log_sum_exp(log_w.reshape(-1)))
    coarse = log_w[(slice(None, None, 2),) * D]
    error = abs(float(log_sum_exp(coarse.reshape(-1))) + D * np.log(2) - log_evidence)
    kept = log_w > log_w.max() - NEGLIGIBLE - 5
    weights = log_w[kept] - log_sum_exp(log_w[kept])
    return ExactPass(grid[kept], weights, log_evidence, error, -1.0, float(effective_sample_size(weights)), "grid")


def modes(space, bank, depth=MODE_DEPTH, box=None):
    """Local maxima of prior times all sites within e^-depth of the highest, the highest first.

    Parameters
    ----------
    space, bank
        The global space (D = 1 or 2) and sites that hold over the whole prior.
    depth
        In log density.
    box
        As for :func:`grid_pass`.

    Returns
    -------
    list[Mode]
        More than one: a Gaussian q would lock onto one of them and look healthy.
    """
    D = space.dimension
    if D not in SCAN_TICKS:
        raise PropagationError(f"modes are counted for one or two global parameters, this fit has {D}")
    low, high = _first_box(space) if box is None else box
    grid, log_density = _evaluate(bank.log_density, _axes(low, high, SCAN_TICKS[D]))
    highest = np.ones(log_density.shape, bool)
    padded = np.pad(log_density, 1, constant_values=-np.inf)
    centre = (slice(1, -1),) * D
    for shift in np.ndindex(*(3,) * D):
        if any(step != 1 for step in shift):
            moved = padded[tuple(slice(step, step + n) for step, n in zip(shift, log_density.shape))]
            later = shift > (1,) * D  # of a plateau, one point
            highest &= (padded[centre] > moved) if later else (padded[centre] >= moved)
    highest &= np.isfinite(log_density) & (log_density > log_density.max() - depth)
    found = [Mode(phi, float(value)) for phi, value in zip(grid[highest], log_density[highest])]
    return sorted(found, key=lambda mode: -mode.log_density)
