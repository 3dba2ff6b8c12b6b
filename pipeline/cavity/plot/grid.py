"""Evidence over a grid search: steps for one parameter, a heat map for two."""

import numpy as np

from cavity.errors import ResultError
from cavity.plot.style import COLOURS, HEAT, axes_or_new, styled


@styled
def plot_grid(log_evidence, edges, labels, errors=None, ax=None):
    """Log evidence of every cell, relative to the best one.

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
    if values.ndim == 1:
        return _line(axes_or_new(ax, 5.6, 3.4), relative, edges[0], labels[0], errors, best)
    return _heat(axes_or_new(ax, 5.6, 4.6), relative, edges, labels, best)


def _line(ax, relative, edges, label, errors, best):
    centres = 0.5 * (edges[1:] + edges[:-1])
    ax.stairs(relative, edges, baseline=None, color=COLOURS["shared"], linewidth=1.2)
    ax.errorbar(centres, relative, yerr=errors, fmt="o", color=COLOURS["shared"], markersize=4, capsize=2)
    peak = int(np.nanargmax(relative))
    ax.plot(centres[peak], 0.0, "o", color=COLOURS["parent"], markersize=7, zorder=5)
    ax.set_xlabel(label)
    ax.set_ylabel(r"$\Delta$ log evidence")
    ax.set_title(f"best cell: log evidence {best:.2f} at {centres[peak]:.3g}", loc="left")
    ax.grid(axis="y", color=COLOURS["faint"], linewidth=0.6)
    return ax


def _heat(ax, relative, edges, labels, best):
    shown = np.ma.masked_invalid(np.maximum(relative.T, -30.0))
    ax.set_facecolor("#F2F2F2")
    mesh = ax.pcolormesh(edges[0], edges[1], shown, cmap=HEAT, vmax=0.0, edgecolors="white", linewidth=0.3)
    i, j = np.unravel_index(np.nanargmax(relative), relative.shape)
    x, y = 0.5 * (edges[0][i] + edges[0][i + 1]), 0.5 * (edges[1][j] + edges[1][j + 1])
    ax.plot(x, y, "*", color="white", markeredgecolor="black", markersize=13, markeredgewidth=0.8)
    ax.set_xlabel(labels[0])
    ax.set_ylabel(labels[1])
    cut = np.nanmin(np.where(np.isneginf(relative), np.nan, relative)) < -30.0
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02, extend="min" if cut else "neither")
    bar.set_label(r"$\Delta$ log evidence")
    bar.outline.set_visible(False)
    ax.set_title(f"best cell: log evidence {best:.2f} at ({x:.3g}, {y:.3g})", loc="left")
    return ax
