"""Parameters over a covariate: the datasets' own posteriors, and the curve through them with its band."""

from cavity.plot.style import COLOURS, new_figure, styled

MOST = 12  # parameters in one figure


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
    names = list(curves.curves)[:MOST]
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
