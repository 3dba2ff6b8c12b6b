import numpy as np
import pytest

from cavity.search import Guard
from cavity.search.nested import nested_samples

from ...statistics.search.problems import correlated_gaussian


def test_weights_are_normalised_and_numbers_copied():
    problem = correlated_gaussian(2).problem
    unit = np.full((3, 2), 0.5)
    samples = nested_samples(
        problem,
        Guard(problem),
        values=problem.vectors(unit),
        unit=unit,
        log_weights=[0.0, np.log(3.0), -np.inf],
        log_likelihoods=[1.0, 2.0, -np.inf],
        log_evidence=np.float64(-2.0),
        log_evidence_error=0.1,
        info={"converged": True},
    )
    assert np.exp(samples.log_weights) == pytest.approx([0.25, 0.75, 0.0])
    unit[:] = 0.0
    assert samples.unit[0, 0] == 0.5
    assert samples.log_evidence == -2.0
