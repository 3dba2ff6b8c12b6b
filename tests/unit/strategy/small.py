"""Small phases for the tests of strategies."""

import numpy as np

import cavity as cv
from cavity.graph import name_shared
from cavity.strategy.phase_context import EPSettings, PhaseContext


class Effect:
    """One drawn or shared parameter and one local."""

    def __init__(self, effect=0.0, offset=0.0):
        self.effect, self.offset = effect, offset


class Measured(cv.Analysis):
    """effect + offset measured with unit noise, offset with noise .5."""

    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * (self.y - instance.effect - instance.offset) ** 2 - 2.0 * instance.offset**2


def context(inference="ep", n=4, kind="drawn", search=None, **settings):
    """A phase of n datasets; the effect is drawn from a population, shared, or local."""
    namespace = {}
    if kind == "drawn":
        namespace["population"] = cv.HierarchicalFactor(
            cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 2.0), sigma=cv.HalfNormalPrior(2.0)
        )
    elif kind == "shared":
        namespace["effect"] = cv.GaussianPrior(0.0, 3.0)
    y = dict(zip((f"d{i}" for i in range(n)), np.linspace(-1.0, 2.0, n)))

    def factor(dataset):
        effect = {
            "drawn": lambda: namespace["population"].drawn_variable(),
            "shared": lambda: namespace["effect"],
            "local": lambda: cv.GaussianPrior(0.0, 3.0),
        }[kind]()
        return cv.AnalysisFactor(
            cv.Model(Effect, effect=effect, offset=cv.GaussianPrior(0.0, 1.0)), Measured(y[dataset])
        )

    return PhaseContext(
        study="small",
        phase="main",
        inference=inference,
        datasets=tuple(y),
        factor=factor,
        names=name_shared(namespace),
        search=search or cv.Laplace(n_draws=128, n_scan=16),
        ep=EPSettings(**{"n_draws": 128, **settings}),
    )
