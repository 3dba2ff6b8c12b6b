"""Numerics: Gaussians, weights, mixtures, Sobol points, climbs to a mode: arrays in, arrays out."""

from cavity.numerics.gaussian import Gaussian, weighted_moments
from cavity.numerics.sobol import sobol_normal, sobol_uniform
from cavity.numerics.weights import effective_sample_size, generalised_pareto_fit, psis

__all__ = [
    "Gaussian",
    "effective_sample_size",
    "generalised_pareto_fit",
    "psis",
    "sobol_normal",
    "sobol_uniform",
    "weighted_moments",
]
