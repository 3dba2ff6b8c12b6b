"""A mixture of Student t distributions and the prior, in z = Phi^-1(u), where every prior is N(0, 1)."""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtr, ndtri

from cavity.numerics.sobol import sobol_uniform
from cavity.numerics.weights import log_sum_exp

#: The largest number below 1: a quantile function of 1 is infinite for an unbounded prior.
ALMOST_ONE = 1.0 - 2.0**-53
ALMOST_ZERO = 1e-300


class Proposal(NamedTuple):
    """A density in z-space that can be drawn from.

    ``weights`` (K,) sum to 1 - ``prior_fraction``; ``means`` (K, D); ``factors`` (K, D, D) are lower Cholesky factors
    of the scale matrices; ``df`` is the degrees of freedom of every component.
    """

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    df: float
    prior_fraction: float


def unit_of(z):
    """z (..., D) -> the open unit cube."""
    return np.minimum(np.maximum(ndtr(z), ALMOST_ZERO), ALMOST_ONE)


def normal_of(unit):
    """The unit cube (..., D) -> z, finite at the faces."""
    return ndtri(np.clip(unit, ALMOST_ZERO, ALMOST_ONE))


def make_proposal(weights, means, covariances, df=5.0, prior_fraction=0.0):
    """A proposal with the given components; the weights are scaled to what the prior leaves."""
    weights = np.asarray(weights, dtype=float)
    return Proposal(
        weights / weights.sum() * (1.0 - prior_fraction),
        np.asarray(means, dtype=float),
        np.linalg.cholesky(np.asarray(covariances, dtype=float)),
        float(df),
        float(prior_fraction),
    )


def joined(one, other):
    """The mixture of two proposals in equal parts, their components and their prior."""
    return Proposal(
        0.5 * np.concatenate([one.weights, other.weights]),
        np.concatenate([one.means, other.means]),
        np.concatenate([one.factors, other.factors]),
        one.df,
        0.5 * (one.prior_fraction + other.prior_fraction),
    )


def draw(proposal, n, rng):
    """n points (n, D) from a scrambled Sobol sequence: component, radius and direction are its coordinates."""
    n_dim = proposal.means.shape[1]
    points = sobol_uniform(n, n_dim + 2, rng)
    edges = np.cumsum(proposal.weights)
    component = np.searchsorted(edges, points[:, 0])
    from_prior = component >= len(edges)
    component = np.minimum(component, len(edges) - 1)
    normal = ndtri(np.clip(points[:, 2:], 1e-12, 1.0 - 1e-12))
    half = 0.5 * proposal.df
    spread = np.sqrt(gammaincinv(half, np.clip(points[:, 1], 1e-12, 1.0 - 1e-12)) / half)
    z = proposal.means[component] + np.einsum("nij,nj->ni", proposal.factors[component], normal) / spread[:, None]
    z[from_prior] = normal[from_prior]
    return z


def log_density(proposal, z):
    """The log density (n,) of the mixture at z (n, D)."""
    n_dim = z.shape[1]
    df = proposal.df
    constant = gammaln(0.5 * (df + n_dim)) - gammaln(0.5 * df) - 0.5 * n_dim * np.log(df * np.pi)
    radius = (z - proposal.means[:, None]) @ np.swapaxes(np.linalg.inv(proposal.factors), 1, 2)
    height = np.log(proposal.weights) + constant
    height = height - np.log(np.diagonal(proposal.factors, axis1=1, axis2=2)).sum(1)
    terms = height[:, None] - 0.5 * (df + n_dim) * np.log1p((radius * radius).sum(-1) / df)
    if proposal.prior_fraction > 0:
        terms = np.concatenate([terms, np.log(proposal.prior_fraction) + log_prior(z)[None]])
    return log_sum_exp(terms, axis=0)


def log_prior(z):
    """The log density (n,) of the prior, N(0, I), at z (n, D)."""
    return -0.5 * np.einsum("...i,...i->...", z, z) - 0.5 * z.shape[-1] * np.log(2.0 * np.pi)


def fit_components(z, log_weights, n_components, rng, n_resample=600, iterations=40):
    """A Gaussian mixture by expectation maximisation to weighted points.

    Covariances shrink to the pooled covariance within components (an inverse Wishart prior with D + 2 points), so that
    a component with few points is neither singular nor as wide as the distance between two modes.

    Parameters
    ----------
    z, log_weights
        (S, D) and (S,).
    n_components
        At most this many; components that end with fewer than two points are dropped.

    Returns
    -------
    weights (K,), means (K, D), covariances (K, D, D)
    """
    weights = np.exp(log_weights - np.max(log_weights))
    weights /= weights.sum()
    positions = (rng.random() + np.arange(n_resample)) / n_resample
    rows = np.minimum(np.searchsorted(np.cumsum(weights), positions), len(weights) - 1)
    z = z[rows]
    n, n_dim = z.shape
    centre = z.mean(0)
    total = np.cov(z, rowvar=False).reshape(n_dim, n_dim)
    scale = np.sqrt(np.maximum(np.diag(total), 1e-24))
    y = (z - centre) / scale
    n_components = max(1, min(n_components, len(np.unique(rows)) // (n_dim + 2)))
    means = _spread_out(y, n_components, rng)
    pooled = np.cov(y, rowvar=False).reshape(n_dim, n_dim) / n_components**2 + 1e-6 * np.eye(n_dim)
    covariances = np.repeat(pooled[None], n_components, 0)
    shares = np.full(n_components, 1.0 / n_components)
    before = -np.inf
    for _ in range(iterations):
        away, log_terms = _log_normals(y, means, covariances)
        log_terms += np.log(shares)[:, None]
        log_density = log_sum_exp(log_terms, axis=0)
        member = np.exp(log_terms - log_density)
        counts = member.sum(1)
        kept = counts > 2.0
        member, counts, away = member[kept], counts[kept], away[kept]
        shares = counts / counts.sum()
        moved = (member[:, None, :] @ away)[:, 0] / counts[:, None]
        means = means[kept] + moved
        scatter = np.swapaxes(member[..., None] * away, 1, 2) @ away
        scatter -= counts[:, None, None] * moved[:, :, None] * moved[:, None, :]
        pooled = scatter.sum(0) / n + 1e-8 * np.eye(n_dim)
        covariances = (scatter + (n_dim + 2) * pooled) / (counts[:, None, None] + n_dim + 2)
        if abs(log_density.mean() - before) < 1e-4:
            break
        before = log_density.mean()
    return shares, centre + scale * means, covariances * scale[:, None] * scale


def _spread_out(y, k, rng):
    """k of the points, far from one another (the seeding of k-means++; Arthur & Vassilvitskii 2007)."""
    chosen = [y[rng.integers(len(y))]]
    for _ in range(1, k):
        distance = np.min([((y - point) ** 2).sum(1) for point in chosen], axis=0)
        if distance.sum() <= 0:
            break
        chosen.append(y[rng.choice(len(y), p=distance / distance.sum())])
    while len(chosen) < k:
        chosen.append(y[rng.integers(len(y))])
    return np.array(chosen)


def _log_normals(y, means, covariances):
    """y (n, D) less each mean, (K, n, D), and the log densities (K, n)."""
    factors = np.linalg.cholesky(covariances)
    away = y - means[:, None]
    radius = away @ np.swapaxes(np.linalg.inv(factors), 1, 2)
    constant = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(1) + 0.5 * y.shape[1] * np.log(2.0 * np.pi)
    return away, -0.5 * (radius * radius).sum(-1) - constant[:, None]
