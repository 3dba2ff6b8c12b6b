"""The mean of positive draws as a smooth function: a penalised regression, with the covariance of its logarithm."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.types import Array

PENALTIES = 10.0 ** np.arange(-1.0, 7.1, 0.5)
LEAST_SCATTER = 0.05  # of a draw about the mean, as a variance: a few draws that agree by chance do not outweigh others
UNDERSMOOTHED = {1: 0.01, 2: 0.1}  # of the most probable penalty: integrals of l bear more noise than l itself
NEIGHBOURHOOD = 1 / 16  # of the nodes a dimension, over which the scatter is averaged
FREE = 3.0  # nats: how far the logarithm strays from that of the mean over all nodes where there are no draws
PASSES = 3  # of the scatter, from the fit before
STEPS = 60  # of Newton, at most


class Smooth(NamedTuple):
    """log E[w] at the nodes of a grid."""

    value: Annotated[Array, "K"]
    noise: Annotated[Array, "R K"]  # noise.T @ noise is the covariance of the value
    weights: Annotated[Array, "S"]  # how much each draw counts, 1 / its relative variance
    penalty: float  # of the roughness


def smooth_log_mean(
    log_w: Annotated[Array, "S"],
    position: Annotated[Array, "S p"],
    shape: Sequence[int],
    batch: Annotated[Array, "S"],
    part: Annotated[Array, "S"],
) -> Smooth:
    """log E[w | node] on a grid, from draws w at or between its nodes.

    A gamma regression with a logarithmic link: E[w] is what is fitted, by all draws near a node, so that the logarithm
    of a mean of few brings no bias but half of the variance that is stated. Roughness, the sum of squared second
    differences, is penalised (Whittaker 1923; Eilers & Marx 1996) by less than the factor of the largest Laplace
    evidence (Wood 2011). The scatter of w comes from the fit; it is taken to be no smaller anywhere than in its whole
    batch, for draws that missed the rare large w by chance scatter little, and would draw the fit down.

    Parameters
    ----------
    log_w
        Draws; -inf is allowed.
    position
        Where they were drawn, in nodes: 0 is the first of an axis, 1 the second.
    shape
        Nodes along each of p axes.
    batch
        Which proposal each draw is from, 0, 1, ...: batches have a scatter of their own.
    part
        Which independently scrambled part, numbered through all batches; every batch has at least two.
    """
    A, P, rank = _interpolation(position, shape), _roughness(shape), int(np.prod(shape)) - 2 ** len(shape)
    node, near = np.asarray(A.argmax(axis=1)).reshape(-1), _neighbours(shape)
    top = np.max(log_w)
    w = np.exp(log_w - top)
    scale = w.mean()
    w = w / scale
    scatter = np.full(len(w), max(np.var(w), LEAST_SCATTER))
    f = np.zeros(A.shape[1])
    for _ in range(PASSES):
        f, penalty = _most_probable(f, w, A, 1 / scatter, P, rank)
        away = (w * np.exp(-A @ f) - 1) ** 2
        for k in np.unique(batch):
            own = batch == k
            total = near @ np.bincount(node[own], away[own], len(f))
            count = near @ np.bincount(node[own], minlength=len(f))
            scatter[own] = np.maximum(total[node[own]] / count[node[own]], max(away[own].mean(), LEAST_SCATTER))
    penalty *= UNDERSMOOTHED[len(shape)]
    f = _fitted(f, w, A, 1 / scatter, _stiffness(penalty, P))
    relative = w * np.exp(-A @ f)
    curvature = _curvature(A, 1 / scatter) + _stiffness(penalty, P)
    own = (A * (A @ np.linalg.inv(curvature))).sum(axis=1) / scatter  # how far a draw pulls the fit to itself
    pull = (relative - 1) / scatter / np.maximum(1 - own, 0.1)
    noise = []
    for k in np.unique(batch):
        parts = np.unique(part[batch == k])
        moved = np.linalg.solve(curvature, np.stack([A.T @ (pull * (part == r)) for r in parts], axis=1)).T
        noise.append((moved - moved.mean(0)) * np.sqrt(len(parts) / (len(parts) - 1)))
    return Smooth(f + np.log(scale) + top, np.concatenate(noise), 1 / scatter, float(penalty))


def _most_probable(f, w, A, weight, P, rank):
    """The fit [K] and penalty of the largest evidence, by Laplace's approximation with the expected curvature."""
    expected = _curvature(A, weight)
    best = np.inf, f, PENALTIES[0]
    for penalty in PENALTIES[::-1]:
        stiffness = _stiffness(penalty, P)
        f = _fitted(f, w, A, weight, stiffness)
        along = A @ f
        misfit = (weight * (w * np.exp(-along) + along)).sum() + 0.5 * f @ stiffness @ f
        score = misfit + 0.5 * np.linalg.slogdet(expected + stiffness)[1] - 0.5 * rank * np.log(penalty)
        if score < best[0]:
            best = score, f, penalty
    return best[1:]


def _fitted(f, w, A, weight, penalty):
    """Newton's iterations; the curvature of a draw is kept above half its expectation, a step below 1."""
    for _ in range(STEPS):
        relative = w * np.exp(-A @ f)
        slope = A.T @ (weight * (1 - relative)) + penalty @ f
        curvature = _curvature(A, weight * np.maximum(relative, 0.5)) + penalty
        step = np.linalg.solve(curvature, slope)
        f = f - step * min(1.0, 1.0 / np.abs(step).max(initial=1e-300))
        if np.abs(step).max() < 1e-6:
            break
    return f


def _curvature(A, weight):
    """A^T diag(weight) A, [K, K]."""
    return (A.T @ A.multiply(weight[:, None])).toarray()


def _interpolation(position, shape):
    """[S, K], sparse: linear between the nodes, along each axis."""
    from scipy.sparse import csr_array

    S = len(position)
    column, share = np.zeros((S, 1), int), np.ones((S, 1))
    for x, n in zip(position.T, shape):
        low = np.clip(np.floor(x).astype(int), 0, n - 2)
        beyond = np.clip(x - low, 0.0, 1.0)
        column = (n * column[:, :, None] + np.stack([low, low + 1], axis=-1)[:, None]).reshape(S, -1)
        share = (share[:, :, None] * np.stack([1 - beyond, beyond], axis=-1)[:, None]).reshape(S, -1)
    row = np.repeat(np.arange(S), column.shape[1])
    return csr_array((share.ravel(), (row, column.ravel())), shape=(S, int(np.prod(shape))))


def _roughness(shape):
    """[K, K]: the sum of squared second differences along every axis."""
    total = np.zeros((int(np.prod(shape)),) * 2)
    for i, n in enumerate(shape):
        difference = np.diff(np.eye(n), 2, axis=0)
        before, after = np.eye(int(np.prod(shape[:i]))), np.eye(int(np.prod(shape[i + 1 :])))
        total += np.kron(np.kron(before, difference.T @ difference), after)
    return total


def _stiffness(penalty, P):
    """[K, K]: the penalty of roughness, and a weak one of size, so that the fit runs off nowhere."""
    return penalty * P + np.eye(len(P)) / FREE**2


def _neighbours(shape):
    """[K, K]: Gaussian weights by the distance of nodes."""
    total = np.ones((1, 1))
    for n in shape:
        apart = (np.arange(n)[:, None] - np.arange(n)) / max(n * NEIGHBOURHOOD, 1.0)
        total = np.kron(total, np.exp(-0.5 * apart**2))
    return total
