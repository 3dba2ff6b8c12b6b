"""What is made of several fits: evidences of models side by side, parameters along a covariate."""

import numpy as np

from cavity.plot.style import COLOURS, CYCLE, axes_or_new, new_figure, styled

MOST_DATASETS = 30
MOST_PARAMETERS = 12  # in one figure


@styled
def plot_comparison(comparison, ax=None):
    """Differences of log evidence to the best model; per dataset too where they are known.

    Parameters
    ----------
    comparison
        A ``cavity.combine.compare.ModelComparison``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    rows = [("all datasets" if comparison.per_dataset else "", comparison)]
    rows += list(comparison.per_dataset.items())[:MOST_DATASETS]
    ax = axes_or_new(ax, 5.8, 1.2 + 0.32 * len(rows) + 0.12 * len(comparison.names))
    offsets = np.linspace(-0.24, 0.24, len(comparison.names)) if len(comparison.names) > 1 else [0.0]
    for k, name in enumerate(comparison.names):
        differences = np.array([part.differences[k] for _, part in rows])
        errors = np.nan_to_num([part.difference_errors[k] for _, part in rows])
        places = np.arange(len(rows)) + offsets[k]
        colour = CYCLE[k % len(CYCLE)]
        ax.errorbar(differences, places, xerr=errors, fmt="o", color=colour, markersize=5, capsize=2, label=name)
    if comparison.per_dataset:
        ax.axhline(0.5, color=COLOURS["faint"], linewidth=0.8)
    ax.axvline(0.0, color=COLOURS["quiet"], linewidth=0.8, linestyle=":")
    ax.set_yticks(range(len(rows)), [label for label, _ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    lowest = min(float(part.differences.min()) for _, part in rows)
    if lowest < -20.0:
        ax.set_xscale("symlog", linthresh=1.0)
    ax.set_xlabel(r"$\Delta$ log evidence to the best model")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(4, len(comparison.names)))
    return ax


@styled
def plot_covariate(curves):
    """A panel for each parameter.

    Parameters
    ----------
    curves
        A ``cavity.combine.interpolate.CovariateCurves``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = list(curves.curves)[:MOST_PARAMETERS]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(3.4 * columns, 2.5 * rows)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for ax, name in zip(axes, names, strict=False):
        low, middle, high = curves.curves[name]
        ax.fill_between(curves.at, low, high, color=COLOURS["shared"], alpha=0.2, linewidth=0)
        ax.plot(curves.at, middle, color=COLOURS["shared"])
        low, middle, high = curves.fitted[name]
        error = [middle - low, high - middle]
        ax.errorbar(curves.fitted_at, middle, yerr=error, fmt="o", color=COLOURS["data"], markersize=4, capsize=2)
        ax.set_ylabel(name)
        ax.set_xlabel(curves.covariate)
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    return figure
