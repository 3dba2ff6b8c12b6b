"""Trace plot: the samples in the order in which they were made, beside their marginal."""

import numpy as np

from cavity.plot.density import density_1d, plot_range
from cavity.plot.style import COLOURS, CYCLE, new_figure, parameter_label, styled


@styled
def plot_trace(samples, names=None):
    """A row a parameter: value against step, a colour per chain; of weighted samples darker where the weight is.

    Parameters
    ----------
    samples
        ``samples.info["chains"]`` says how many chains stand one after another.
    names
        The parameters to show, the first ten unless given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = tuple(samples.names[:10] if names is None else names)
    chains, weights = int(samples.info.get("chains", 1)), samples.weights
    figure = new_figure(7.5, 1.25 * len(names) + 0.6)
    axes = figure.subplots(len(names), 2, squeeze=False, sharey="row", gridspec_kw={"width_ratios": [4, 1]})
    even = np.ptp(samples.log_weights) == 0.0
    for name, (left, right) in zip(names, axes, strict=True):
        values = samples[name]
        if even:
            for chain, part in enumerate(values.reshape(chains, -1)):
                left.plot(part, color=CYCLE[chain % len(CYCLE)], linewidth=0.4, alpha=max(0.25, 0.9 / np.sqrt(chains)))
        else:
            opacity = np.sqrt(weights / weights.max())
            order = np.argsort(opacity, kind="stable")
            shades = np.column_stack([np.tile(_rgb(COLOURS["shared"]), (len(values), 1)), 0.06 + 0.84 * opacity])
            left.scatter(np.arange(len(values))[order], values[order], s=5.0, color=shades[order], linewidths=0)
        x, density = density_1d(values, weights, *plot_range(values, weights))
        right.plot(density, x, color=COLOURS["shared"])
        right.fill_betweenx(x, density, color=COLOURS["shared"], alpha=0.25, linewidth=0)
        right.set_xticks([])
        right.set_xlim(left=0.0)
        right.spines["bottom"].set_visible(False)
        left.set_ylabel(parameter_label(samples, name))
        left.set_xlim(0, len(values) // chains)
        left.set_ylim(plot_range(values, weights, tail=2e-4, margin=0.2))
        if name != names[-1]:
            left.set_xticklabels([])
    axes[-1, 0].set_xlabel("step" if even else "sample (darker: more weight)")
    figure.align_ylabels(axes[:, 0])
    return figure


def _rgb(colour):
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
