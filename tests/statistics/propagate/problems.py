"""Small hierarchies with known answers, and a stand-in for a search: importance samples of one drawn variable."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtri

from cavity.numerics.sobol import sobol_normal, sobol_uniform
from cavity.prior import GaussianPrior, HalfCauchyPrior
from cavity.propagate import GlobalSpace, Link, SiteBank, build_site, interim_prior, newton, propagate

LOG_2PI = np.log(2 * np.pi)


def variable(name):
    return {"variable": name}


def parent(mean="mu", sigma="tau", name="theta", family="GaussianPrior", lower=None, upper=None):
    """The specification of one drawn variable."""
    as_expression = [variable(part) if isinstance(part, str) else part for part in (mean, sigma)]
    return {
        "name": name,
        "family": family,
        "mean": as_expression[0],
        "sigma": as_expression[1],
        "lower": lower,
        "upper": upper,
    }


def log_normal_density(x, mean, variance):
    return -0.5 * (x - mean) ** 2 / variance - 0.5 * np.log(variance) - 0.5 * LOG_2PI


def importance_samples(log_likelihood, mean, sd, n, seed):
    """theta [n, 1] and log(L pi / q) - log n for the interim prior N(mean, sd^2): a t proposal at the mode."""
    z = np.linspace(-7, 7, 2001)
    log_p = log_likelihood(mean + sd * z) - 0.5 * z * z
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    centre = p @ z
    width = 1.05 * np.sqrt(p @ (z - centre) ** 2)
    unit = sobol_uniform(n, 2, seed)
    t = ndtri(unit[:, 0]) / np.sqrt(gammaincinv(2.5, unit[:, 1]) * 2 / 5)
    z = centre + width * t
    log_q = gammaln(3) - gammaln(2.5) - 0.5 * np.log(5 * np.pi) - np.log(width) - 3 * np.log1p(t * t / 5)
    theta = mean + sd * z
    return theta[:, None], log_likelihood(theta) - 0.5 * z * z - 0.5 * LOG_2PI - log_q - np.log(n)


@dataclass(frozen=True)
class Hierarchy:
    """theta_i ~ N(mu, tau), one black-box log likelihood of theta for each dataset."""

    space: GlobalSpace
    log_likelihoods: dict
    broad: tuple  # interim mean and sd of the pilot
    exact: dict  # name -> (mean, sd)
    local: dict  # dataset -> (mean, sd)

    @property
    def spec(self):
        return {"drawn": [parent(*self.space.names)], "shared": []}

    def bank(self, mean, sd, n, seed, interim_sd=None):
        """Sites from importance samples; ``interim_sd`` overrides the prior that is divided out (a mistake)."""
        sites = []
        for i, (dataset, log_likelihood) in enumerate(self.log_likelihoods.items()):
            theta, log_w = importance_samples(log_likelihood, mean, sd, n, [seed, i])
            divided = sd if interim_sd is None else interim_sd
            sites.append(build_site(dataset, self.spec, log_w, theta, mean, divided))
        return SiteBank(sites, self.space)

    def pilot(self, seed=1, n=64):
        """q after pilot rounds, and the interim prior it predicts."""
        (mean, covariance), (m, s) = self.space.start(), self.broad
        for attempt in range(8):
            before = mean
            mean, covariance, _ = newton(self.space, self.bank(m, s, n, seed + attempt), mean, covariance)
            draws = mean + sobol_normal(1024, len(mean), 1) @ np.linalg.cholesky(covariance).T
            m, s = (float(part[0]) for part in interim_prior(Link(self.spec, self.space), draws))
            if attempt and (np.abs(mean - before) < np.sqrt(np.diag(covariance))).all():
                break
        return mean, covariance, m, s

    def fit(self, seed=1, n=400):
        """(bank, q) after the pilot and one refresh."""
        mean, covariance, m, s = self.pilot(seed)
        bank = self.bank(m, s, n, seed + 100)
        state, infos = propagate(self.space, bank, mean, covariance)
        assert not infos[-1].stalled
        return bank, state.gaussian


# NUTS, non-centred, 4 chains x 2,500 draws after 1,500 of warm-up, no divergences.
EIGHT_SCHOOLS = {"mu": (4.409, 3.347), "tau": (3.607, 3.240)}
EIGHT_SCHOOLS_LOCAL = {
    "A": (6.248, 5.635),
    "B": (5.008, 4.684),
    "C": (3.977, 5.286),
    "D": (4.770, 4.792),
    "E": (3.653, 4.662),
    "F": (4.005, 4.853),
    "G": (6.316, 5.072),
    "H": (4.889, 5.357),
}
SURGICAL = {"mu": (-2.5612, 0.1666), "sigma": (0.4414, 0.1660)}
SURGICAL_LOCAL = {
    "A": (-3.017, 0.472),
    "B": (-2.165, 0.237),
    "C": (-2.614, 0.280),
    "D": (-2.782, 0.143),
    "E": (-2.976, 0.282),
    "F": (-2.630, 0.238),
    "G": (-2.677, 0.267),
    "H": (-1.953, 0.205),
    "I": (-2.616, 0.235),
    "J": (-2.499, 0.288),
    "K": (-2.173, 0.192),
    "L": (-2.630, 0.186),
}


def eight_schools():
    """Rubin (1981); mu ~ N(0, 5), tau ~ HalfCauchy(5)."""
    effects, errors = (28, 8, -3, 7, -1, 1, 18, 12), (15, 10, 16, 11, 9, 11, 10, 18)
    likelihoods = {
        name: (lambda t, y=y, s=s: log_normal_density(t, y, s**2)) for name, y, s in zip("ABCDEFGH", effects, errors)
    }
    space = GlobalSpace.from_priors(["mu", "tau"], [GaussianPrior(0.0, 5.0), HalfCauchyPrior(5.0)])
    return Hierarchy(space, likelihoods, (0.0, 15.0), EIGHT_SCHOOLS, EIGHT_SCHOOLS_LOCAL)


def surgical():
    """Deaths in twelve hospitals (Spiegelhalter et al. 1996); logit rate ~ N(mu, sigma)."""
    operations = (47, 148, 119, 810, 211, 196, 148, 215, 207, 97, 256, 360)
    deaths = (0, 18, 8, 46, 8, 13, 9, 31, 14, 8, 29, 24)
    likelihoods = {
        name: (lambda t, n=n, r=r: r * t - n * np.logaddexp(0, t))
        for name, n, r in zip(SURGICAL_LOCAL, operations, deaths)
    }
    space = GlobalSpace.from_priors(["mu", "sigma"], [GaussianPrior(0.0, 5.0), HalfCauchyPrior(1.0)])
    return Hierarchy(space, likelihoods, (0.0, 5.0), SURGICAL, SURGICAL_LOCAL)
