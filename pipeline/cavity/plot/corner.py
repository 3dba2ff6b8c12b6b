"""Corner plot: every marginal and every pair of some parameters."""

import numpy as np

from cavity.errors import ResultError
from cavity.plot.density import density_1d, density_2d, levels_holding, plot_range
from cavity.plot.style import COLOURS, interval_title, new_figure, parameter_label, styled

ONE_AND_TWO_SIGMA = (0.393, 0.865)  # the mass within one and two sds of a Gaussian in two dimensions
LARGEST_CORNER = 12


@styled
def plot_corner(samples, names=None, truth=None, colour=COLOURS["shared"], title=None):
    """Marginals on the diagonal, below it the pairs with their 39 and 86 % regions.

    Parameters
    ----------
    samples
        Samples, weighted or not.
    names
        The parameters to show, all of them unless given; at most 12.
    truth
        {name: value}, drawn as dashed lines where known.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = tuple(samples.names[:LARGEST_CORNER] if names is None else names)
    if not 0 < len(names) <= LARGEST_CORNER:
        raise ResultError(f"a corner plot shows 1 to {LARGEST_CORNER} parameters, got {len(names)}; choose names=[...]")
    truth = dict(truth or {})
    n, weights = len(names), samples.weights
    figure, axes = _square_panels(n)
    columns = [samples[name] for name in names]
    limits = [_with_truth(plot_range(samples[name], weights), truth.get(name)) for name in names]
    for i in range(n):
        for j in range(n):
            ax = axes[i, j]
            if j > i:
                ax.set_axis_off()
                continue
            if i == j:
                _marginal(ax, columns[i], weights, limits[i], truth.get(names[i]), colour)
            else:
                _pair(ax, columns[j], columns[i], weights, limits[j], limits[i], colour)
                _cross(ax, truth.get(names[j]), truth.get(names[i]))
            _ticks(ax, i, j, n, [parameter_label(samples, name) for name in names])
    if title:
        figure.text(0.985, 0.985, title, ha="right", va="top", fontsize=10)
    return figure


def _square_panels(n, panel=1.6, gap=0.14, left=0.85, bottom=0.8, top=0.4, right=0.15):
    """n x n panels of equal size, in inches: an automatic layout would make the outer ones smaller."""
    size = n * panel + (n - 1) * gap
    width, height = left + size + right, bottom + size + top
    figure = new_figure(width, height, layout=None)
    figure.subplots_adjust(
        left / width, bottom / height, 1.0 - right / width, 1.0 - top / height, wspace=gap / panel, hspace=gap / panel
    )
    return figure, figure.subplots(n, n, squeeze=False)


def _with_truth(limits, value):
    """Limits that also show a true value, with a little air around it."""
    low, high = limits
    if value is None:
        return limits
    air = 0.05 * (high - low)
    return min(low, value - air), max(high, value + air)


def _marginal(ax, values, weights, limits, true_value, colour):
    x, density = density_1d(values, weights, *limits)
    low, middle, high = np.interp([0.16, 0.5, 0.84], np.cumsum(density) / np.sum(density), x)
    inside = (x >= low) & (x <= high)
    ax.plot(x, density, color=colour)
    ax.fill_between(x[inside], density[inside], color=colour, alpha=0.25, linewidth=0)
    ax.plot([middle, middle], [0.0, np.interp(middle, x, density)], color=colour, linewidth=1.0)
    if true_value is not None:
        ax.axvline(true_value, color=COLOURS["truth"], linestyle=(0, (4, 3)), linewidth=0.9)
    ax.set_xlim(limits)
    ax.set_ylim(0.0, 1.12 * density.max())
    ax.set_title(interval_title(low, middle, high), pad=4)


def _pair(ax, x, y, weights, x_limits, y_limits, colour):
    grid_x, grid_y, density = density_2d(x, y, weights, x_limits, y_limits)
    levels = levels_holding(density, ONE_AND_TWO_SIGMA)
    if np.all(np.diff([*levels, density.max()]) > 0.0):
        ax.contourf(grid_x, grid_y, density.T, levels=[*levels, density.max()], colors=[colour, colour], alpha=0.28)
        ax.contourf(grid_x, grid_y, density.T, levels=[levels[1], density.max()], colors=[colour], alpha=0.35)
        ax.contour(grid_x, grid_y, density.T, levels=levels, colors=[colour], linewidths=0.9)
    else:
        ax.scatter(x, y, s=4.0, color=colour, alpha=0.4, linewidths=0)
    ax.set_xlim(x_limits)
    ax.set_ylim(y_limits)


def _cross(ax, x, y):
    line = {"color": COLOURS["truth"], "linestyle": (0, (4, 3)), "linewidth": 0.9}
    if x is not None:
        ax.axvline(x, **line)
    if y is not None:
        ax.axhline(y, **line)


def _ticks(ax, i, j, n, labels):
    """Ticks and labels on the outside only."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(4, prune="both"))
    ax.yaxis.set_major_locator(MaxNLocator(4, prune="both"))
    if i == n - 1:
        ax.set_xlabel(labels[j])
        ax.xaxis.set_label_coords(0.5, -0.3)
        ax.tick_params(axis="x", rotation=30)
    else:
        ax.set_xticklabels([])
    if i == j:
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    elif j == 0:
        ax.set_ylabel(labels[i])
        ax.yaxis.set_label_coords(-0.34, 0.5)
    else:
        ax.set_yticklabels([])
