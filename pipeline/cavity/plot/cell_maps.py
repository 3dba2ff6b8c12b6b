"""Figures over the cells of a grid: evidence of a grid search, differences of evidence of a sensitivity map."""

import numpy as np

from cavity.errors import ResultError
from cavity.plot.style import COLOURS, HEAT, axes_or_new, styled

DIVERGING = "PuOr_r"  # told apart under every common colour vision
WIDEST = 30.0  # of log evidence: the colour scales do not go further


@styled
def plot_grid(log_evidence, edges, labels, errors=None, ax=None):
    """Log evidence of every cell, relative to the best one: steps for one parameter, a heat map for two.

    Parameters
    ----------
    log_evidence
        (n,) or (n, m): one value a cell; NaN where a fit is missing.
    edges
        For each axis its n + 1 cell borders, in the parameter's unit.
    labels
        For each axis what it says.
    errors
        Standard errors of the same shape, drawn on steps only.

    Returns
    -------
    matplotlib.axes.Axes
    """
    values = np.asarray(log_evidence, dtype=float)
    edges = [np.asarray(edge, dtype=float) for edge in edges]
    if values.ndim not in (1, 2) or tuple(len(edge) - 1 for edge in edges) != values.shape:
        raise ResultError(f"a grid plot needs one or two axes whose cells match the values, got values {values.shape}")
    if not np.isfinite(values).any():
        raise ResultError("no cell of the grid has a finite evidence")
    best = np.nanmax(values)
    relative = values - best
    centres = [0.5 * (edge[1:] + edge[:-1]) for edge in edges]
    peak = [centre[place] for centre, place in zip(centres, np.unravel_index(np.nanargmax(values), values.shape))]
    if values.ndim == 1:
        ax = axes_or_new(ax, 5.6, 3.4)
        ax.stairs(relative, edges[0], baseline=None, color=COLOURS["shared"], linewidth=1.2)
        ax.errorbar(centres[0], relative, yerr=errors, fmt="o", color=COLOURS["shared"], markersize=4, capsize=2)
        ax.plot(peak[0], 0.0, "o", color=COLOURS["parent"], markersize=7, zorder=5)
        ax.set_xlabel(labels[0])
        ax.set_ylabel(r"$\Delta$ log evidence")
        ax.grid(axis="y", color=COLOURS["faint"], linewidth=0.6)
    else:
        ax = axes_or_new(ax, 5.6, 4.6)
        cut = np.nanmin(np.where(np.isneginf(relative), np.nan, relative)) < -WIDEST
        shown = np.maximum(relative, -WIDEST)
        _heat(ax, edges, shown, labels, r"$\Delta$ log evidence", "min" if cut else "neither", cmap=HEAT, vmax=0.0)
        ax.plot(*peak, "*", color="white", markeredgecolor="black", markersize=13, markeredgewidth=0.8)
    at = f"{peak[0]:.3g}" if len(peak) == 1 else f"({peak[0]:.3g}, {peak[1]:.3g})"
    ax.set_title(f"best cell: log evidence {best:.2f} at {at}", loc="left")
    return ax


@styled
def plot_sensitivity(differences, truths, labels, level=5.0, errors=None, ax=None):
    """How much a perturbation of each size would raise the evidence, and from where it is detected.

    Parameters
    ----------
    differences
        (n,) or (n, m): with the perturbation minus without; NaN where a fit is missing.
    truths
        For each axis the values that were simulated.
    labels
        For each axis what it says.
    level
        Difference that counts as a detection: the contour.
    errors
        Standard errors of the same shape, drawn on a line only.

    Returns
    -------
    matplotlib.axes.Axes
    """
    values = np.asarray(differences, dtype=float)
    truths = [np.asarray(truth, dtype=float) for truth in truths]
    if values.ndim not in (1, 2) or tuple(map(len, truths)) != values.shape:
        raise ResultError(f"a sensitivity plot needs one or two axes that match the values, got values {values.shape}")
    if not np.isfinite(values).any():
        raise ResultError("no cell of the sensitivity map has a finite difference of evidence")
    if values.ndim == 1:
        return _line(axes_or_new(ax, 5.6, 3.4), values, truths[0], labels[0], level, errors)
    ax = axes_or_new(ax, 5.8, 4.6)
    highest = np.nanmax(np.abs(values))
    bound = min(max(highest, level), WIDEST)
    extend = "both" if highest > bound else "neither"
    scale = {"cmap": DIVERGING, "vmin": -bound, "vmax": bound, "shading": "nearest"}
    shown = _heat(ax, truths, values, labels, r"$\Delta$ log evidence, with minus without", extend, **scale)
    finite = values[np.isfinite(values)]
    if min(values.shape) > 1 and finite.min() < level < finite.max():
        lines = ax.contour(truths[0], truths[1], shown, levels=[level], colors="black", linewidths=1.4)
        ax.clabel(lines, fmt={level: f"{level:g}"}, fontsize=8)
    ax.set_title(f"detected above the line, at {level:g}", loc="left")
    return ax


def _heat(ax, places, values, labels, what, extend, **scale):
    """A coloured mesh over two axes with its bar; returns the values as they are drawn."""
    shown = np.ma.masked_invalid(values.T)
    ax.set_facecolor("#F2F2F2")
    mesh = ax.pcolormesh(*places, shown, edgecolors="white", linewidth=0.3, **scale)
    ax.set_xlabel(labels[0])
    ax.set_ylabel(labels[1])
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02, extend=extend)
    bar.set_label(what)
    bar.outline.set_visible(False)
    return shown


def _line(ax, values, truth, label, level, errors):
    found = values > level
    ax.axhspan(level, max(np.nanmax(values), level) * 1.05 + 1.0, color=COLOURS["drawn"], alpha=0.12, linewidth=0)
    ax.axhline(level, color=COLOURS["drawn"], linewidth=1.0)
    ax.axhline(0.0, color=COLOURS["quiet"], linewidth=0.8, linestyle=":")
    ax.plot(truth, values, color=COLOURS["quiet"], linewidth=1.0, zorder=2)
    for chosen, colour, name in ((~found, "quiet", "not detected"), (found, "drawn", "detected")):
        if chosen.any():
            look = {"fmt": "o", "color": COLOURS[colour], "markersize": 4, "capsize": 2, "zorder": 3}
            bars = None if errors is None else np.asarray(errors)[chosen]
            ax.errorbar(truth[chosen], values[chosen], yerr=bars, label=name, **look)
    ax.margins(y=0.02)
    ax.set_xlabel(label)
    ax.set_ylabel(r"$\Delta$ log evidence")
    ax.legend(loc="upper left")
    return ax
