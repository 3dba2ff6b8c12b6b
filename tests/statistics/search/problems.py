"""Problems with known answers: log evidence, posterior means and sds in closed form or by quadrature."""

from functools import cache
from typing import NamedTuple

import numpy as np

from cavity.search import Problem


class Known(NamedTuple):
    """A problem and its exact answer; ``mean`` and ``sd`` are (ndim,)."""

    problem: Problem
    log_evidence: float
    mean: np.ndarray
    sd: np.ndarray


def box_problem(names, lower, upper, log_likelihood, log_likelihood_batch=None):
    """Uniform priors on a box."""
    lower, width = np.asarray(lower, float), np.asarray(upper, float) - np.asarray(lower, float)
    log_density = -np.log(width).sum()

    def prior_transform(unit):
        return lower + width * unit

    return Problem(
        names=tuple(names),
        prior_transform=prior_transform,
        prior_transform_batch=prior_transform,
        log_likelihood=log_likelihood,
        log_likelihood_batch=log_likelihood_batch,
        dataset="d07",
        identity="box",
        unit_from=lambda vector: (vector - lower) / width,
        log_prior=lambda vector: log_density,
    )


def correlated_gaussian(n_dim, batched=True, rho=0.6):
    """A normalised Gaussian well inside its box: ln Z = -ln volume."""
    scale = 0.1 * np.sqrt(1.0 + np.arange(n_dim)) / np.sqrt(n_dim)
    covariance = (rho + (1.0 - rho) * np.eye(n_dim)) * scale[:, None] * scale
    precision = np.linalg.inv(covariance)
    constant = -0.5 * np.linalg.slogdet(2.0 * np.pi * covariance)[1]
    mean = np.full(n_dim, 0.3)

    def one(vector):
        away = vector - mean
        return float(constant - 0.5 * away @ precision @ away)

    def many(vectors):
        away = vectors - mean
        return constant - 0.5 * np.einsum("ni,ij,nj->n", away, precision, away)

    names = [f"x{i}" for i in range(n_dim)]
    problem = box_problem(names, np.full(n_dim, -2.0), np.full(n_dim, 2.0), one, many if batched else None)
    return Known(problem, -n_dim * np.log(4.0), mean, scale)


@cache
def eggbox():
    """18 modes: L = exp (2 + cos(x/2) cos(y/2))^5 on [0, 10 pi]^2 (Feroz, Hobson & Bridges 2009, section 6.1)."""

    def many(v):
        return (2.0 + np.cos(0.5 * v[:, 0]) * np.cos(0.5 * v[:, 1])) ** 5

    return _by_grid(["x", "y"], [0.0, 0.0], [10.0 * np.pi, 10.0 * np.pi], many, 3000)


@cache
def shells():
    """Two thin rings of radius 2 and width 0.1 around (+-3.5, 0) on [-6, 6]^2 (the same, section 6.2)."""

    def ring(v, centre):
        radius = np.hypot(v[:, 0] - centre, v[:, 1])
        return -0.5 * ((radius - 2.0) / 0.1) ** 2 - 0.5 * np.log(2.0 * np.pi * 0.01)

    def many(v):
        return np.logaddexp(ring(v, -3.5), ring(v, 3.5))

    return _by_grid(["x", "y"], [-6.0, -6.0], [6.0, 6.0], many, 3000)


@cache
def plateau():
    """A flat top of radius 0.3 with steep sides in the unit square; the bottom 8 nats down is flat again."""

    def many(v):
        radius = np.hypot(v[:, 0] - 0.5, v[:, 1] - 0.5)
        return np.clip((0.3 - radius) / 0.02, -8.0, 0.0)

    return _by_grid(["x", "y"], [0.0, 0.0], [1.0, 1.0], many, 3000)


@cache
def profile(batched=True):
    """A noisy 1D Gaussian profile: uniform centre and sigma, log-uniform normalisation, exact by quadrature.

    chi^2 is quadratic in the normalisation, so a grid over centre and sigma has all that the data say.
    """
    pixel = np.arange(100.0)
    noise = 0.5

    def shape(centre, sigma):
        return np.exp(-0.5 * ((pixel - centre) / sigma) ** 2) / (sigma * np.sqrt(2.0 * np.pi))

    data = 30.0 * shape(52.0, 8.0) + np.random.default_rng(5).normal(0.0, noise, 100)

    def one(vector):
        residual = (data - vector[1] * shape(vector[0], vector[2])) / noise
        return float(-0.5 * residual @ residual)

    def many(v):
        residual = (data - v[:, 1:2] * shape(v[:, :1], v[:, 2:3])) / noise
        return -0.5 * np.einsum("np,np->n", residual, residual)

    def prior_transform(unit):
        return np.stack([100.0 * unit[..., 0], 10.0 ** (-2.0 + 4.0 * unit[..., 1]), 25.0 * unit[..., 2]], -1)

    problem = Problem(
        names=("centre", "normalization", "sigma"),
        prior_transform=prior_transform,
        prior_transform_batch=prior_transform,
        log_likelihood=one,
        log_likelihood_batch=many if batched else None,
        dataset="d07",
        identity="profile",
    )
    n = 200
    middle = (np.arange(n) + 0.5) / n
    centre, sigma = 42.0 + 20.0 * middle, 2.0 + 16.0 * middle  # where the posterior is
    exponent = -2.0 + 4.0 * (np.arange(1200) + 0.5) / 1200
    shapes = shape(centre[:, None, None], sigma[None, :, None])
    cross, square = shapes @ data, (shapes**2).sum(-1)
    amplitude = 10.0**exponent
    log_l = -0.5 * (data @ data - 2.0 * cross[..., None] * amplitude + square[..., None] * amplitude**2) / noise**2
    top = log_l.max()
    weight = np.exp(log_l - top)
    log_evidence = top + np.log(weight.mean()) + np.log(0.2 * 16.0 / 25.0)
    axes = [(weight.sum((1, 2)), centre), (weight.sum((0, 1)), amplitude), (weight.sum((0, 2)), sigma)]
    mean = np.array([w @ x / w.sum() for w, x in axes])
    sd = np.sqrt([w @ (x - m) ** 2 / w.sum() for (w, x), m in zip(axes, mean)])
    return Known(problem, float(log_evidence), mean, sd)


def _by_grid(names, lower, upper, many, n):
    """A two-dimensional problem with its answer by the midpoint rule on n x n points."""
    middle = (np.arange(n) + 0.5) / n
    x, y = (lo + (up - lo) * middle for lo, up in zip(lower, upper))
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2)
    log_l = many(grid)
    weight = np.exp(log_l - log_l.max()).reshape(n, n)
    marginals = [(weight.sum(1), x), (weight.sum(0), y)]
    mean = np.array([w @ a / w.sum() for w, a in marginals])
    sd = np.sqrt([w @ (a - m) ** 2 / w.sum() for (w, a), m in zip(marginals, mean)])
    problem = box_problem(names, lower, upper, lambda v: float(many(v[None])[0]), many)
    return Known(problem, float(log_l.max() + np.log(weight.mean())), mean, sd)
