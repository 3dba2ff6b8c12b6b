"""A sensitivity map: how much a perturbation of each size would raise the evidence, and from where it is detected."""

import numpy as np

from cavity.errors import ResultError
from cavity.plot.style import COLOURS, axes_or_new, styled

DIVERGING = "PuOr_r"  # told apart under every common colour vision
WIDEST = 30.0  # of log evidence: the colour scale does not go further


@styled
def plot_sensitivity(differences, truths, labels, level=5.0, errors=None, ax=None):
    """Difference of log evidence over one or two parameters of a perturbation.

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
    return _map(axes_or_new(ax, 5.8, 4.6), values, truths, labels, level)


def _line(ax, values, truth, label, level, errors):
    found = values > level
    ax.axhspan(level, max(np.nanmax(values), level) * 1.05 + 1.0, color=COLOURS["drawn"], alpha=0.12, linewidth=0)
    ax.axhline(level, color=COLOURS["drawn"], linewidth=1.0)
    ax.axhline(0.0, color=COLOURS["quiet"], linewidth=0.8, linestyle=":")
    ax.plot(truth, values, color=COLOURS["quiet"], linewidth=1.0, zorder=2)
    for chosen, colour, name in ((~found, "quiet", "not detected"), (found, "drawn", "detected")):
        bars = None if errors is None else np.asarray(errors)[chosen]
        if chosen.any():
            ax.errorbar(
                truth[chosen],
                values[chosen],
                yerr=bars,
                fmt="o",
                color=COLOURS[colour],
                markersize=4,
                capsize=2,
                label=name,
                zorder=3,
            )
    ax.margins(y=0.02)
    ax.set_xlabel(label)
    ax.set_ylabel(r"$\Delta$ log evidence")
    ax.legend(loc="upper left")
    return ax


def _map(ax, values, truths, labels, level):
    bound = min(max(np.nanmax(np.abs(values)), level), WIDEST)
    shown = np.ma.masked_invalid(values.T)
    ax.set_facecolor("#F2F2F2")
    mesh = ax.pcolormesh(
        truths[0],
        truths[1],
        shown,
        cmap=DIVERGING,
        vmin=-bound,
        vmax=bound,
        shading="nearest",
        edgecolors="white",
        linewidth=0.3,
    )
    finite = values[np.isfinite(values)]
    if min(values.shape) > 1 and finite.min() < level < finite.max():
        lines = ax.contour(truths[0], truths[1], shown, levels=[level], colors="black", linewidths=1.4)
        ax.clabel(lines, fmt={level: f"{level:g}"}, fontsize=8)
    ax.set_xlabel(labels[0])
    ax.set_ylabel(labels[1])
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02, extend="both" if np.nanmax(np.abs(values)) > bound else "neither")
    bar.set_label(r"$\Delta$ log evidence, with minus without")
    bar.outline.set_visible(False)
    ax.set_title(f"detected above the line, at {level:g}", loc="left")
    return ax
