"""What the optimisers share: the density they climb, and one point as Samples."""

import numpy as np

from cavity.search.base import make_samples
from cavity.search.guard import FLOOR


def objective(problem, guard):
    """Unit cube (n, ndim) -> log likelihood plus log prior density of the parameters (n,), -inf floored.

    A problem without ``log_prior`` is climbed in the likelihood alone.
    """

    def log_posterior(unit):
        values = problem.vectors(unit)
        log_likelihoods = guard.batch(values)
        if problem.log_prior is not None:
            log_likelihoods = log_likelihoods + np.array([float(problem.log_prior(vector)) for vector in values])
        return np.maximum(np.nan_to_num(log_likelihoods, nan=FLOOR, neginf=FLOOR), FLOOR)

    return log_posterior


def optimum_samples(problem, guard, unit, log_posterior, info):
    """One sample of weight 1 at the optimum; its log likelihood is calculated once more."""
    unit = np.asarray(unit, dtype=float)
    vector = np.asarray(problem.prior_transform(unit), dtype=float)
    return make_samples(
        problem,
        guard,
        values=vector[None],
        unit=unit[None],
        log_weights=np.zeros(1),
        log_likelihoods=np.array([guard(vector)]),
        info={**info, "log_posterior": float(log_posterior)},
    )
