"""Curves over a covariate: a panel for each parameter."""

import numpy as np

from cavity.combine.interpolate import CovariateCurves
from cavity.plot.covariate import plot_covariate


def test_every_parameter_has_a_panel():
    names, at = ("a", "b", "c", "d"), np.linspace(0.0, 1.0, 5)
    curves = {name: np.array([at - 0.1, at, at + 0.1]) for name in names}
    fitted = {name: np.array([[-0.1, 0.9], [0.0, 1.0], [0.1, 1.1]]) for name in names}
    figure = plot_covariate(CovariateCurves("time", at, curves, np.array([0.0, 1.0]), fitted))
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_ylabel() for ax in shown] == list(names) and shown[0].get_xlabel() == "time"
