import dataclasses

import numpy as np
import pytest

from cavity.errors import SearchError
from cavity.search import Laplace

from ...statistics.search.problems import box_problem, correlated_gaussian, profile


@pytest.mark.parametrize(
    "known", [correlated_gaussian(2), correlated_gaussian(5), profile()], ids=["2", "5", "profile"]
)
def test_posterior_and_evidence_of_one_mode(known):
    samples = Laplace().run(known.problem, np.random.default_rng(1))
    assert samples.log_evidence == pytest.approx(known.log_evidence, abs=0.05)
    assert np.abs((samples.mean - known.mean) / known.sd).max() < 0.12
    assert samples.sd / known.sd == pytest.approx(np.ones(len(known.sd)), abs=0.1)
    assert samples.pareto_k < 0.7 and samples.calls < 1600


def test_the_same_checks_fail_without_adaptation_and_with_a_posterior_that_is_no_gaussian():
    def many(v):
        return -0.5 * ((v[:, 0] / 0.7) ** 2 + ((v[:, 1] - 2.0 * v[:, 0] ** 2) / 0.02) ** 2)

    problem = box_problem(["x", "y"], [-2, -2], [2, 2], lambda v: float(many(v[None])[0]), many)
    samples = Laplace(n_adapt=0, prior_fraction=0.0).run(problem, np.random.default_rng(1))
    assert samples.pareto_k > 0.7 or samples.ess < 50


def test_two_modes_are_both_found():
    def many(v):
        return np.logaddexp(-0.5 * ((v[:, 0] + 1.0) / 0.1) ** 2, -0.5 * ((v[:, 0] - 1.0) / 0.1) ** 2)

    problem = box_problem(["x"], [-2], [2], lambda v: float(many(v[None])[0]), many)
    samples = Laplace(n_starts=6).run(problem, np.random.default_rng(1))
    assert samples.info["modes"] == 2
    assert samples.mean[0] == pytest.approx(0.0, abs=0.1)
    assert samples.log_evidence == pytest.approx(np.log(2.0 * np.sqrt(2.0 * np.pi) * 0.1 / 4.0), abs=0.05)


def test_a_posterior_at_the_edge_of_its_prior():
    def many(v):
        return -v[:, 0] / 0.05

    problem = box_problem(["x"], [0.0], [1.0], lambda v: float(many(v[None])[0]), many)
    samples = Laplace().run(problem, np.random.default_rng(1))
    assert samples.log_evidence == pytest.approx(np.log(0.05), abs=0.05)
    assert samples.mean[0] == pytest.approx(0.05, rel=0.1)


def test_a_flat_likelihood_gives_the_prior():
    problem = box_problem(["x", "y"], [0, 0], [1, 1], lambda v: 3.0)
    samples = Laplace().run(problem, np.random.default_rng(1))
    assert samples.log_evidence == pytest.approx(3.0, abs=0.02)
    assert samples.sd == pytest.approx(np.full(2, 12**-0.5), rel=0.05)


def test_half_of_the_prior_may_have_no_likelihood():
    known = correlated_gaussian(2)
    cut = dataclasses.replace(
        known.problem,
        log_likelihood_batch=None,
        log_likelihood=lambda v: known.problem.log_likelihood(v) if v[0] > 0.3 else -np.inf,
    )
    samples = Laplace(n_draws=1024).run(cut, np.random.default_rng(1))
    assert samples.log_evidence == pytest.approx(known.log_evidence - np.log(2.0), abs=0.1)
    assert (samples.values[np.isfinite(samples.log_weights), 0] > 0.3).all()


def test_no_finite_point_is_an_error_that_says_what_to_do():
    problem = dataclasses.replace(
        correlated_gaussian(2).problem, log_likelihood=lambda v: -np.inf, log_likelihood_batch=None
    )
    with pytest.raises(
        SearchError, match="dataset d07 has a finite likelihood; narrow the priors or use a nested search"
    ):
        Laplace().run(problem, np.random.default_rng(1))
