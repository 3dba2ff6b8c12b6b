"""Convergence: what each round found of the shared parameters and of the evidence, and what it cost."""

import numpy as np

from cavity.errors import ResultError
from cavity.plot.style import COLOURS, new_figure, styled

LARGEST = 11
NAMED = 4  # more rounds than these are numbers alone: their kinds would run into each other


@styled
def plot_convergence(history, names=None, mcse=None):
    """A panel for each shared parameter (mean and one sd a round), the evidence, and the likelihood calls.

    Parameters
    ----------
    history
        One dict a round: round, kind, mean {name: x}, sd {name: x}, log_evidence, evaluations; entries may be missing.
    names
        The shared parameters to show, the first 11 unless given.
    mcse
        {name: Monte Carlo error of the last mean, in posterior sds}, written into the panel.

    Returns
    -------
    matplotlib.figure.Figure
    """
    history = list(history)
    if not history:
        raise ResultError("there is no history of rounds to plot")
    known = list(dict.fromkeys(name for entry in history for name in entry.get("mean") or {}))
    names = known[:LARGEST] if names is None else list(names)
    has_evidence = any(_number(entry.get("log_evidence")) is not None for entry in history)
    has_cost = any(entry.get("evaluations") for entry in history)
    panels = [*names, *(["log evidence"] if has_evidence else []), *(["likelihood calls"] if has_cost else [])]
    if not panels:
        raise ResultError("the rounds record neither means nor evidence nor cost, so there is nothing to plot")
    columns = len(panels) if len(panels) <= 4 else 3
    rows = -(-len(panels) // columns)
    figure = new_figure(2.6 * columns + 0.4, 1.9 * rows + 0.5)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True)
    steps = np.arange(len(history))
    kinds = [entry.get("kind", "") if len(history) <= NAMED else "" for entry in history]
    ticks = [f"{entry.get('round', k)}\n{kind}" for k, (entry, kind) in enumerate(zip(history, kinds, strict=True))]
    for ax, panel in zip(axes.flat, panels, strict=False):
        if panel in names:
            _parameter(ax, steps, history, panel, (mcse or {}).get(panel))
        elif panel == "log evidence":
            _line(ax, steps, [_number(entry.get("log_evidence")) for entry in history])
        else:
            _cost(ax, steps, [entry.get("evaluations") or 0 for entry in history])
        ax.set_title(panel, loc="left", fontsize=min(9.0, 150.0 / len(panel)))  # beside the Monte Carlo error
        ax.set_xlim(-0.5, len(history) - 0.5)
        ax.grid(axis="y", color=COLOURS["faint"], linewidth=0.6)
    for index, ax in enumerate(axes.flat):
        if index >= len(panels):
            ax.set_axis_off()
        elif index + columns >= len(panels):
            ax.tick_params(axis="x", labelbottom=True)
            ax.set_xticks(steps, ticks)
    figure.supxlabel("round", fontsize=9)
    return figure


def _number(value):
    return value if isinstance(value, (int, float)) and np.isfinite(value) else None


def _parameter(ax, steps, history, name, mcse):
    mean = np.array([(entry.get("mean") or {}).get(name, np.nan) for entry in history], dtype=float)
    sd = np.array([(entry.get("sd") or {}).get(name, np.nan) for entry in history], dtype=float)
    colour, last = COLOURS["shared"], np.flatnonzero(np.isfinite(mean))[-1]
    ax.axhspan(mean[last] - sd[last], mean[last] + sd[last], color=colour, alpha=0.12, linewidth=0)
    ax.axhline(mean[last], color=colour, linewidth=0.8, alpha=0.6)
    ax.errorbar(steps, mean, yerr=sd, fmt="o", color=colour, markersize=4, capsize=2.5, linewidth=1.2)
    if mcse is not None:
        ax.set_title(f"MC error {mcse:.1g} sd", loc="right", fontsize=7, color=COLOURS["quiet"])


def _line(ax, steps, values):
    values = np.array([np.nan if value is None else value for value in values], dtype=float)
    ax.plot(steps, values, "o-", color=COLOURS["accent"], markersize=4, linewidth=1.0)


def _cost(ax, steps, calls):
    from matplotlib.ticker import EngFormatter

    ax.bar(steps, calls, width=0.6, color=COLOURS["quiet"])
    ax.yaxis.set_major_formatter(EngFormatter(sep=""))
    ax.set_ylim(bottom=0.0)
