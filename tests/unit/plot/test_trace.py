"""Trace plot."""

import numpy as np

from cavity.plot.trace import plot_trace
from cavity.posterior.samples import Samples


def test_chains_are_lines_and_weighted_samples_are_points():
    values = np.random.default_rng(1).normal(size=(120, 2))
    chains = plot_trace(Samples(names=("a", "b"), values=values, info={"chains": 4}))
    assert len(chains.axes) == 4 and len(chains.axes[0].lines) == 4
    assert chains.axes[0].lines[1].get_ydata()[0] == values[30, 0]
    weighted = plot_trace(Samples(names=("a", "b"), values=values, log_weights=-(values[:, 0] ** 2)))
    assert len(weighted.axes[0].collections) == 1 and not weighted.axes[0].lines
