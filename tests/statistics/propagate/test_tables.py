"""Table sites: a posterior with two modes, one and two shared parameters, against quadrature."""

import numpy as np
import pytest

from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, UniformPrior
from cavity.propagate import (
    GlobalSpace,
    SiteBank,
    build_table,
    exact_pass,
    grid_pass,
    local_draws,
    propagate,
    tempered_ticks,
    tensor_nodes,
)
from cavity.propagate.modes import one_mode
from cavity.strategy.tables import count_modes
from tests.statistics.check import assert_same_posterior, moments
from tests.statistics.propagate.problems import log_normal_density

SPEC = {"drawn": [], "shared": ["root"]}


def bimodal(n=300, seed=0):
    """y_i = root^2 + b_i + noise, b_i ~ N(0, .5): the sign of the root is not known, two sites see only half of it."""
    rng = np.random.default_rng(seed)
    y = 1.0 + 0.5 * rng.normal(size=6) + 0.6 * rng.normal(size=6)
    space = GlobalSpace.from_priors(["root"], [UniformPrior(-3.0, 4.0)])
    fine = np.linspace(-6, 6, 2001)
    lean = 0.25

    def log_density(phi):
        root = space.values(phi[:, None])[:, 0]
        return log_normal_density(y, root[:, None] ** 2, 0.25 + 0.36).sum(1) + lean * root

    ticks = tempered_ticks(fine, log_density(fine) - 0.5 * fine**2, 61)
    root = space.values(ticks[:, None])[:, 0]
    sites = []
    for i, value in enumerate(y):
        b = 0.5 * 1.5 * sobol_normal(n, 1, [seed, i])[:, 0]
        ratio = log_normal_density(b, 0, 0.25) - log_normal_density(b, 0, 0.25 * 1.5**2) - np.log(n)
        log_l = log_normal_density(value, root**2 + b[:, None], 0.36) + lean / len(y) * root
        sites.append(build_table(f"d{i}", SPEC, ticks[:, None], log_l, ratio, b, ("b",)))
    return space, SiteBank(sites, space), y, fine, log_density(fine) + space.log_prior(fine[:, None])


@pytest.fixture(scope="module")
def problem():
    return bimodal()


def quadrature(space, x, log_p):
    found = moments(["root"], space.values(x[:, None]), log_p)
    top = log_p.max()
    return found, top + np.log(np.exp(log_p - top).sum() * (x[1] - x[0]))


def test_both_modes_are_found_and_weighted(problem):
    space, bank, _, x, log_p = problem
    exact, log_evidence = quadrature(space, x, log_p)
    assert count_modes(space.log_prior(x[:, None]) + bank.log_l(x[:, None]).sum(1)) == 2
    result = grid_pass(space, bank)
    found = moments(["root"], space.values(result.draws), result.log_weights)
    assert_same_posterior(found, exact, dm=0.03, sdr=(0.97, 1.03))
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.05)
    assert result.log_evidence_error < 1e-6


def test_the_check_fails_when_one_mode_is_missed(problem):
    """A Gaussian q locks onto one mode and the importance sampling around it looks healthy."""
    space, bank, _, x, log_p = problem
    start = x[[np.argmax(log_p)]]
    state, _ = propagate(space, bank, start, np.array([[0.01]]))
    mean, sd = state.gaussian.mean, np.sqrt(state.gaussian.covariance[0, 0])
    found = moments(["root"], space.values(np.linspace(mean - 3 * sd, mean + 3 * sd, 500)), np.zeros(500))
    with pytest.raises(AssertionError, match="root"):
        assert_same_posterior(found, quadrature(space, x, log_p)[0], dm=0.1)


def test_importance_sampling_from_a_wide_start_agrees_with_the_grid(problem):
    space, bank, _, x, log_p = problem
    result = exact_pass(space, bank, one_mode(np.zeros(1), np.eye(1)))
    found = moments(["root"], space.values(result.draws), result.log_weights)
    assert_same_posterior(found, quadrature(space, x, log_p)[0], dm=0.1, sdr=(0.95, 1.05))


def test_local_parameters_follow_the_table(problem):
    space, bank, y, _, _ = problem
    result = grid_pass(space, bank)
    phi = result.equal_weight(1500, np.random.default_rng(0))
    found = {name: (its.values[:, 0].mean(), its.values[:, 0].std()) for name, its in local_draws(bank, phi, 1).items()}
    root = space.values(result.draws)[:, 0]
    weights, gain = np.exp(result.log_weights), 0.25 / (0.25 + 0.36)
    exact = {}
    for i, value in enumerate(y):
        centre = gain * (value - root**2)
        mean = weights @ centre
        exact[f"d{i}"] = mean, np.sqrt(weights @ (centre - mean) ** 2 + gain * 0.36)
    assert_same_posterior(found, exact, dm=0.1, sdr=(0.9, 1.1))


def test_two_shared_parameters_on_a_tensor_grid():
    """y_ij = a + b x_j + noise: a Gaussian posterior in two correlated parameters, no local parameter at all."""
    rng = np.random.default_rng(3)
    x = np.linspace(0, 1, 5)
    space = GlobalSpace.from_priors(["a", "b"], [GaussianPrior(0.0, 1.0), GaussianPrior(0.0, 1.0)])
    nodes = tensor_nodes(np.linspace(-3, 3, 25), np.linspace(-3, 3, 27))
    A = np.stack([np.ones(5), x], 1)
    precision, shift, sites = np.eye(2), np.zeros(2), []
    for i in range(4):
        y = 0.5 - 0.8 * x + rng.normal(size=5)
        log_l = log_normal_density(y, nodes @ A.T, 1.0).sum(1)
        sites.append(
            build_table(
                f"d{i}", {"drawn": [], "shared": ["a", "b"]}, nodes, np.tile(log_l, (3, 1)), np.full(3, -np.log(3))
            )
        )
        precision, shift = precision + A.T @ A, shift + A.T @ y
    bank = SiteBank(sites, space)
    covariance = np.linalg.inv(precision)
    exact = dict(zip(["a", "b"], zip(covariance @ shift, np.sqrt(np.diag(covariance)))))
    result = grid_pass(space, bank)
    assert_same_posterior(moments(["a", "b"], result.draws, result.log_weights), exact, dm=0.005, sdr=(0.995, 1.005))
    state, _ = propagate(space, bank, np.zeros(2), np.eye(2))
    assert np.allclose(state.gaussian.covariance, covariance, rtol=1e-3)
    assert np.allclose(state.gaussian.mean, covariance @ shift, atol=1e-3)
