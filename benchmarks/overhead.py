"""What the framework costs a likelihood call: unit cube -> parameter vector -> instance, likelihoods left out.

    python benchmarks/overhead.py

Prints the best of a hundred repeats, in microseconds of processor time a call, beside the target.
"""

import time
import timeit

import numpy as np

import cavity as cv

TARGETS = {3: 4.0, 21: 40.0}  # microseconds


class Gaussian:
    """The usual three parameters."""

    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre = centre
        self.normalization = normalization
        self.sigma = sigma


def one_dataset():
    """A Gaussian with three free parameters."""
    return cv.Model(
        Gaussian,
        centre=cv.UniformPrior(lower_limit=0.0, upper_limit=100.0),
        normalization=cv.LogUniformPrior(lower_limit=1e-2, upper_limit=1e2),
        sigma=cv.GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf),
    )


def ten_datasets():
    """The model of a graph: one shared centre, and a normalization and a sigma for each of ten datasets."""
    shared, factors, data = one_dataset(), [], np.ones(100)
    for _ in range(10):
        model = shared.copy()
        model.normalization = cv.LogUniformPrior(lower_limit=1e-2, upper_limit=1e2)
        model.sigma = cv.GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf)
        analysis = cv.ex.Analysis(data=data, noise_map=data)
        factors.append(cv.AnalysisFactor(prior_model=cv.Collection(gaussian=model), analysis=analysis))
    return cv.FactorGraphModel(*factors).global_prior_model


def microseconds(function, repeats=100, seconds=0.01):
    """Best processor time of a call: what other processes take is not the framework's."""
    timer = timeit.Timer(function, timer=time.process_time)
    number = max(1, int(seconds / (timer.timeit(100) / 100)))
    return 1e6 * min(timer.repeat(repeats, number)) / number


def report(model):
    """Print the cost of one model's parts; returns the cost of the whole."""
    compiled = model.compile()
    unit = np.random.default_rng(1).random(compiled.ndim)
    vector = compiled.vector(unit)
    whole = microseconds(lambda: compiled.instance(compiled.vector(unit)))
    print(
        f"{compiled.ndim} parameters: unit cube -> instance {whole:.2f} us (target {TARGETS[compiled.ndim]:.0f} us), "
        f"of it unit cube -> vector {microseconds(lambda: compiled.vector(unit)):.2f} us and "
        f"vector -> instance {microseconds(lambda: compiled.instance(vector)):.2f} us; "
        f"compiled once in {microseconds(model.compile):.0f} us"
    )
    return whole


if __name__ == "__main__":
    report(one_dataset())
    report(ten_datasets())
