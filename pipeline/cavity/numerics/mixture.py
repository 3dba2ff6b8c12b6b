"""A mixture of Student t distributions and the prior, in z = Phi^-1(u), where every prior is N(0, 1)."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtr, ndtri

from cavity.numerics.sobol import sobol_uniform
from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp, systematic

FREEDOM = 5.0  # degrees of freedom of a component, where none are given

#: The largest number below 1: a quantile function of 1 is infinite for an unbounded prior.
ALMOST_ONE = 1.0 - 2.0**-53
ALMOST_ZERO = 1e-300


class Mixture(NamedTuple):
    """A density in z-space that can be drawn from."""

    weights: Annotated[Array, "K"]  # they sum to 1 - prior_fraction
    means: Annotated[Array, "K D"]
    factors: Annotated[Array, "K D D"]  # lower Cholesky factors of the scale matrices
    df: float  # degrees of freedom of every component
    prior_fraction: float  # the share of N(0, 1)

    @classmethod
    def of(
        cls,
        weights: Annotated[Array, "K"],
        means: Annotated[Array, "K D"],
        scales: Annotated[Array, "K D D"],
        df: float = FREEDOM,
        prior_fraction: float = 0.0,
    ) -> "Mixture":
        """The mixture of these components; the weights are scaled to what the prior leaves."""
        weights = np.asarray(weights, float)
        return cls(
            weights / weights.sum() * (1.0 - prior_fraction),
            np.asarray(means, float),
            np.linalg.cholesky(np.asarray(scales, float)),
            float(df),
            float(prior_fraction),
        )

    def joined(self, other: "Mixture") -> "Mixture":
        """The mixture of two in equal parts, their components and their prior."""
        return Mixture(
            0.5 * np.concatenate([self.weights, other.weights]),
            np.concatenate([self.means, other.means]),
            np.concatenate([self.factors, other.factors]),
            self.df,
            0.5 * (self.prior_fraction + other.prior_fraction),
        )

    def draws(self, n: int, rng) -> Annotated[Array, "n D"]:
        """Points from a scrambled Sobol sequence: component, radius and direction are its coordinates."""
        n_dim = self.means.shape[1]
        points = sobol_uniform(n, n_dim + 2, rng)
        edges = np.cumsum(self.weights)
        component = np.searchsorted(edges, points[:, 0])
        from_prior = component >= len(edges)
        component = np.minimum(component, len(edges) - 1)
        normal = ndtri(np.clip(points[:, 2:], 1e-12, 1.0 - 1e-12))
        half = 0.5 * self.df
        spread = np.sqrt(gammaincinv(half, np.clip(points[:, 1], 1e-12, 1.0 - 1e-12)) / half)
        z = self.means[component] + np.einsum("nij,nj->ni", self.factors[component], normal) / spread[:, None]
        z[from_prior] = normal[from_prior]
        return z

    def log_density(self, z: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """The log density at z (Kotz & Nadarajah 2004, eq. 1.1, for each component)."""
        n_dim, df = z.shape[1], self.df
        constant = gammaln(0.5 * (df + n_dim)) - gammaln(0.5 * df) - 0.5 * n_dim * np.log(df * np.pi)
        radius = (z - self.means[:, None]) @ np.swapaxes(np.linalg.inv(self.factors), 1, 2)
        height = np.log(self.weights) + constant
        height = height - np.log(np.diagonal(self.factors, axis1=1, axis2=2)).sum(1)
        terms = height[:, None] - 0.5 * (df + n_dim) * np.log1p((radius * radius).sum(-1) / df)
        if self.prior_fraction > 0:
            terms = np.concatenate([terms, np.log(self.prior_fraction) + log_prior(z)[None]])
        return log_sum_exp(terms, axis=0)

    def to_tree(self) -> dict[str, Array]:
        """Its fields as arrays, by name."""
        return {key: np.asarray(value, float) for key, value in self._asdict().items()}

    @classmethod
    def from_tree(cls, tree: Mapping) -> "Mixture":
        """The inverse of :meth:`to_tree`; what else is in the tree is left alone."""
        arrays = [np.asarray(tree[key], float) for key in cls._fields]
        return cls(*arrays[:3], *map(float, arrays[3:]))


def unit_of(z: Annotated[Array, "... D"]) -> Annotated[Array, "... D"]:
    """z -> the open unit cube."""
    return np.minimum(np.maximum(ndtr(z), ALMOST_ZERO), ALMOST_ONE)


def normal_of(unit: Annotated[Array, "... D"]) -> Annotated[Array, "... D"]:
    """The unit cube -> z, finite at the faces."""
    return ndtri(np.clip(unit, ALMOST_ZERO, ALMOST_ONE))


def log_prior(z: Annotated[Array, "... D"]) -> Annotated[Array, "..."]:
    """The log density of the prior, N(0, I)."""
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
    rows = systematic(log_weights, n_resample, rng)
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
