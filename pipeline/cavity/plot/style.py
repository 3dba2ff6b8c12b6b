"""One look for every figure: a colour-blind-safe palette by role, quiet axes, the same bytes for the same content."""

import logging
from contextlib import suppress
from functools import wraps

from cavity.errors import AccessError

logger = logging.getLogger("cavity.plot")

# Okabe & Ito (2008), told apart under every common colour vision; a role has one colour in every figure.
COLOURS = {
    "shared": "#0072B2",
    "parent": "#D55E00",
    "drawn": "#009E73",
    "local": "#56B4E9",
    "model": "#D55E00",
    "data": "#333333",
    "truth": "#000000",
    "accent": "#CC79A7",
    "warm": "#E69F00",
    "quiet": "#8C8C8C",
    "faint": "#E4E4E4",
}
CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")
HEAT = "cividis"  # made for colour-vision deficiency, uniform in lightness

STYLE = {
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "#4D4D4D",
    "axes.labelcolor": "#1A1A1A",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "xtick.color": "#4D4D4D",
    "ytick.color": "#4D4D4D",
    "xtick.direction": "out",
    "ytick.direction": "out",
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "lines.linewidth": 1.4,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "cavity",
    "mathtext.fontset": "dejavusans",
}


def styled(function):
    """A plot function drawn in this look, whatever the caller's settings."""

    @wraps(function)
    def in_style(*arguments, **settings):
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return function(*arguments, **settings)

    return in_style


def new_figure(width, height, layout="constrained"):
    """A figure (inches) that belongs to no window and no global list, laid out without overlaps."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def axes_or_new(ax, width=6.0, height=4.0):
    """The given axes, or those of a new figure."""
    return new_figure(width, height).subplots() if ax is None else ax


@styled
def save_figure(plotted, path, dpi=150):
    """Write a figure, or the figure of some axes, atomically and with no date in it; the suffix is the format."""
    from pathlib import Path

    from cavity.posterior.store import atomic_path

    path = Path(path)
    figure = plotted if hasattr(plotted, "savefig") else plotted.figure
    suffix = path.suffix[1:] or "png"
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(suffix)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=suffix, dpi=dpi, metadata=metadata)
    return path


def try_save(path, plot):
    """Save the figure that ``plot()`` returns: [path], or nothing where it failed, see :func:`try_plot`."""
    saved = try_plot(path, lambda: save_figure(plot(), path))
    return [] if saved is None else [saved]


def try_plot(path, function, *arguments):
    """What a function returns that a plot needs; where it raises, a warning that names the plot, and None.

    A picture never costs the numbers that it shows. An earlier picture under ``path`` is removed: it shows others.
    """
    try:
        return function(*arguments)
    except AccessError:  # a full disk is no fault of the plot: the same command draws it once there is space
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        logger.warning("%s: not drawn, %s: %s; everything else goes on", path, type(error).__name__, said)
        logger.debug("%s: not drawn", path, exc_info=error)
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return None


def parameter_label(samples, name):
    """What an axis says: the LaTeX label where there is one, else the name, and the unit."""
    j = samples.names.index(name)
    label = samples.labels[j] if samples.labels is not None else ""
    text = f"${label}$" if label and not label.startswith("$") and label != name else (label or name)
    unit = samples.units[j] if samples.units is not None else ""
    return f"{text} [{unit}]" if unit else text


def interval_title(low, middle, high):
    """``50.1 +0.4 -0.3`` with as many digits as the errors deserve, as mathtext."""
    from cavity.posterior.printed import number, significant

    digits = significant(max(min(high - middle, middle - low), 1e-300), figures=2)
    up, down, centre = (number(value, digits).replace(",", "{,}") for value in (high - middle, middle - low, middle))
    return rf"${centre}^{{+{up}}}_{{-{down}}}$"
