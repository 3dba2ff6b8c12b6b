"""A joint likelihood of profiles by numpy, dataset after dataset, and by JAX in one batch: microseconds a point.

python benchmarks/jax_likelihood.py [--datasets 1,10,100]
"""

import argparse
from time import perf_counter

import jax.numpy as jnp
import numpy as np

import cavity as cv
from cavity.search.model_problem import model_problem

X = np.arange(100.0)


class Profile:
    def __init__(self, centre=0.0, height=1.0, width=1.0):
        self.centre, self.height, self.width = centre, height, width


class Numpy(cv.Analysis):
    library = np

    def __init__(self, data):
        self.data = data

    def log_likelihood_function(self, p):
        away = self.data - p.height * self.library.exp(-0.5 * ((X - p.centre) / p.width) ** 2)
        return -0.5 * self.library.sum(away * away)


class Jax(Numpy):
    library, use_jax = jnp, True


def problem(analysis, n):
    population = cv.HierarchicalFactor(
        cv.GaussianPrior, mean=cv.GaussianPrior(50.0, 5.0), sigma=cv.HalfNormalPrior(3.0), name="centre"
    )
    rng = np.random.default_rng(1)
    factors = [
        cv.AnalysisFactor(
            cv.Model(
                Profile,
                centre=population.drawn_variable(),
                height=cv.UniformPrior(0.0, 10.0),
                width=cv.UniformPrior(1.0, 9.0),
            ),
            analysis(rng.normal(size=100)),
        )
        for _ in range(n)
    ]
    graph = cv.FactorGraphModel(*factors)
    return model_problem(graph.global_prior_model, graph)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", default="1,10,100")
    print(f"{'datasets':>8s} {'numpy us':>10s} {'jax us':>8s} {'ratio':>6s} {'compile s':>10s} {'difference':>11s}")
    for n in map(int, parser.parse_args().datasets.split(",")):
        plain, traced = problem(Numpy, n), problem(Jax, n)
        vectors = plain.vectors(np.random.default_rng(0).uniform(0.1, 0.9, (256, plain.ndim)))
        start = perf_counter()
        found = traced.log_likelihood_batch(vectors)
        compiling = perf_counter() - start
        start = perf_counter()
        traced.log_likelihood_batch(vectors)
        fast = (perf_counter() - start) / 256
        start = perf_counter()
        expected = np.array([plain.log_likelihood(vector) for vector in vectors])
        slow = (perf_counter() - start) / 256
        difference = np.abs(found / expected - 1.0).max()
        print(f"{n:8d} {slow * 1e6:10.1f} {fast * 1e6:8.1f} {slow / fast:6.1f} {compiling:10.2f} {difference:11.1e}")


if __name__ == "__main__":
    main()
