"""Noisy one-dimensional Gaussian profiles: centres drawn from a population, or one centre for all."""

from dataclasses import dataclass

import numpy as np

from cavity.rng import generator
from cavity.simulate.simulation import Simulation

PIXELS = np.arange(100.0)


def gaussian_profile(x, centre, normalization, sigma):
    """A Gaussian whose integral over x is ``normalization``."""
    return normalization / (sigma * np.sqrt(2.0 * np.pi)) * np.exp(-0.5 * ((x - centre) / sigma) ** 2)


@dataclass(frozen=True, kw_only=True)
class GaussianHierarchical:
    """Profiles of 100 pixels whose centres come from a Gaussian population.

    Parameters
    ----------
    datasets
        How many profiles.
    mean, sigma
        The population of centres, in pixels.
    noise
        Standard deviation of the noise in every pixel.
    """

    datasets: int = 20
    mean: float = 50.0
    sigma: float = 8.0
    noise: float = 0.05

    def simulate(self, seed):
        """A :class:`Simulation`, the same for the same seed."""
        rng = generator(seed, "gaussian_hierarchical")
        centres = rng.normal(self.mean, self.sigma, self.datasets)
        shared = {"population.mean": self.mean, "population.sigma": self.sigma}
        return _profiles(rng, centres, self.noise, shared, with_centre=True)


@dataclass(frozen=True, kw_only=True)
class GaussianShared:
    """Profiles of 100 pixels that share one centre; the parameters are those of :class:`GaussianHierarchical`."""

    datasets: int = 5
    centre: float = 50.0
    noise: float = 0.1

    def simulate(self, seed):
        """A :class:`Simulation`, the same for the same seed."""
        rng = generator(seed, "gaussian_shared")
        centres = np.full(self.datasets, self.centre)
        return _profiles(rng, centres, self.noise, {"centre": self.centre}, with_centre=False)


def _profiles(rng, centres, noise, shared, with_centre):
    """Widths of 5 to 12 pixels and integrals of 3 to 6, uniform; noise of equal size in all pixels."""
    data, truth = {}, dict(shared)
    width = len(str(len(centres)))
    for index, centre in enumerate(centres, start=1):
        name = f"g{index:0{max(width, 2)}d}"
        normalization, sigma = rng.uniform(3.0, 6.0), rng.uniform(5.0, 12.0)
        profile = gaussian_profile(PIXELS, centre, normalization, sigma)
        data[name] = {"data": profile + rng.normal(0.0, noise, PIXELS.size), "noise_map": np.full(PIXELS.size, noise)}
        if with_centre:
            truth[f"{name}.gaussian.centre"] = float(centre)
        truth |= {f"{name}.gaussian.normalization": normalization, f"{name}.gaussian.sigma": sigma}
    return Simulation(data=data, truth=truth)
