"""What every nested sampler's samples must satisfy."""

import numpy as np
import pytest


def check_nested(samples, known, sigmas=4.0, moments=0.3):
    """Names, weights, likelihoods and unit cube agree, and evidence and moments are right."""
    problem = known.problem
    assert samples.names == problem.names
    assert np.exp(samples.log_weights).sum() == pytest.approx(1.0)
    best = int(np.argmax(samples.log_likelihoods))
    assert samples.log_likelihoods[best] == pytest.approx(problem.log_likelihood(samples.values[best]))
    assert problem.prior_transform(samples.unit[best]) == pytest.approx(samples.values[best])
    assert samples.info["converged"] is True
    assert abs(samples.log_evidence - known.log_evidence) < sigmas * samples.log_evidence_error
    assert np.abs((samples.mean - known.mean) / known.sd).max() < moments
    assert samples.sd / known.sd == pytest.approx(np.ones(len(known.sd)), abs=moments)
