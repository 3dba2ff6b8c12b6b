"""Problems whose evidence, cell by cell, is known in closed form."""

import numpy as np
from scipy.special import ndtr

import cavity as cv


class Point:
    """Two numbers."""

    def __init__(self, x=0.0, y=0.0):
        self.x = x
        self.y = y


class PointAnalysis(cv.Analysis):
    """Independent Gaussian measurements of x and y."""

    def __init__(self, data, noise_map):
        self.data = np.asarray(data, float)
        self.noise_map = np.asarray(noise_map, float)

    def log_likelihood_function(self, instance):
        residuals = (self.data - [instance.x, instance.y]) / self.noise_map
        return float(-0.5 * residuals @ residuals - np.sum(np.log(self.noise_map * np.sqrt(2.0 * np.pi))))


def flat_mass(datum, noise, lower, upper):
    """Integral over [lower, upper] of a Gaussian likelihood."""
    return ndtr((upper - datum) / noise) - ndtr((lower - datum) / noise)


def gaussian_mass(datum, noise, mean, sigma, lower=-np.inf, upper=np.inf):
    """Integral over [lower, upper] of likelihood times a Gaussian prior."""
    total = np.hypot(noise, sigma)
    centre = (datum * sigma**2 + mean * noise**2) / total**2
    width = noise * sigma / total
    height = np.exp(-0.5 * ((datum - mean) / total) ** 2) / (total * np.sqrt(2.0 * np.pi))
    return height * (ndtr((upper - centre) / width) - ndtr((lower - centre) / width))
