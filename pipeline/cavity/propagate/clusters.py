"""Weighted particles split into the modes they belong to: a kernel must not bridge the gap between two."""

import numpy as np

from cavity.numerics.gaussian import LOG_2PI
from cavity.numerics.weights import effective_sample_size, log_sum_exp

MOST_MODES = 5
COUNTED = 300  # particles that the information criterion counts at most: more would split a skewed mode for ever


def split_modes(theta, log_w, most=MOST_MODES):
    """The mode of every particle.

    A mixture of Gaussians by weighted expectation maximisation, one component more as long as the Bayesian
    information criterion improves by 2.

    Parameters
    ----------
    theta
        [S, d]
    log_w
        [S], in any normalisation.

    Returns
    -------
    ndarray
        [S] integers 0 ... M - 1, every one of them in use.
    """
    weights = np.exp(log_w - log_sum_exp(log_w))
    counted = min(float(effective_sample_size(log_w)), COUNTED)
    d = theta.shape[1]
    best, labels = np.inf, np.zeros(len(theta), int)
    for components in range(1, most + 1):
        log_likelihood, found = _expectation_maximisation(theta, weights, components)
        parameters = components * (1 + d + d * (d + 1) / 2) - 1
        criterion = -2 * log_likelihood * counted + np.log(counted) * parameters
        if criterion >= best - 2:
            break
        best, labels = criterion, found
    return np.unique(labels, return_inverse=True)[1].reshape(-1)


def _expectation_maximisation(theta, weights, components, iterations=60):
    """Mean log likelihood, and the most probable component of every particle."""
    S, d = theta.shape
    mean = weights @ theta
    centred = theta - mean
    spread = (centred * weights[:, None]).T @ centred + 1e-12 * np.eye(d)
    values, vectors = np.linalg.eigh(spread)
    along = centred @ vectors[:, -1]
    order = np.argsort(along, kind="stable")
    slab = np.empty(S, int)  # equal masses along the widest direction
    slab[order] = np.minimum((np.cumsum(weights[order]) * components * (1 - 1e-9)).astype(int), components - 1)
    membership = (slab == np.arange(components)[:, None]) * weights + 1e-12 / S
    means = membership @ theta / membership.sum(1, keepdims=True)
    covariances = np.repeat(spread[None] / components**2, components, 0)
    shares = np.full(components, 1 / components)
    floor, previous = 1e-3 * spread, -np.inf
    for _ in range(iterations):
        factors = np.linalg.inv(np.linalg.cholesky(covariances))
        z = np.einsum("kij,ksj->ksi", factors, theta - means[:, None])
        log_terms = np.log(shares)[:, None] - 0.5 * (z * z).sum(-1) - 0.5 * d * LOG_2PI
        log_terms += np.log(np.einsum("kii->ki", factors)).sum(-1)[:, None]
        total = log_sum_exp(log_terms, 0)
        log_likelihood = weights @ total
        if components == 1 or log_likelihood < previous + 2e-4:
            break
        previous = log_likelihood
        membership = np.exp(log_terms - total) * weights
        mass = membership.sum(1) + 1e-12
        shares = mass / mass.sum()
        means = membership @ theta / mass[:, None]
        offset = theta - means[:, None]
        covariances = np.einsum("ks,ksi,ksj->kij", membership, offset, offset) / mass[:, None, None] + floor
    return log_likelihood, np.argmax(log_terms, 0)
