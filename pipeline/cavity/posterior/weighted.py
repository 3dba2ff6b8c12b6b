"""Arithmetic of weighted points: sums in log space, quantiles, effective number, equal-weight draws."""

import numpy as np


def log_sum_exp(log_values):
    """log sum exp of a vector, without overflow; -inf for nothing, nan for a NaN."""
    log_values = np.asarray(log_values, dtype=float)
    peak = float(np.max(log_values)) if log_values.size else -np.inf
    if not np.isfinite(peak):
        return peak
    return peak + float(np.log(np.sum(np.exp(log_values - peak))))


def effective_sample_size(weights):
    """Kish: (sum w)^2 / sum w^2."""
    weights = np.asarray(weights, dtype=float)
    return float(np.sum(weights) ** 2 / np.sum(weights**2))


def quantiles(values, weights, q):
    """Weighted quantiles of every column.

    The point of rank k stands at the middle of its own weight, sum_{j<k} w_j + w_k / 2, and quantiles in between are
    interpolated; beyond the outermost points they are those points.

    Parameters
    ----------
    values, weights
        (S, D) and (S,), weights >= 0 with a positive sum.
    q
        Probabilities, any shape.

    Returns
    -------
    q.shape + (D,)
    """
    values, weights, q = np.asarray(values, dtype=float), np.asarray(weights, dtype=float), np.asarray(q, dtype=float)
    held = weights > 0.0
    values, weights = values[held], weights[held] / np.sum(weights[held])
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    mass = weights[order]
    position = np.cumsum(mass, axis=0) - 0.5 * mass
    columns = [np.interp(q, position[:, j], ordered[:, j]) for j in range(values.shape[1])]
    return np.stack(columns, axis=-1) if columns else np.empty((*q.shape, 0))


def draw_indices(weights, n, rng):
    """n rows by systematic resampling (one uniform number, the least noise), shuffled so that rows are exchangeable."""
    cumulative = np.cumsum(weights)
    steps = (rng.random() + np.arange(n)) / n * cumulative[-1]
    rows = np.searchsorted(cumulative, steps, side="right")
    return rng.permutation(np.minimum(rows, len(cumulative) - 1))
