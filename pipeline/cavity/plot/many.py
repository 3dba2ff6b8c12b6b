"""The plots of what is made of phases: grid searches, sensitivity maps, comparisons, interpolations."""

from pathlib import Path

from cavity.plot.comparison import plot_comparison
from cavity.plot.covariate import plot_covariate
from cavity.plot.grid import plot_grid
from cavity.plot.sensitivity import plot_sensitivity
from cavity.plot.style import save_figure
from cavity.strategy.compare import ModelComparison
from cavity.strategy.grid_phase import PhaseGrid, plotted_arrays
from cavity.strategy.sensitivity_phase import PhaseSensitivity

MOST_FITS = 30  # datasets that get a figure of their own


def draw_part(made, folder):
    """Draw a part's plots into a folder, which is made; returns their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(made, PhaseGrid):
        return [_grid(fit, result, folder) for fit, result in list(made.fits.items())[:MOST_FITS]]
    if isinstance(made, PhaseSensitivity):
        return [_map(fit, result, made.level, folder) for fit, result in list(made.fits.items())[:MOST_FITS]]
    if isinstance(made, ModelComparison):
        return [save_figure(plot_comparison(made), folder / "comparison.png")]
    return [save_figure(plot_covariate(made), folder / "curves.png")]


def _grid(fit, result, folder):
    values, errors, edges, labels = plotted_arrays(result)
    ax = plot_grid(values, edges, labels, errors)
    ax.set_title(f"{fit}: {ax.get_title(loc='left')}", loc="left")
    return save_figure(ax, folder / f"{fit}.png")


def _map(fit, result, level, folder):
    values, errors, truths = result.log_evidence_differences, result.log_evidence_difference_errors, result.truths
    for _ in result.axes[2:]:  # further axes: the middle of each
        middle = values.shape[2] // 2
        values, errors = values.take(middle, axis=2), errors.take(middle, axis=2)
    ax = plot_sensitivity(values, truths[:2], [axis.name for axis in result.axes[:2]], level, errors)
    shown = ax.get_title(loc="left")
    ax.set_title(f"{fit}: {shown}" if shown else fit, loc="left")
    return save_figure(ax, folder / f"{fit}.png")
