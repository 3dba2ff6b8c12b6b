"""The plots of what is made of phases: grid searches, sensitivity maps, comparisons, interpolations."""

from functools import partial
from pathlib import Path

from cavity.plot.comparison import plot_comparison
from cavity.plot.covariate import plot_covariate
from cavity.plot.grid import plot_grid
from cavity.plot.sensitivity import plot_sensitivity
from cavity.plot.style import try_save
from cavity.strategy.compare import ModelComparison
from cavity.strategy.grid_phase import PhaseGrid, plotted_arrays
from cavity.strategy.sensitivity_phase import PhaseSensitivity

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
