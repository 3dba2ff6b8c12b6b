"""Simulated binomial hierarchies: the posterior's ranks are those of quadrature, data set after data set."""

import numpy as np
import pytest
from scipy.special import expit

from cavity.numerics.weights import log_sum_exp
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, exact_pass
from cavity.propagate.modes import one_mode
from tests.statistics.propagate.problems import Hierarchy

SPACE = GlobalSpace.from_priors(["mu", "tau"], [GaussianPrior(0.0, 1.5), HalfNormalPrior(1.0)])
Z, W = np.polynomial.hermite_e.hermegauss(31)
LOG_W = np.log(W / W.sum())


class Simulated:
    """mu, tau from their priors, 10 binomial datasets."""

    def __init__(self, seed):
        rng = np.random.default_rng([77, seed])
        mu, tau = rng.normal(0, 1.5), abs(rng.normal())
        self.seed, self.truth = seed, np.array([mu, np.log(tau)])
        self.n = rng.integers(5, 40, 10)
        self.y = rng.binomial(self.n, expit(mu + tau * rng.normal(size=10)))
        likelihoods = {
            f"d{i}": (lambda t, n=n, y=y: y * t - n * np.logaddexp(0, t))
            for i, (n, y) in enumerate(zip(self.n, self.y))
        }
        self.hierarchy = Hierarchy(SPACE, likelihoods, (0.0, 2.5), {}, {})

    def fitted(self, interim_sd=None):
        mean, covariance, m, s = self.hierarchy.pilot(self.seed + 1)
        divided = None if interim_sd is None else interim_sd * s
        bank = self.hierarchy.bank(m, s, 200, self.seed + 500, divided)
        result = exact_pass(SPACE, bank, one_mode(mean, covariance), n=1500, seed=self.seed)
        return result.draws, np.exp(result.log_weights)

    def exact(self, mean, sd):
        """Gauss-Hermite over theta at every point of a grid over phi, 6 sds wide in mu."""
        axes = np.linspace(mean[0] - 6 * sd[0], mean[0] + 6 * sd[0], 241), np.linspace(-9.0, 2.2, 113)
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
        theta = grid[:, :1] + np.exp(grid[:, 1:]) * Z
        log_p, softplus = SPACE.log_prior(grid), np.logaddexp(0, theta)
        for n, y in zip(self.n, self.y):
            log_p = log_p + log_sum_exp(y * theta - n * softplus + LOG_W)
        weights = np.exp(log_p - log_p.max())
        return grid, weights / weights.sum()


def moments_and_ranks(x, weights, truth):
    mean = weights @ x  # of a rank, ties count half
    return mean, np.sqrt(weights @ (x - mean) ** 2), weights @ (x < truth) + 0.5 * (weights @ (x == truth))


@pytest.mark.long
def test_posteriors_and_ranks_are_those_of_quadrature():
    shifts, ratios, differences = [], [], []
    for seed in range(20):
        problem = Simulated(seed)
        mean, sd, rank = moments_and_ranks(*problem.fitted(), problem.truth)
        exact_mean, exact_sd, exact_rank = moments_and_ranks(*problem.exact(mean, sd), problem.truth)
        shifts.append((mean - exact_mean) / exact_sd)
        ratios.append(sd / exact_sd)
        differences.append(rank - exact_rank)
    assert np.abs(shifts).max() < 0.15
    assert np.sqrt(np.mean(np.square(shifts))) < 0.05
    assert 0.85 < np.min(ratios) and np.max(ratios) < 1.15
    assert np.abs(differences).max() < 0.06


def test_the_check_fails_when_the_parent_is_counted_twice():
    problem = Simulated(3)
    mean, sd, _ = moments_and_ranks(*problem.fitted(interim_sd=1e3), problem.truth)
    exact_mean, exact_sd, _ = moments_and_ranks(*problem.exact(mean, sd), problem.truth)
    assert np.abs((mean - exact_mean) / exact_sd).max() > 0.15
