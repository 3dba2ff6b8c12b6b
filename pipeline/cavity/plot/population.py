"""The population: what the parent looks like, and where each dataset's own posterior lies in it."""

import numpy as np

from cavity.errors import ResultError, did_you_mean
from cavity.numerics.weights import quantiles
from cavity.plot.density import density_1d
from cavity.plot.style import COLOURS, new_figure, styled

QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
LABELLED = 40  # more datasets than these are drawn without their names


@styled
def plot_population(
    result,
    parent,
    drawn,
    family=None,
    arguments=None,
    truth=None,
    true_values=None,
    label=None,
    rows="datasets",
    n_draws=2000,
    seed=0,
):
    """Above the parent's density with its uncertainty, below it every dataset's posterior, sorted.

    Parameters
    ----------
    result
        A PhaseResult.
    parent
        The parent's name; its hyperparameters are the shared parameters ``<parent>.<argument>``.
    drawn
        The local parameter that is drawn from it (``gaussian.centre``).
    family
        The parent's class, made with its hyperparameters by name; GaussianPrior unless given.
    arguments
        {argument: number, or the JSON form of an expression of shared parameters}, where a hyperparameter is fixed or a
        relation; unless given, every shared parameter ``<parent>.<argument>`` is one.
    truth
        True hyperparameters, {argument: value}: the true density is drawn dashed.
    true_values
        {dataset: true value of the drawn parameter}, marked by crosses.
    label
        What the drawn parameter is called on the axis.
    rows
        What ``result.locals`` has one of for each row.
    n_draws
        Draws of the hyperparameters that make the band.

    Returns
    -------
    matplotlib.figure.Figure
    """
    family = family or _gaussian()
    local = {dataset: samples for dataset, samples in result.locals.items() if drawn in samples.names}
    if not local:
        names = sorted({name for samples in result.locals.values() for name in samples.names})
        raise ResultError(f"{result.phase}: no dataset has a parameter {drawn}{did_you_mean(drawn, names)}")
    intervals = np.array([quantiles(s[drawn][:, None], s.weights, QUANTILES)[:, 0] for s in local.values()])
    order = np.argsort(intervals[:, 2], kind="stable")
    hyper = hyperparameter_draws(result.shared, parent, arguments, n_draws, seed)
    x = _grid(intervals, hyper, family)
    bands = parent_bands(family, hyper, x)

    n = len(local)
    lower_height = float(np.clip(0.15 * n, 1.2, 4.8))
    figure = new_figure(6.4, 2.6 + lower_height + 0.5)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[2.6, lower_height])
    _draw_parent(top, x, bands, intervals[:, 2], family, truth, rows)
    _draw_datasets(bottom, intervals[order], [list(local)[i] for i in order], true_values or {}, result.label)
    bottom.set_xlabel(label or _label(next(iter(local.values())), drawn))
    top.set_title(f"{n} {rows} drawn from {parent}", loc="left")
    bottom.set_xlim(x[0], x[-1])
    return figure


def hyperparameter_draws(shared, parent, arguments=None, n_draws=2000, seed=0):
    """{argument: (n_draws,)} equal-weight draws of a parent's hyperparameters, the fixed ones repeated."""
    from cavity.prior.expression import compile_expression

    names = () if shared is None else shared.names
    if arguments is None:
        prefix = f"{parent}."
        arguments = {name[len(prefix) :]: {"variable": name} for name in names if name.startswith(prefix)}
    if not arguments:
        known = sorted({name.rsplit(".", 1)[0] for name in names})
        raise ResultError(f"no hyperparameters of {parent} among the shared parameters{did_you_mean(parent, known)}")
    drawn = np.empty((n_draws, 0)) if shared is None else shared.draws(n_draws, np.random.default_rng(seed))
    draws = dict(zip(names, drawn.T, strict=True))
    return {
        argument: np.broadcast_to(np.asarray(compile_expression(form)(draws), dtype=float), n_draws)
        for argument, form in arguments.items()
    }


def parent_bands(family, hyper, x):
    """(5, len(x)) quantiles 2.5, 16, 50, 84, 97.5 % of the parent's density at each x, over the draws."""
    n_draws = len(next(iter(hyper.values())))
    density = np.empty((n_draws, len(x)))
    for s in range(n_draws):
        density[s] = np.exp(family(**{key: float(values[s]) for key, values in hyper.items()}).log_prob(x))
    return np.quantile(density, QUANTILES, axis=0)


def _gaussian():
    from cavity.prior import GaussianPrior

    return GaussianPrior


def _label(samples, name):
    from cavity.plot.style import parameter_label

    return parameter_label(samples, name)


def _grid(intervals, hyper, family, n=400):
    """Points that cover every dataset's interval and the middle 99 % of the median parent."""
    low, high = intervals[:, 0].min(), intervals[:, -1].max()
    middle = family(**{key: float(np.median(values)) for key, values in hyper.items()})
    ends = [float(middle.value_for(unit)) for unit in (0.005, 0.995)]
    ends = [end for end in ends if np.isfinite(end)]
    low, high = min([low, *ends]), max([high, *ends])
    return np.linspace(low - 0.03 * (high - low), high + 0.03 * (high - low), n)


def _draw_parent(ax, x, bands, medians, family, truth, rows):
    colour = COLOURS["parent"]
    ax.fill_between(x, bands[0], bands[4], color=colour, alpha=0.15, linewidth=0, label="parent, 95 %")
    ax.fill_between(x, bands[1], bands[3], color=colour, alpha=0.30, linewidth=0, label="parent, 68 %")
    ax.plot(x, bands[2], color=colour, label="parent, median")
    if len(medians) > 2:
        span = x[-1] - x[0]
        weights = np.full(len(medians), 1.0 / len(medians))
        wide, density = density_1d(medians, weights, x[0] - span, x[-1] + span, n_grid=3 * len(x))
        ax.plot(wide, density, color=COLOURS["drawn"], linewidth=1.2, linestyle=(0, (1, 1)), label=f"{rows}' medians")
    if truth:
        density = np.exp(family(**truth).log_prob(x))
        ax.plot(x, density, color=COLOURS["truth"], linewidth=1.0, linestyle=(0, (4, 3)), label="truth")
    rug = {"color": COLOURS["drawn"], "markersize": 7, "markeredgewidth": 1.0, "clip_on": False}
    ax.plot(medians, np.zeros(len(medians)), "|", **rug)
    ax.set_ylim(0.0, 1.04 * min(np.max(bands[4]), 2.0 * np.max(bands[2])))
    ax.set_ylabel("density")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)


def _draw_datasets(ax, intervals, names, true_values, label):
    rows, colour = np.arange(len(names)), COLOURS["drawn"]
    thick = 2.4 if len(names) <= LABELLED else max(0.4, 90.0 / len(names))
    ax.hlines(rows, intervals[:, 0], intervals[:, 4], color=colour, linewidth=0.4 * thick, alpha=0.6)
    ax.hlines(rows, intervals[:, 1], intervals[:, 3], color=colour, linewidth=thick)
    dot = {"color": "white", "markeredgecolor": colour, "markersize": min(4.0, 1.6 * thick), "markeredgewidth": 0.9}
    ax.plot(intervals[:, 2], rows, "o", **dot)
    true = np.array([true_values.get(name, np.nan) for name in names], dtype=float)
    ax.plot(true, rows, "x", color=COLOURS["truth"], markersize=min(4.0, 1.6 * thick), markeredgewidth=0.9)
    ax.set_ylim(-0.8, len(names) - 0.2)
    if len(names) <= LABELLED:
        ax.set_yticks(rows, [label(name) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    else:
        ax.set_ylabel(f"{len(names):,} datasets, by median")
    ax.grid(axis="x", color=COLOURS["faint"], linewidth=0.6)
