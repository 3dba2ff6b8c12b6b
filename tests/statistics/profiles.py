"""Simulated 1D Gaussian profiles as graphs, with their exact posteriors."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

import cavity as cv
from cavity.rng import generator
from tests.statistics.quadrature import (
    Grid,
    hierarchical_posterior,
    log_grid_of,
    profile,
    simulate_profiles,
    site_functions,
)

NOISE = 0.04
SMALLEST_SIGMA = 2.0  # pixels: below about one, a profile between two pixels cannot be seen, and quadrature is a trap


class Profile:
    """centre and sigma in pixels, normalization the integral."""

    def __init__(self, centre=50.0, normalization=1.0, sigma=5.0):
        self.centre, self.normalization, self.sigma = centre, normalization, sigma


class ProfileAnalysis(cv.Analysis):
    """chi^2 with known noise."""

    def __init__(self, data, noise=NOISE):
        self.data, self.noise = data, noise
        self.x = np.arange(len(data), dtype=float)

    def log_likelihood_function(self, instance):
        r = (self.data - profile(self.x, instance.centre, instance.normalization, instance.sigma)) / self.noise
        return float(-0.5 * r @ r)


def midpoints(prior, edges):
    """The middles of cells and the log mass of the prior in each."""
    with np.errstate(divide="ignore"):
        return Grid(0.5 * (edges[1:] + edges[:-1]), np.log(np.diff(prior.cdf(edges))))


def normalization_prior():
    return cv.GaussianPrior(3.0, 5.0, lower_limit=0.0, upper_limit=np.inf)


def sigma_prior():
    return cv.UniformPrior(SMALLEST_SIGMA, 25.0)


@dataclass(frozen=True)
class HierarchicalProfiles:
    """centre ~ N(mean, sigma); mean ~ N(50, 10) in [0, 100], sigma ~ N(10, 5) in [0, 100]: bounded hyperparameters."""

    data: np.ndarray

    @staticmethod
    def hyperpriors():
        return (
            cv.GaussianPrior(50.0, 10.0, lower_limit=0.0, upper_limit=100.0),
            cv.GaussianPrior(10.0, 5.0, lower_limit=0.0, upper_limit=100.0),
        )

    def graph(self):
        mean, sigma = self.hyperpriors()
        population = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=sigma, name="population")
        models = [
            cv.Model(
                Profile, centre=population.drawn_variable(), normalization=normalization_prior(), sigma=sigma_prior()
            )
            for _ in self.data
        ]
        return cv.FactorGraphModel(*(cv.AnalysisFactor(m, ProfileAnalysis(y)) for m, y in zip(models, self.data)))

    def exact(self):
        centres = np.arange(-20.0, 120.0, 0.5)
        normalization = midpoints(normalization_prior(), np.r_[np.linspace(0, 4, 160), np.linspace(4.1, 24, 50)])
        sigma = midpoints(sigma_prior(), np.linspace(SMALLEST_SIGMA, 25.0, 60))
        log_l, moments = site_functions(self.data, NOISE, centres, normalization, sigma)
        means, sigmas = np.linspace(12, 88, 110), np.linspace(0.2, 34, 130)
        return hierarchical_posterior(log_l, centres, *self.hyperpriors(), means, sigmas, moments)


def hierarchical_profiles(n, seed):
    """n profiles of low signal to noise."""
    rng = generator(seed, "hierarchical profiles")
    parameters = rng.normal(50.0, 8.0, n), rng.uniform(0.7, 1.6, n), rng.uniform(4.0, 12.0, n)
    return HierarchicalProfiles(simulate_profiles(seed, *parameters, NOISE))


@dataclass(frozen=True)
class SharedProfiles:
    """One centre ~ N(50, 30) for all."""

    data: np.ndarray
    noise: float = NOISE

    def graph(self):
        centre = cv.GaussianPrior(50.0, 30.0)
        models = [
            cv.Model(Profile, centre=centre, normalization=cv.LogUniformPrior(1e-2, 1e2), sigma=sigma_prior())
            for _ in self.data
        ]
        return cv.FactorGraphModel(
            *(cv.AnalysisFactor(m, ProfileAnalysis(y, self.noise)) for m, y in zip(models, self.data))
        )

    def exact(self):
        """(mean, sd), the 16, 50 and 84 % quantiles, and the log evidence."""
        centres, p, log_z, _ = self._posterior()
        mean = p @ centres
        marks = np.interp([0.16, 0.5, 0.84], np.cumsum(p) - 0.5 * p, centres)
        return (mean, np.sqrt(p @ (centres - mean) ** 2)), marks, log_z

    def exact_locals(self):
        """[{name: (mean, sd)}] of every profile's own parameters."""
        _, p, _, moments = self._posterior()
        found = [{} for _ in self.data]
        for name, (first, second) in moments.items():
            for local, mean, square in zip(found, first @ p, second @ p):
                local[name] = mean, np.sqrt(square - mean**2)
        return found

    def _posterior(self):
        """Centres [C], their masses [C], the log evidence, and the local parameters' moments at each centre."""
        centres = np.arange(-90.0, 190.0, 0.25)
        normalization = log_grid_of(cv.LogUniformPrior(1e-2, 1e2), 1e-2, 1e2, 160)
        sigma = midpoints(sigma_prior(), np.linspace(SMALLEST_SIGMA, 25.0, 50))
        log_l, moments = site_functions(self.data, self.noise, centres, normalization, sigma)
        log_p = log_l.sum(0) + cv.GaussianPrior(50.0, 30.0).log_prob(centres) + np.log(0.25)
        log_z = logsumexp(log_p)
        return centres, np.exp(log_p - log_z), log_z, moments


def shared_profiles(n, seed):
    """n profiles so faint that each has several modes."""
    rng = generator(seed, "shared profiles")
    parameters = np.full(n, 50.0), rng.uniform(0.15, 0.5, n), rng.uniform(4.0, 12.0, n)
    return SharedProfiles(simulate_profiles(seed, *parameters, NOISE))


def low_profiles(n, seed):
    """n profiles of one mode each, so faint that a centre's likelihood is no polynomial over its posterior."""
    rng = generator(seed, "low profiles")
    data = simulate_profiles(seed, np.full(n, 50.0), np.full(n, 2.0), rng.uniform(6.0, 12.0, n), 0.1)
    return SharedProfiles(data, noise=0.1)
