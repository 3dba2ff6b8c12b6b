"""Likelihood calls of expectation propagation over those of fits one by one, and of the dearest dataset.

Run: python benchmarks/independent_fits.py [problem ...]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.special import expit

import cavity as cv
from cavity.graph import name_shared
from cavity.search.model_problem import model_problem
from cavity.strategy.polished import run_polished
from cavity.study import Study
from cavity.study.context import phase_context

ROOT = Path(__file__).resolve().parents[1]
SEARCHES = {"nested": cv.DynestyStatic(nlive=50), "Laplace": cv.Laplace()}
MOST = {"nested": 1.5, "Laplace": 1.9}  # calls over those of independent fits
DEAREST = 3.0  # calls of one dataset over the median


class Line:
    """A weight that grows in time, with noise."""

    def __init__(self, start=0.0, slope=0.0, noise=1.0):
        self.start, self.slope, self.noise = start, slope, noise


class Growth(cv.Analysis):
    """Weights at five times."""

    def __init__(self, t, y):
        self.t, self.y = t, y

    def log_likelihood_function(self, instance):
        r = (self.y - instance.start - instance.slope * self.t) / instance.noise
        return -0.5 * float(r @ r) - len(self.y) * float(np.log(instance.noise))


class Plate:
    """The logit of a plate's germination: four coefficients, and an effect of its own."""

    def __init__(self, base=0.0, seed=0.0, extract=0.0, both=0.0, effect=0.0):
        self.coefficients, self.effect = np.array([base, seed, extract, both]), effect


class Germinated(cv.Analysis):
    """How many of a plate's seeds germinated."""

    def __init__(self, design, r, n):
        self.design, self.r, self.n = design, r, n

    def log_likelihood_function(self, instance):
        logit = float(self.design @ instance.coefficients) + instance.effect
        return self.r * logit - self.n * float(np.logaddexp(0.0, logit))


def study(name, **alone):
    """(graph, models of independent fits) of a shipped study; ``alone`` has the priors that its drawn ones get."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = Study.load(ROOT / "config" / name / "config.yaml", results=folder)
        context = phase_context(loaded, loaded.config.phases[0])
        graph = cv.FactorGraphModel(*map(context.factor, context.datasets), names=context.names)
        models = []
        for factor in map(context.factor, context.datasets):
            for path, prior in alone.items():
                setattr(factor.prior_model.gaussian, path, prior)
            models.append((factor.prior_model, factor.analysis))
        return graph, models


def rats(n=30):
    """Two drawn and one shared: intercepts and slopes of growth, and the noise (as Gelfand et al. 1990)."""
    rng, t = np.random.default_rng(1), np.arange(-2.0, 3.0)
    data = [
        rng.normal(242, 14) + rng.normal(43, 4) * t + rng.normal(0, 6, 5) for _ in range(n)
    ]  # weights in grams, at five weeks
    start = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(240, 50), sigma=cv.HalfNormalPrior(30))
    slope = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(40, 20), sigma=cv.HalfNormalPrior(10))
    noise = cv.LogGaussianPrior(2.0, 1.0)
    factors = [
        cv.AnalysisFactor(
            cv.Model(Line, start=start.drawn_variable(), slope=slope.drawn_variable(), noise=noise),
            Growth(t, y),
            name=f"rat{i}",
        )
        for i, y in enumerate(data)
    ]
    names = name_shared({"start": start, "slope": slope, "noise": noise})
    alone = {"start": cv.GaussianPrior(240, 58), "slope": cv.GaussianPrior(40, 22)}  # what the hyperpriors predict
    models = [(cv.Model(Line, noise=noise, **alone), Growth(t, y)) for y in data]
    return cv.FactorGraphModel(*factors, names=names), models


def plates(n=21):
    """Four shared and one drawn: germination of two seeds in two extracts (as Crowder 1978)."""
    rng = np.random.default_rng(2)
    data = []
    for i in range(n):
        design = np.array([1.0, i % 2, (i // 2) % 2, (i % 2) * ((i // 2) % 2)])
        size = int(rng.integers(10, 75))
        data.append((design, rng.binomial(size, expit(design @ [-0.5, 0.1, 1.3, -0.8] + rng.normal(0, 0.3))), size))
    names = ("base", "seed", "extract", "both")
    shared = {name: cv.GaussianPrior(0.0, 1.5) for name in names}
    effect = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=cv.HalfNormalPrior(1.0))
    factors = [
        cv.AnalysisFactor(cv.Model(Plate, effect=effect.drawn_variable(), **shared), Germinated(*row), name=f"plate{i}")
        for i, row in enumerate(data)
    ]
    models = [(cv.Model(Plate, effect=cv.GaussianPrior(0.0, 1.0), **shared), Germinated(*row)) for row in data]
    return cv.FactorGraphModel(*factors, names=name_shared({**shared, "effect": effect})), models


PROBLEMS = {
    "default study": lambda: study("gaussian_hierarchical", centre=cv.GaussianPrior(50.0, 14.0)),
    "rats": rats,
    "plates": plates,
    "shared centre": lambda: study("gaussian_shared"),
}


def main(*wanted):
    """Print a line for each problem and search."""
    print(f"{'problem':<16}{'search':<9}{'datasets':>8}{'alone':>8}{'ep':>8}{'ratio':>7}{'limit':>6}{'dearest':>9}")
    for problem in wanted or PROBLEMS:
        for name, search in SEARCHES.items():
            graph, models = PROBLEMS[problem]()
            alone = sum(
                run_polished(search, model_problem(model, analysis), np.random.default_rng(i)).calls
                for i, (model, analysis) in enumerate(models)
            )
            result = graph.optimise(cv.ExpectationPropagation(search=search, seed=1))
            calls = np.array(list(result.likelihood_evaluations["per_dataset"].values()))
            ratio, dearest = calls.sum() / alone, calls.max() / np.median(calls)
            over = " over" if ratio > MOST[name] or dearest > DEAREST else ""
            print(
                f"{problem:<16}{name:<9}{len(models):>8}{alone / len(models):>8.0f}{calls.mean():>8.0f}{ratio:>7.2f}"
                f"{MOST[name]:>6}{dearest:>9.2f}{over}{'' if result.converged else '  (not converged)'}",
                flush=True,
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
