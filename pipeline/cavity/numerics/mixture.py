"""Mixtures: Student t distributions and the prior, in z = Phi^-1(u), where every prior is N(0, 1), and their fits."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Annotated, NamedTuple

import numpy as np
from scipy.special import gammaincinv, gammaln, ndtr, ndtri, stdtr, stdtrit

from cavity.numerics.normal import is_positive_definite, weighted_moments
from cavity.numerics.parts import PARTS, part_of
from cavity.numerics.sobol import sobol_uniform
from cavity.numerics.types import Array, Seed
from cavity.numerics.weights import effective_sample_size, log_sum_exp, systematic, tempered

FREEDOM = 5.0  # degrees of freedom of a component, where none are given
WIDER = 4.0  # times the covariances of a proposal that its own draws cannot improve
MOST_MODES = 5
BISECTIONS = 40
COUNTED = 300  # points that the information criterion counts at most: more would split a skewed mode for ever

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

    @property
    def scales(self) -> Annotated[Array, "K D D"]:
        """The scale matrices."""
        return self.factors @ np.swapaxes(self.factors, 1, 2)

    def widened(self) -> "Mixture":
        """The same with scale matrices ``WIDER`` times as large."""
        return self._replace(factors=np.sqrt(WIDER) * self.factors)

    def joined(self, other: "Mixture", share: float = 0.5) -> "Mixture":
        """The mixture of two, their components and their prior: ``share`` of the other."""
        return Mixture(
            np.concatenate([(1 - share) * self.weights, share * other.weights]),
            np.concatenate([self.means, other.means]),
            np.concatenate([self.factors, other.factors]),
            self.df,
            (1 - share) * self.prior_fraction + share * other.prior_fraction,
        )

    def draws(self, n: int, seed: Seed) -> Annotated[Array, "n D"]:
        """Points from a scrambled Sobol sequence: component, radius and direction are its coordinates."""
        n_dim = self.means.shape[1]
        points = sobol_uniform(n, n_dim + 2, seed)
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

    def draws_in_parts(self, n: int, rng: np.random.Generator, parts: int = PARTS) -> Annotated[Array, "n D"]:
        """n points in consecutive parts, equal to within one point, each from a sequence that is scrambled by itself.

        How the parts differ is the noise of their average. Pieces of one sequence fill each other's gaps and differ by
        more.
        """
        sizes = np.bincount(part_of(n, parts), minlength=parts)
        return np.concatenate([self.draws(int(size), rng) for size in sizes if size])

    def log_density(self, z: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """The log density at z (Kotz & Nadarajah 2004, eq. 1.1, for each component) (docs/inference.md, eq. 8)."""
        n_dim, df = z.shape[1], self.df
        constant = gammaln(0.5 * (df + n_dim)) - gammaln(0.5 * df) - 0.5 * n_dim * np.log(df * np.pi)
        radius = (z - self.means[:, None]) @ np.swapaxes(np.linalg.inv(self.factors), 1, 2)
        height = np.log(self.weights) + constant
        height = height - np.log(np.diagonal(self.factors, axis1=1, axis2=2)).sum(1)
        terms = height[:, None] - 0.5 * (df + n_dim) * np.log1p((radius * radius).sum(-1) / df)
        if self.prior_fraction > 0:
            terms = np.concatenate([terms, np.log(self.prior_fraction) + log_prior(z)[None]])
        return log_sum_exp(terms, axis=0)

    def marginal(self, p: int) -> "Mixture":
        """The density of the first p coordinates."""
        return self._replace(means=self.means[:, :p], factors=self.factors[:, :p, :p])

    def completed(self, given: Annotated[Array, "Q p"], unit: Annotated[Array, "Q D-p"]) -> Annotated[Array, "Q D"]:
        """Points whose first p coordinates are given and whose others are quantiles, one after the other, given these.

        The inverse of Rosenblatt's (1952) transform: uniform numbers become draws of the conditional density, and
        neighbouring numbers neighbouring draws, whatever the components, so that Sobol points keep their evenness.
        A coordinate of a t component given the ones before is a t again (Ding 2016).
        """
        z, df = np.asarray(given, float), self.df
        away, log_terms = np.empty((len(self.weights), len(z), 0)), np.log(self.weights)[:, None]
        log_prior_term = np.full(len(z), np.log(max(self.prior_fraction, ALMOST_ZERO)))
        for j in range(self.means.shape[1]):
            freedom, width = df + j, self.factors[:, j, j, None]
            width = width * np.sqrt((df + (away * away).sum(-1)) / freedom)
            centre = self.means[:, j, None] + np.einsum("kj,kqj->kq", self.factors[:, j, :j], away)
            if j == z.shape[1]:
                log_shares = np.concatenate([log_terms + np.zeros(len(z)), log_prior_term[None]])
                shares = np.exp(log_shares - log_sum_exp(log_shares, axis=0))
                column = _quantile(unit[:, j - given.shape[1]], shares, centre, width, freedom)
                z = np.concatenate([z, column[:, None]], axis=1)
            standard = (z[:, j] - centre) / width
            log_terms = log_terms - np.log(width) + gammaln(0.5 * (freedom + 1)) - gammaln(0.5 * freedom)
            log_terms = (
                log_terms - 0.5 * np.log(freedom * np.pi) - 0.5 * (freedom + 1) * np.log1p(standard**2 / freedom)
            )
            log_prior_term = log_prior_term + log_prior(z[:, [j]])
            own = (z[:, j] - centre) / self.factors[:, j, j, None]
            away = np.concatenate([away, own[..., None]], axis=-1)
        return z

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


def _quantile(unit, shares, centre, width, freedom):
    """Quantiles [Q] of mixtures of t components [K, Q] and, their last share, the standard normal; by bisection."""
    unit = np.clip(unit, 1e-12, 1.0 - 1e-12)
    own = np.concatenate([centre + width * stdtrit(freedom, unit), ndtri(unit)[None]])
    low, high = own.min(0), own.max(0)  # a mixture's quantile lies between its components'
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        reached = (shares[:-1] * stdtr(freedom, (middle - centre) / width)).sum(0) + shares[-1] * ndtr(middle)
        low, high = np.where(reached < unit, middle, low), np.where(reached < unit, high, middle)
    return 0.5 * (low + high)


class EMStep(NamedTuple):
    """One step of expectation maximisation: the terms are of the components before it, what follows is after it."""

    log_likelihood: float  # the weighted mean
    log_terms: Annotated[Array, "K S"]  # log of share times density
    shares: Annotated[Array, "K"]
    means: Annotated[Array, "K D"]
    covariances: Annotated[Array, "K D D"]


def expectation_maximisation(
    x: Annotated[Array, "S D"],
    weights: Annotated[Array, "S"],
    means: Annotated[Array, "K D"],
    covariances: Annotated[Array, "K D D"],
    widened: Callable[[Array, Array], Array],
    fewest: float = 0.0,
) -> Iterator[EMStep]:
    """Steps of a Gaussian mixture towards weighted points (Dempster, Laird & Rubin 1977), for ever: the caller stops.

    Parameters
    ----------
    x, weights
        The points; the weights add up to 1.
    means, covariances
        Where to start, in equal shares.
    widened
        Scatter [K, D, D] about the new means and mass [K] -> covariances [K, D, D] that cannot collapse.
    fewest
        Mass at or below which a component is dropped.
    """
    shares = np.full(len(means), 1 / len(means))
    while True:
        away, log_terms = _log_normals(x, means, covariances)
        log_terms += np.log(shares)[:, None]
        total = log_sum_exp(log_terms, axis=0)
        member = np.exp(log_terms - total) * weights
        mass = member.sum(1)
        kept = mass > fewest
        member, mass, away = member[kept], mass[kept], away[kept]
        shares = mass / mass.sum()
        moved = (member[:, None, :] @ away)[:, 0] / mass[:, None]
        means = means[kept] + moved
        scatter = np.swapaxes(member[..., None] * away, 1, 2) @ away
        scatter -= mass[:, None, None] * moved[:, :, None] * moved[:, None, :]
        covariances = widened(scatter, mass)
        yield EMStep(float(weights @ total), log_terms, shares, means, covariances)


def fit_components(
    z: Annotated[Array, "S D"],
    log_weights: Annotated[Array, "S"],
    n_components: int,
    rng: np.random.Generator,
    n_resample: int = 600,
    iterations: int = 40,
) -> tuple[Annotated[Array, "K"], Annotated[Array, "K D"], Annotated[Array, "K D D"]]:
    """Shares, means and covariances of a Gaussian mixture fitted to weighted points.

    Covariances shrink to the pooled one within components (an inverse Wishart prior with D + 2 points; Fraley &
    Raftery 2007), so that one with few points is neither singular nor as wide as the distance between two modes.

    Parameters
    ----------
    z, log_weights
        The points, resampled to ``n_resample`` of equal weight.
    n_components
        At most this many; components that end with fewer than two points are dropped.
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
    prior_mass, before = (n_dim + 2) / n, -np.inf

    def shrunk(scatter, mass):
        pooled = scatter.sum(0) + 1e-8 * np.eye(n_dim)
        return (scatter + prior_mass * pooled) / (mass[:, None, None] + prior_mass)

    start = means, np.repeat(pooled[None], n_components, 0)
    for step in islice(expectation_maximisation(y, np.full(n, 1 / n), *start, shrunk, 2 / n), iterations):
        if abs(step.log_likelihood - before) < 1e-4:
            break
        before = step.log_likelihood
    return step.shares, centre + scale * step.means, step.covariances * scale[:, None] * scale


def refitted(x: Annotated[Array, "S D"], log_weights: Annotated[Array, "S"], previous: Mixture) -> Mixture:
    """A mixture for weighted points: all of them, and three parts along the most skewed direction.

    Where so few points have all the weight that they determine no covariance, the fit is to weights raised to the
    largest power at which enough count; where no power does, it is ``previous``, the points' own proposal, widened.
    """
    D = x.shape[1]
    log_weights = tempered(log_weights, 4.0 * (D + 1))
    mean, covariance = weighted_moments(x, log_weights)
    covariance = covariance + 1e-9 * np.trace(covariance) / D * np.eye(D)
    if not is_positive_definite(covariance):
        return previous.widened()
    weights = np.exp(log_weights - log_sum_exp(log_weights))
    z = np.linalg.solve(np.linalg.cholesky(covariance), (x - mean).T)
    direction = np.argmax(np.abs(z**3 @ weights))
    order = np.argsort(z[direction], kind="stable")
    cuts = np.interp([1 / 3, 2 / 3], np.cumsum(weights[order]), z[direction][order])
    part = np.digitize(z[direction], cuts)
    means, scales = [mean], [1.2 * covariance]
    for k in range(3):
        members = part == k
        if weights[members].sum() > 0.02:
            its_mean, its_covariance = weighted_moments(x[members], log_weights[members])
            means.append(its_mean)
            scales.append(1.2 * (its_covariance + 0.05 * covariance))
    return Mixture.of(np.ones(len(means)), means, scales)


def split_modes(
    theta: Annotated[Array, "S D"], log_w: Annotated[Array, "S"], most: int = MOST_MODES
) -> Annotated[Array, "S"]:
    """The mode of every point, 0 ... M - 1, every one of them in use: a kernel must not bridge the gap between two.

    A mixture of Gaussians, one component more as long as the Bayesian information criterion (Schwarz 1978) improves
    by 2 once in two steps. The weights are in any normalisation.
    """
    weights = np.exp(log_w - log_sum_exp(log_w))
    centred = theta - weights @ theta
    spread = np.sqrt(weights @ centred**2)
    theta = centred / np.where(spread > 0, spread, 1.0)
    counted = min(float(effective_sample_size(log_w)), COUNTED)
    d = theta.shape[1]
    best, labels, chosen = np.inf, np.zeros(len(theta), int), 1
    for components in range(1, most + 1):
        log_likelihood, found = _sliced(theta, weights, components)
        parameters = components * (1 + d + d * (d + 1) / 2) - 1
        criterion = -2 * log_likelihood * counted + np.log(counted) * parameters
        if criterion < best - 2:
            best, labels, chosen = criterion, found, components
        elif components > chosen + 1:  # two more did not help: of four alike modes, two components tell nothing yet
            break
    return np.unique(labels, return_inverse=True)[1].reshape(-1)


def _sliced(theta, weights, components, iterations=60):
    """Mean log likelihood, and the most probable component of every point: a fit that starts from slices of equal mass
    along the widest direction, and whose covariances keep a thousandth of the whole."""
    S, d = theta.shape
    mean = weights @ theta
    centred = theta - mean
    spread = (centred * weights[:, None]).T @ centred + 1e-12 * np.eye(d)
    along = centred @ np.linalg.eigh(spread)[1][:, -1]
    order = np.argsort(along, kind="stable")
    slab = np.empty(S, int)
    slab[order] = np.minimum((np.cumsum(weights[order]) * components * (1 - 1e-9)).astype(int), components - 1)
    membership = (slab == np.arange(components)[:, None]) * weights + 1e-12 / S
    start = (
        membership @ theta / membership.sum(1, keepdims=True),
        np.repeat(spread[None] / components**2, components, 0),
    )
    floor, previous = 1e-3 * spread, -np.inf

    def floored(scatter, mass):
        return scatter / mass[:, None, None] + floor

    for step in islice(expectation_maximisation(theta, weights, *start, floored), iterations):
        if components == 1 or step.log_likelihood < previous + 2e-4:
            break
        previous = step.log_likelihood
    return step.log_likelihood, np.argmax(step.log_terms, 0)


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
