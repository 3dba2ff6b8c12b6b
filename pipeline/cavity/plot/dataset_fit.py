"""Data, model and residuals of one dataset, or of many on one page; curves and images."""

from dataclasses import dataclass

import numpy as np

from cavity.errors import ResultError
from cavity.plot.style import COLOURS, HEAT, new_figure, styled

LARGEST_PAGE = 25


@dataclass(frozen=True)
class Fit:
    """What a plot of a fit needs.

    Parameters
    ----------
    data, noise, model
        Arrays of one shape, (n,) or (rows, columns), in the data's unit; noise is one sd.
    x
        (n,) abscissa of a curve, counted from zero unless given.
    draws
        (S, n) or (S, rows, columns): the model at posterior draws, for the band; None: no band.
    """

    data: np.ndarray
    noise: np.ndarray
    model: np.ndarray
    x: np.ndarray | None = None
    draws: np.ndarray | None = None

    def __post_init__(self):
        data = np.asarray(self.data, dtype=float)
        object.__setattr__(self, "data", data)
        for key in ("noise", "model"):
            array = np.asarray(getattr(self, key), dtype=float)
            try:
                array = np.broadcast_to(array, data.shape)
            except ValueError:
                raise ResultError(f"a fit's {key} has shape {array.shape}, the data {data.shape}") from None
            object.__setattr__(self, key, array)
        if data.ndim not in (1, 2):
            raise ResultError(f"a fit is drawn as a curve or an image, got data of shape {data.shape}")
        object.__setattr__(self, "x", np.arange(data.shape[0]) if self.x is None else np.asarray(self.x, dtype=float))
        if self.draws is not None:
            object.__setattr__(self, "draws", np.asarray(self.draws, dtype=float))

    @property
    def residuals(self):
        """(data - model) / noise"""
        return (self.data - self.model) / self.noise

    @property
    def chi_squared(self):
        """Sum of the squared residuals."""
        return float(np.sum(self.residuals**2))


def fit_of(analysis, instance, instances=()):
    """The :class:`Fit` of an analysis that offers ``data``, ``noise_map`` and ``model_data(instance)``.

    Parameters
    ----------
    instance
        The model drawn as a line.
    instances
        Models at posterior draws, for the band.
    """
    draws = [np.asarray(analysis.model_data(drawn), dtype=float) for drawn in instances]
    return Fit(
        data=analysis.data,
        noise=analysis.noise_map,
        model=analysis.model_data(instance),
        x=getattr(analysis, "xvalues", None),
        draws=np.array(draws) if draws else None,
    )


@styled
def plot_fit(fit, title=None, x_label="x", y_label="data"):
    """One dataset: the data with the model on it, and the residuals in units of the noise.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if fit.data.ndim == 2:
        return _images(fit, title)
    figure = new_figure(6.0, 4.2)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.1])
    _curve(top, fit, markersize=3.0)
    _residuals(bottom, fit, markersize=3.0)
    top.legend(loc="best")
    top.set_ylabel(y_label)
    bottom.set_ylabel("residual / noise")
    bottom.set_xlabel(x_label)
    figure.align_ylabels([top, bottom])
    if title:
        top.set_title(title, loc="left")
    top.set_title(rf"$\chi^2$ = {fit.chi_squared:.1f} for {fit.data.size} points", loc="right", fontsize=8)
    return figure


@styled
def plot_fits(fits, x_label="x", y_label="data", label=str):
    """Up to 25 datasets on one page, a small panel with a strip of residuals each; single numbers side by side.

    Parameters
    ----------
    fits
        {dataset: Fit}, all curves.
    label
        dataset -> what its panel is called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if fits and all(fit.data.size == 1 for fit in fits.values()):
        return _points(fits, y_label, label)
    shown = dict(list(fits.items())[:LARGEST_PAGE])
    if not shown or any(fit.data.ndim != 1 for fit in shown.values()):
        raise ResultError("plot_fits draws one or more curves; draw images one by one with plot_fit")
    columns = min(5, max(1, int(np.ceil(np.sqrt(len(shown))))))
    rows = -(-len(shown) // columns)
    width, height = 2.3 * columns + 0.4, 2.1 * rows + 0.6
    figure = new_figure(width, height, layout=None)
    sides = {"left": 0.75 / width, "right": 1.0 - 0.1 / width, "bottom": 0.55 / height, "top": 1.0 - 0.35 / height}
    cells = figure.add_gridspec(rows, columns, wspace=0.28, hspace=0.22, **sides)
    first = None
    for index, (dataset, fit) in enumerate(shown.items()):
        row, column = divmod(index, columns)
        strip = cells[row, column].subgridspec(2, 1, height_ratios=[3, 1], hspace=0.07)
        top = figure.add_subplot(strip[0], sharex=first)
        bottom = figure.add_subplot(strip[1], sharex=top)
        first = first or top
        _curve(top, fit, markersize=1.5)
        _residuals(bottom, fit, markersize=1.5)
        top.set_title(label(dataset), loc="left", fontsize=8, pad=2)
        top.tick_params(labelbottom=False)
        if index + columns < len(shown):
            bottom.tick_params(labelbottom=False)
    across, along = 0.5 * (sides["left"] + sides["right"]), 0.5 * (sides["bottom"] + sides["top"])
    figure.supxlabel(x_label, fontsize=9, x=across, y=0.08 / height)
    figure.supylabel(f"{y_label}; below: residual / noise", fontsize=9, x=0.08 / width, y=along)
    if len(fits) > len(shown):
        figure.suptitle(f"the first {len(shown)} of {len(fits):,} datasets", x=0.01, ha="left", fontsize=9)
    return figure


def _points(fits, y_label, label):
    """Datasets that are one number each, beside what the model makes of them."""
    names, parts = list(fits), list(fits.values())
    rows = np.arange(len(names))
    figure = new_figure(6.0, float(np.clip(0.26 * len(names) + 1.0, 2.0, 9.0)))
    ax = figure.subplots()
    data, noise = (np.array([np.ravel(getattr(fit, key))[0] for fit in parts]) for key in ("data", "noise"))
    dot = {"color": COLOURS["data"], "ecolor": "#B8B8B8", "markersize": 4}
    ax.errorbar(data, rows - 0.14, xerr=noise, fmt="o", label="data", **dot)
    model = np.array([np.ravel(fit.model)[0] for fit in parts])
    if all(fit.draws is not None for fit in parts):
        low, high = np.array([np.quantile(fit.draws, [0.025, 0.975]) for fit in parts]).T
        ax.hlines(rows + 0.14, low, high, color=COLOURS["model"], linewidth=2.2, alpha=0.5, label="model, 95 %")
    ax.plot(model, rows + 0.14, "D", color=COLOURS["model"], markersize=4, label="model")
    if len(names) <= 60:
        ax.set_yticks(rows, [label(name) for name in names])
    else:
        ax.set_ylabel(f"{len(names):,} datasets")
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(y_label)
    ax.grid(axis="x", color=COLOURS["faint"], linewidth=0.6)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _curve(ax, fit, markersize):
    data = {"color": COLOURS["data"], "ecolor": "#B8B8B8", "markersize": markersize, "elinewidth": 0.7}
    ax.errorbar(fit.x, fit.data, yerr=fit.noise, fmt="o", label="data", markeredgewidth=0, zorder=1, **data)
    if fit.draws is not None:
        low, high = np.quantile(fit.draws, [0.025, 0.975], axis=0)
        band = {"color": COLOURS["model"], "alpha": 0.25, "linewidth": 0}
        ax.fill_between(fit.x, low, high, label="model, 95 %", zorder=2, **band)
    marker = {"marker": "D", "linestyle": "", "markersize": 4} if fit.data.size < 3 else {}
    ax.plot(fit.x, fit.model, color=COLOURS["model"], label="model", zorder=3, **marker)


def _residuals(ax, fit, markersize):
    reach = max(3.5, 1.1 * float(np.nanmax(np.abs(fit.residuals))))
    ax.axhspan(-1.0, 1.0, color=COLOURS["faint"], linewidth=0)
    ax.axhline(0.0, color=COLOURS["model"], linewidth=0.9)
    ax.plot(fit.x, fit.residuals, "o", color=COLOURS["data"], markersize=markersize, markeredgewidth=0)
    ax.set_ylim(-reach, reach)
    ax.set_yticks([-3, 0, 3] if reach < 10 else [-np.floor(reach), 0, np.floor(reach)])


def _images(fit, title):
    figure = new_figure(9.6, 3.3)
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    low, high = np.nanquantile(fit.data, [0.002, 0.998])
    reach = max(3.0, float(np.nanquantile(np.abs(fit.residuals), 0.998)))
    panels = [
        ("data", fit.data, {"cmap": HEAT, "vmin": low, "vmax": high}),
        ("model", fit.model, {"cmap": HEAT, "vmin": low, "vmax": high}),
        ("residual / noise", fit.residuals, {"cmap": "PuOr", "vmin": -reach, "vmax": reach}),
    ]
    for ax, (name, image, colours) in zip(axes, panels, strict=True):
        shown = ax.imshow(image, origin="lower", interpolation="nearest", **colours)
        figure.colorbar(shown, ax=ax, shrink=0.85, pad=0.02).outline.set_visible(False)
        ax.set_title(name, loc="left")
        for side in ("top", "right"):
            ax.spines[side].set_visible(True)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return figure
