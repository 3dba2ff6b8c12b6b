"""Corner plot."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.plot.corner import plot_corner
from cavity.posterior.samples import Samples


def gaussian(d=3, n=800):
    values = np.random.default_rng(1).normal(50.0, 1.0, size=(n, d))
    return Samples(names=tuple("abcdefghijklmnop"[:d]), values=values, log_weights=np.zeros(n))


def test_titles_say_the_median_and_its_interval():
    figure = plot_corner(gaussian(), truth={"b": 50.0})
    titles = [ax.get_title() for ax in figure.axes]
    assert sum(title.startswith("$50.") or title.startswith("$49.") for title in titles) == 3
    assert [ax.get_xlabel() for ax in figure.axes[-3:]] == ["a", "b", "c"]


def test_the_truth_is_inside_the_axes():
    ax = plot_corner(gaussian(), names=["a"], truth={"a": 70.0}).axes[0]
    assert ax.get_xlim()[1] > 70.0


def test_a_parameter_that_did_not_vary_is_drawn():
    plot_corner(Samples(names=("a", "b"), values=np.ones((50, 2)) * [1.0, 2.0]))


def test_too_many_parameters_are_refused():
    with pytest.raises(ResultError, match="1 to 12 parameters, got 13"):
        plot_corner(gaussian(13), names=gaussian(13).names)
    with pytest.raises(ResultError, match="no parameter z"):
        plot_corner(gaussian(), names=["z"])
