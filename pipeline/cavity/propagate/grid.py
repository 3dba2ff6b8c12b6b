"""Quadrature over one or two global parameters: for densities with several modes."""

from typing import Annotated

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp
from cavity.propagate.bank import SiteBank
from cavity.propagate.exact import ExactPass
from cavity.propagate.transform import GlobalSpace

TICKS = {1: 2001, 2: 161}
WIDTH = 6.0  # prior sds that the first grid reaches
NEGLIGIBLE = 25.0  # log density below the maximum that a grid may leave out
ZOOMS = 4


def _evaluate(target, axes):
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    return grid, target(grid.reshape(-1, len(axes))).reshape(grid.shape[:-1])


def _axes(low, high, ticks):
    return [np.linspace(a, b, ticks) for a, b in zip(low, high)]


def _first_box(space):
    mean, covariance = space.start()
    sd = np.sqrt(np.diag(covariance))
    return mean - WIDTH * sd, mean + WIDTH * sd


def grid_pass(
    space: GlobalSpace, bank: SiteBank, box: tuple[Annotated[Array, "D"], Annotated[Array, "D"]] | None = None
) -> ExactPass:
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
