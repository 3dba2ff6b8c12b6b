"""What the nested samplers share: weighted points to Samples."""

import numpy as np

from cavity.numerics.weights import log_sum_exp
from cavity.search.base import make_samples


def nested_samples(
    problem, guard, *, values, unit, log_weights, log_likelihoods, log_evidence, log_evidence_error, info
):
    """Samples of a nested sampling run.

    Parameters
    ----------
    values, unit
        (S, ndim) in parameters and in the unit cube.
    log_weights
        (S,), any normalisation.
    """
    log_weights = np.asarray(log_weights, dtype=float)
    return make_samples(
        problem,
        guard,
        values=np.array(values, dtype=float),
        unit=np.array(unit, dtype=float),
        log_weights=log_weights - log_sum_exp(log_weights),
        log_likelihoods=np.array(log_likelihoods, dtype=float),
        log_evidence=float(log_evidence),
        log_evidence_error=float(log_evidence_error),
        info=info,
    )
