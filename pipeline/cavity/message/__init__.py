"""Messages: Gaussians in natural parameters, Pareto-smoothed weights, scrambled Sobol points."""

from cavity.message.gaussian import Gaussian, weighted_moments
from cavity.message.pareto import effective_sample_size, generalised_pareto_fit, psis
from cavity.message.sobol import sobol_normal, sobol_uniform

__all__ = [
    "Gaussian",
    "effective_sample_size",
    "generalised_pareto_fit",
    "psis",
    "sobol_normal",
    "sobol_uniform",
    "weighted_moments",
]
