"""The plots of what is made of phases: grid searches, sensitivity maps, comparisons, interpolations."""

import math
from functools import partial
from pathlib import Path

import numpy as np

from cavity.combine.compare import ModelComparison
from cavity.grid.phase_cells import PhaseGrid, PhaseSensitivity
from cavity.numerics.weights import log_sum_exp
from cavity.plot.cell_maps import plot_grid, plot_sensitivity
from cavity.plot.combinations import plot_comparison, plot_covariate
from cavity.plot.style import try_save

MOST_FITS = 30  # datasets that get a figure of their own


def draw_part(made, folder):
    """Draw a part's plots into a folder, which is made; returns their paths. One that fails is a warning."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [path for name, plot in _figures(made) for path in try_save(folder / f"{name}.png", plot)]


def _figures(made):
    """(file name, function that returns the figure or its axes) of a part."""
    if isinstance(made, PhaseGrid):
        return [(fit, partial(_grid, fit, result)) for fit, result in list(made.fits.items())[:MOST_FITS]]
    if isinstance(made, PhaseSensitivity):
        return [(fit, partial(_map, fit, result, made.level)) for fit, result in list(made.fits.items())[:MOST_FITS]]
    if isinstance(made, ModelComparison):
        return [("comparison", partial(plot_comparison, made))]
    return [("curves", partial(plot_covariate, made))]


def _grid(fit, result):
    values, errors, edges, labels = plotted_arrays(result)
    ax = plot_grid(values, edges, labels, errors)
    ax.set_title(f"{fit}: {ax.get_title(loc='left')}", loc="left")
    return ax


def _map(fit, result, level):
    values, errors, truths = result.log_evidence_differences, result.log_evidence_difference_errors, result.truths
    for _ in result.axes[2:]:  # further axes: the middle of each
        middle = values.shape[2] // 2
        values, errors = values.take(middle, axis=2), errors.take(middle, axis=2)
    ax = plot_sensitivity(values, truths[:2], [axis.name for axis in result.axes[:2]], level, errors)
    shown = ax.get_title(loc="left")
    ax.set_title(f"{fit}: {shown}" if shown else fit, loc="left")
    return ax


def plotted_arrays(result):
    """(log evidence, errors, edges, labels) of a grid as the plot takes them: two axes, the others summed over."""
    axes, values, errors = result.axes[:2], result.log_share_values, result.log_evidence_errors
    if len(result.axes) <= 2:
        values = result.log_evidence_values
    else:
        values = log_sum_exp(values.reshape(*values.shape[:2], -1))
        errors = None
    return values, errors, [finite_edges(axis) for axis in axes], [axis.name for axis in axes]


def finite_edges(axis):
    """(n + 1,) borders of an axis's cells for a plot; an infinite cell is as wide as its neighbour."""
    if axis.fixed:
        values = np.array(axis.lower)
        if len(values) == 1:
            return np.array([values[0] - 0.5, values[0] + 0.5])
        middle = 0.5 * (values[1:] + values[:-1])
        return np.array([2 * values[0] - middle[0], *middle, 2 * values[-1] - middle[-1]])
    edges = np.array([*axis.lower, axis.upper[-1]])
    inner = edges[np.isfinite(edges)]
    width = inner[1] - inner[0] if len(inner) > 1 else 1.0
    if math.isinf(edges[0]):
        edges[0] = inner[0] - width
    if math.isinf(edges[-1]):
        edges[-1] = inner[-1] + (inner[-1] - inner[-2] if len(inner) > 1 else 1.0)
    return edges
