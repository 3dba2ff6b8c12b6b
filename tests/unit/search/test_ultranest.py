import dataclasses

import numpy as np
import pytest

from cavity.errors import LikelihoodError
from cavity.search import UltraNest
from cavity.search.ultranest import legacy_generator_seeded

from ...statistics.search.problems import correlated_gaussian
from .nested_checks import check_nested

QUICK = {"min_num_live_points": 60, "min_ess": 100, "dlogz": 2.0, "dKL": 2.0, "max_num_improvement_loops": 0}


@pytest.mark.parametrize("batched", [True, False])
def test_posterior_and_evidence_by_regions(batched):
    known = correlated_gaussian(2, batched=batched)
    check_nested(UltraNest(**QUICK).run(known.problem, np.random.default_rng(1)), known)


def test_posterior_and_evidence_by_steps(capsys):
    known = correlated_gaussian(2)
    samples = UltraNest(**QUICK, nsteps=8).run(known.problem, np.random.default_rng(1))
    check_nested(samples, known)
    assert capsys.readouterr().out == ""


def test_the_same_seed_is_the_same_run_and_numpy_s_generator_is_left_alone():
    problem = correlated_gaussian(2).problem
    np.random.seed(7)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    runs = [UltraNest(**QUICK, max_ncalls=500).run(problem, np.random.default_rng(3)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert np.random.random() == expected  # noqa: NPY002


def test_numpy_s_generator_is_given_back_after_an_error():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    with pytest.raises(ZeroDivisionError), legacy_generator_seeded(np.random.default_rng(1)):
        raise ZeroDivisionError
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_minus_infinity_is_floored_and_weighs_nothing():
    known = correlated_gaussian(2, batched=False)
    problem = dataclasses.replace(
        known.problem, log_likelihood=lambda v: known.problem.log_likelihood(v) if v[0] > 0.3 else -np.inf
    )
    samples = UltraNest(**QUICK).run(problem, np.random.default_rng(1))
    assert abs(samples.log_evidence - known.log_evidence + np.log(2.0)) < 4 * samples.log_evidence_error
    assert (samples.values[np.isfinite(samples.log_weights), 0] > 0.3).all()


def test_a_bad_likelihood_is_one_sentence():
    problem = dataclasses.replace(correlated_gaussian(2, batched=False).problem, log_likelihood=lambda v: np.nan)
    with pytest.raises(LikelihoodError, match="d07: the likelihood is NaN at x0="):
        UltraNest(**QUICK).run(problem, np.random.default_rng(1))
