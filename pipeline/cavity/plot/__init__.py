"""Figures: one function each, one look, safe for colour-blind readers; matplotlib is imported when one is drawn."""

from cavity.plot.cell_maps import plot_grid
from cavity.plot.convergence import plot_convergence
from cavity.plot.corner import plot_corner
from cavity.plot.dataset_fit import Fit, fit_of, plot_fit, plot_fits
from cavity.plot.graph import describe_graph, describe_views, plot_graph
from cavity.plot.phase_figures import draw_phase, write_plots
from cavity.plot.population import plot_population
from cavity.plot.style import save_figure
from cavity.plot.trace import plot_trace

__all__ = [
    "Fit",
    "describe_graph",
    "describe_views",
    "draw_phase",
    "fit_of",
    "plot_convergence",
    "plot_corner",
    "plot_fit",
    "plot_fits",
    "plot_graph",
    "plot_grid",
    "plot_population",
    "plot_trace",
    "save_figure",
    "write_plots",
]
