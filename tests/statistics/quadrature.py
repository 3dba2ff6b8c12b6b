"""Exact answers by quadrature for noisy 1D Gaussian profiles: the yardstick of the statistical tests.

The likelihood is quadratic in the normalisation, so a dataset's log likelihood on a grid of (centre, sigma,
normalization) costs three sums over pixels for each (centre, sigma).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from cavity.rng import generator


@dataclass(frozen=True)
class Grid:
    """Nodes and normalised log prior masses of one parameter."""

    x: np.ndarray
    log_mass: np.ndarray


def grid_of(prior, low, high, n):
    """Midpoints of n cells in [low, high] with the prior's mass in each."""
    edges = np.linspace(low, high, n + 1)
    mass = np.diff(np.asarray(prior.cdf(edges), float))
    with np.errstate(divide="ignore"):
        return Grid(0.5 * (edges[1:] + edges[:-1]), np.log(mass))


def log_grid_of(prior, low, high, n):
    """The same with edges equal in log x."""
    edges = np.geomspace(low, high, n + 1)
    mass = np.diff(np.asarray(prior.cdf(edges), float))
    with np.errstate(divide="ignore"):
        return Grid(np.sqrt(edges[1:] * edges[:-1]), np.log(mass))


def profile(x, centre, normalization, sigma):
    """normalization times the Gaussian density."""
    return normalization / (sigma * np.sqrt(2 * np.pi)) * np.exp(-0.5 * ((x - centre) / sigma) ** 2)


def simulate_profiles(seed, centres, normalizations, sigmas, noise, n_pixels=100):
    """(N, n_pixels) noisy profiles."""
    rng = generator(seed, "profiles")
    x = np.arange(n_pixels, dtype=float)
    return np.array([profile(x, *p) + noise * rng.normal(size=n_pixels) for p in zip(centres, normalizations, sigmas)])


def site_functions(data, noise, centres, normalization, sigma):
    """log l_i(c) for every dataset, and the local parameters' moments given c.

    Returns
    -------
    log_l
        (N, C): log of the likelihood integrated over normalization and sigma.
    moments
        {"normalization": (E, E2), "sigma": (E, E2)}, each (N, C).
    """
    x = np.arange(data.shape[1], dtype=float)
    N, C = len(data), len(centres)
    log_l = np.empty((N, C))
    moments = {name: (np.empty((N, C)), np.empty((N, C))) for name in ("normalization", "sigma")}
    yy = (data**2).sum(1)
    A = normalization.x
    log_prior = normalization.log_mass[:, None] + sigma.log_mass
    for k, c in enumerate(centres):
        g = np.exp(-0.5 * ((x - c) / sigma.x[:, None]) ** 2) / (sigma.x[:, None] * np.sqrt(2 * np.pi))
        yg, gg = data @ g.T, (g**2).sum(1)
        for i in range(N):
            a = -0.5 * (yy[i] - 2 * A[:, None] * yg[i] + A[:, None] ** 2 * gg) / noise**2 + log_prior
            top = a.max()
            w = np.exp(a - top)
            total = w.sum()
            log_l[i, k] = top + np.log(total)
            wa, ws = w.sum(1) / total, w.sum(0) / total
            moments["normalization"][0][i, k], moments["normalization"][1][i, k] = wa @ A, wa @ A**2
            moments["sigma"][0][i, k], moments["sigma"][1][i, k] = ws @ sigma.x, ws @ sigma.x**2
    return log_l, moments


def hierarchical_posterior(log_l, centres, mean_prior, sigma_prior, means, sigmas, moments=None):
    """Posterior of a Gaussian parent's mean and sd, and of every local parameter, by quadrature.

    Returns
    -------
    dict
        {"population.mean": (mean, sd), "population.sigma": ..., "log_evidence": float, "local": [{name: (mean, sd)}]}
    """
    step = centres[1] - centres[0]
    top = log_l.max(1)
    likelihood = np.exp(log_l - top[:, None])
    log_post = mean_prior.log_prob(means)[:, None] + sigma_prior.log_prob(sigmas)[None]
    parent = np.exp(-0.5 * ((centres - means[:, None, None]) / sigmas[None, :, None]) ** 2)
    parent /= sigmas[None, :, None] * np.sqrt(2 * np.pi)
    each = np.einsum("abc,ic->iab", parent, likelihood) * step
    log_post = log_post + (np.log(each) + top[:, None, None]).sum(0)
    log_z = logsumexp(log_post) + np.log((means[1] - means[0]) * (sigmas[1] - sigmas[0]))
    w = np.exp(log_post - log_post.max())
    w /= w.sum()
    out = {"log_evidence": float(log_z)}
    for name, grid, marginal in (("mean", means, w.sum(1)), ("sigma", sigmas, w.sum(0))):
        mean = marginal @ grid
        out[f"population.{name}"] = (float(mean), float(np.sqrt(marginal @ (grid - mean) ** 2)))
    out["local"] = []
    for i in range(len(log_l)):
        density = np.einsum("ab,abc->c", w / each[i], parent) * likelihood[i] * step
        density /= density.sum()
        mean = density @ centres
        local = {"centre": (float(mean), float(np.sqrt(density @ (centres - mean) ** 2)))}
        for name, (first, second) in (moments or {}).items():
            mean = density @ first[i]
            local[name] = (float(mean), float(np.sqrt(density @ second[i] - mean**2)))
        out["local"].append(local)
    return out
