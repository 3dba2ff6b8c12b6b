"""Eight schools and the surgical data against NUTS, and the mistakes that the same check must catch."""

import numpy as np
import pytest

from cavity.numerics.weights import log_sum_exp
from cavity.propagate import exact_pass, grid_pass, local_draws
from cavity.propagate.modes import one_mode
from tests.statistics.check import assert_same_posterior, moments
from tests.statistics.propagate.local_moments import local_moments
from tests.statistics.propagate.problems import eight_schools, surgical

PROBLEMS = {"eight_schools": eight_schools, "surgical": surgical}


def posterior(problem, result):
    return moments(problem.space.names, problem.space.values(result.draws), result.log_weights)


@pytest.fixture(scope="module", params=list(PROBLEMS))
def fitted(request):
    problem = PROBLEMS[request.param]()
    bank, q = problem.fit()
    return problem, bank, q, exact_pass(problem.space, bank, one_mode(q.mean, q.covariance))


def test_hyperparameters_agree_with_nuts(fitted):
    problem, _, _, result = fitted
    assert result.method == "importance"
    assert result.pareto_k < 0.7
    assert_same_posterior(posterior(problem, result), problem.exact, dm=0.06, sdr=(0.95, 1.05))


def test_local_parameters_agree_with_nuts(fitted):
    problem, bank, _, result = fitted
    phi = result.equal_weight(2000, np.random.default_rng(1))
    found = {dataset: (its.mean[0], its.sd[0]) for dataset, its in local_moments(bank, phi).items()}
    assert_same_posterior(found, problem.local, dm=0.07, sdr=(0.94, 1.06))
    drawn = {dataset: (its.values.mean(), its.values.std()) for dataset, its in local_draws(bank, phi, 3).items()}
    assert_same_posterior(drawn, problem.local, dm=0.1, sdr=(0.92, 1.08))


def test_quadrature_over_the_same_sites_gives_the_same_evidence(fitted):
    problem, bank, _, result = fitted
    mean, covariance = result.moments()
    width = 9 * np.sqrt(np.diag(covariance))
    grid = grid_pass(problem.space, bank, (mean - width, mean + width))
    assert grid.log_evidence == pytest.approx(result.log_evidence, abs=0.03)
    assert_same_posterior(posterior(problem, grid), posterior(problem, result), dm=0.04, sdr=(0.97, 1.03))


def test_the_evidence_does_not_depend_on_the_interim_prior():
    """The interim prior is divided out: two quite different ones give one evidence."""
    problem = eight_schools()
    mean, covariance, m, s = problem.pilot()
    found = [
        exact_pass(problem.space, problem.bank(m + shift, factor * s, 1000, 7), one_mode(mean, covariance)).log_evidence
        for shift, factor in ((0.0, 1.0), (2.0, 1.6))
    ]
    assert found[0] == pytest.approx(found[1], abs=0.03)


def test_the_check_fails_when_a_dataset_is_left_out():
    problem = eight_schools()
    bank, q = problem.fit()
    result = exact_pass(problem.space, bank.without(["A"]), one_mode(q.mean, q.covariance))
    with pytest.raises(AssertionError, match="mu"):
        assert_same_posterior(posterior(problem, result), problem.exact, dm=0.06, sdr=(0.95, 1.05))


@pytest.mark.parametrize("problem", [eight_schools(), surgical()], ids=list(PROBLEMS))
def test_the_check_fails_when_the_parent_is_counted_twice(problem):
    """Without dividing the interim prior out, every dataset brings the parent once more."""
    mean, covariance, m, s = problem.pilot()
    bank = problem.bank(m, s, 400, 7, interim_sd=1e3 * s)
    result = exact_pass(problem.space, bank, one_mode(mean, covariance))
    with pytest.raises(AssertionError, match=f"of {problem.space.names[1]} is"):
        assert_same_posterior(posterior(problem, result), problem.exact, dm=0.06, sdr=(0.95, 1.05))


AXES = {
    "eight_schools": (np.linspace(-16, 24, 161), np.linspace(-6, 5, 221)),
    "surgical": (np.linspace(-4, -1.2, 141), np.linspace(-5, 1.2, 187)),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_posterior_and_evidence_agree_with_quadrature_closer_than_nuts_can_tell(name):
    """Gauss-Hermite over theta on a grid over phi."""
    problem, axes = PROBLEMS[name](), AXES[name]
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    theta = grid[:, :1] + np.exp(grid[:, 1:]) * nodes
    log_p = problem.space.log_prior(grid)
    for log_likelihood in problem.log_likelihoods.values():
        log_p = log_p + log_sum_exp(log_likelihood(theta) + np.log(weights / weights.sum()))
    exact = moments(problem.space.names, problem.space.values(grid), log_p)
    log_evidence = log_sum_exp(log_p) + np.log(np.prod([axis[1] - axis[0] for axis in axes]))
    bank, q = problem.fit(seed=2)
    result = exact_pass(problem.space, bank, one_mode(q.mean, q.covariance))
    assert_same_posterior(posterior(problem, result), exact, dm=0.03, sdr=(0.97, 1.03))
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.04)
