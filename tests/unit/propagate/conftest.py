"""A small hierarchy with Gaussian sites that every module above the bank is tested on."""

import numpy as np
import pytest

from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, SiteBank, build_site

SPEC = {
    "drawn": [
        {"name": "x", "family": "GaussianPrior", "mean": {"variable": "mu"}, "sigma": {"variable": "tau"}},
    ],
    "shared": [],
}
NOISE, INTERIM = 0.5, (0.4, 1.2)


class Normal:
    """y_i ~ N(theta_i, .5), theta_i ~ N(mu, tau): sites from 128 Sobol samples, and the posterior by quadrature."""

    def __init__(self, n=15, samples=128):
        rng = np.random.default_rng(5)
        self.y = 0.5 + 0.9 * rng.normal(size=n) + NOISE * rng.normal(size=n)
        self.space = GlobalSpace.from_priors(["mu", "tau"], [GaussianPrior(0.0, 2.0), HalfNormalPrior(2.0)])
        mean, sd = INTERIM
        self.variance = 1 / (1 / NOISE**2 + 1 / sd**2)
        sites = []
        for i, y in enumerate(self.y):
            centre = self.variance * (y / NOISE**2 + mean / sd**2)
            theta = centre + np.sqrt(self.variance) * sobol_normal(samples, 1, i)
            total = NOISE**2 + sd**2
            log_z = -0.5 * (y - mean) ** 2 / total - 0.5 * np.log(2 * np.pi * total)
            log_w = np.full(samples, log_z - np.log(samples))
            sites.append(build_site(f"d{i}", SPEC, log_w, theta, mean, sd, theta**2, ("square",)))
        self.bank = SiteBank(sites, self.space)
        axes = np.linspace(-1.5, 2.5, 201), np.linspace(-2.0, 1.5, 201)
        self.grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
        total = NOISE**2 + np.exp(2 * self.grid[:, 1:])
        log_l = (-0.5 * (self.y - self.grid[:, :1]) ** 2 / total - 0.5 * np.log(2 * np.pi * total)).sum(1)
        log_p = log_l + self.space.log_prior(self.grid)
        weights = np.exp(log_p - log_p.max())
        cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
        self.log_evidence = log_p.max() + np.log(weights.sum() * cell)
        self.weights = weights / weights.sum()
        self.mean = self.weights @ self.grid
        self.sd = np.sqrt(self.weights @ (self.grid - self.mean) ** 2)


@pytest.fixture(scope="session")
def normal():
    return Normal()
