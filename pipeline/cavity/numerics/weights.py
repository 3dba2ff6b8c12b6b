"""Weighted points: sums in log space, effective number, equal-weight draws, quantiles, and whether to trust them."""

from typing import Annotated

import numpy as np

from cavity.numerics.types import Array

TRUSTED_K = 0.7  # above this the mean of the weights converges too slowly to be used (Vehtari et al. 2024)
SHORTEST_TAIL = 5
LOWEST_LOG_WEIGHT = -700.0
BOUNDED, LONG_TAIL = 2.0, 20  # a Pareto tail of 20 with k = .7 stays within a factor 2 once in 10,000 times


def log_sum_exp(a: Annotated[Array, "..."], axis: int | tuple[int, ...] | None = -1) -> Array | float:
    """log sum exp along an axis (None: over all); -inf where there is nothing, or every entry is -inf.

    The largest term is taken out of the sum (Blanchard, Higham & Higham 2021, eq. 1.3). scipy's own is five times
    slower on small arrays.
    """
    a = np.asarray(a, float)
    top = np.max(a, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(a - top).sum(axis=axis)) + np.squeeze(top, axis=axis)


def effective_sample_size(log_weights: Annotated[Array, "..."], axis: int = -1) -> Array | float:
    """(sum w)^2 / sum w^2 (Kish 1965, section 8.2)."""
    log_weights = np.asarray(log_weights, float)
    return np.exp(2 * log_sum_exp(log_weights, axis) - log_sum_exp(2 * log_weights, axis))


def effective_number(weights: Annotated[Array, "..."], axis: int = -1) -> Array | float:
    """The same of weights that add up to 1; 0 where all of them are 0."""
    squares = (weights * weights).sum(axis)
    return np.where(squares > 0, 1 / np.where(squares > 0, squares, 1.0), 0.0)


def log_leverage(
    values: Annotated[Array, "S D"], log_weights: Annotated[Array, "S"], kurtosis: float
) -> Annotated[Array, "S"] | None:
    """Log weights of what each point adds to the variances of the columns with heavy tails; None where none has them.

    A column's tails are heavy where its fourth moment is more than ``kurtosis`` times its squared variance (a
    Gaussian's: 3). What a point adds is its weight times its squared distance from the mean in sds, summed over them.
    """
    w = np.exp(log_weights - log_sum_exp(log_weights))
    square = np.where(w[:, None] > 0, (values - w @ values) ** 2, 0.0)  # a far point of no weight would overflow below
    variance = w @ square
    square = square / np.where(variance > 0, variance, 1.0)
    with np.errstate(over="ignore"):
        heavy = w @ square**2 > kurtosis
    if not heavy.any():
        return None
    with np.errstate(divide="ignore"):
        return log_weights + np.log(square[:, heavy].sum(1))


def systematic(log_weights: Annotated[Array, "S"], n: int, rng: np.random.Generator) -> Annotated[Array, "n"]:
    """n rows in their order, each as often as its weight asks to within one (Kitagawa 1996, appendix A).

    One uniform number places all n: the least noise that equal weights can have. A row without weight is never drawn.
    """
    log_weights = np.asarray(log_weights, float)
    cumulative = np.cumsum(np.exp(log_weights - log_sum_exp(log_weights)))
    positions = (rng.random() + np.arange(n)) / n * cumulative[-1]
    last = np.searchsorted(cumulative, cumulative[-1])  # of the rows with weight: rounding may point beyond it
    return np.minimum(np.searchsorted(cumulative, positions, side="right"), last)


def resampled(log_weights: Annotated[Array, "S"], n: int, rng: np.random.Generator) -> Annotated[Array, "n"]:
    """:func:`systematic` rows, shuffled so that they are exchangeable."""
    return rng.permutation(systematic(log_weights, n, rng))


def quantiles(
    values: Annotated[Array, "S D"], weights: Annotated[Array, "S"], q: Annotated[Array, "..."] | float
) -> Annotated[Array, "... D"]:
    """Weighted quantiles of every column.

    The point of rank k stands at the middle of its own weight, sum_{j<k} w_j + w_k / 2, and quantiles in between are
    interpolated; beyond the outermost points they are those points (definition 5 of Hyndman & Fan 1996, with weights).
    The weights are not logarithms: >= 0, with a positive sum.
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


def tempered(log_weights: Annotated[Array, "S"], enough: float) -> Annotated[Array, "S"]:
    """The log weights times the largest power of at most 1 at which the effective sample size is ``enough``."""
    finite = np.where(np.isfinite(log_weights), log_weights, -np.inf)
    if effective_sample_size(finite) >= enough:
        return finite
    low, high = 0.0, 1.0
    for _ in range(30):
        power = 0.5 * (low + high)
        low, high = (power, high) if effective_sample_size(_powered(finite, power)) >= enough else (low, power)
    return _powered(finite, low)


def _powered(log_weights, power):
    return np.where(np.isfinite(log_weights), power * np.where(np.isfinite(log_weights), log_weights, 0.0), -np.inf)


def generalised_pareto_fit(exceedances: Annotated[Array, "n"]) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution.

    The empirical Bayes fit of Zhang & Stephens (2009), with the weak prior on the shape of Vehtari et al. (2024,
    appendix G) that pulls a short tail towards 0.5.

    Parameters
    ----------
    exceedances
        n positive numbers, any order.

    Returns
    -------
    (k, sigma)
        NaN where the exceedances are degenerate.
    """
    x = np.sort(np.asarray(exceedances, float))
    n = len(x)
    quartile = x[int(n / 4 + 0.5) - 1]
    if not (quartile > 0 and x[-1] > x[0]):
        return np.nan, np.nan
    m = 30 + int(n**0.5)
    b = (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3 * quartile) + 1 / x[-1]
    with np.errstate(all="ignore"):
        k = np.log1p(-b[:, None] * x).mean(1)
        profile = n * (np.log(-b / k) - k - 1)
        weights = 1 / np.exp(profile - profile[:, None]).sum(1)
    weights = np.where(np.isfinite(weights), weights, 0.0)
    b = (b * weights).sum() / weights.sum()
    k = np.log1p(-b * x).mean()
    return (k * n + 5.0) / (n + 10.0), -k / b


def psis(log_weights: Annotated[Array, "S"]) -> tuple[Annotated[Array, "S"], float]:
    """Pareto-smoothed, normalised log weights and the shape of their tail (docs/inference.md, eq. 27).

    Parameters
    ----------
    log_weights
        [S] log importance weights, in any normalisation; -inf is allowed.

    Returns
    -------
    (log_weights, k_hat)
        Normalised (their exponentials add up to 1). ``k_hat`` is at most ``TRUSTED_K`` where an average over the
        weights can be trusted; -1 where all weights are equal, inf where there are too few to tell.

    Notes
    -----
    Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72), algorithm 1.
    """
    log_weights = np.asarray(log_weights, float)
    top = log_weights.max(initial=-np.inf)
    if not np.isfinite(top):
        return np.full(log_weights.shape, -np.log(max(len(log_weights), 1))), np.inf
    shifted = log_weights - top
    n = len(shifted)
    if shifted.min() > -1e-12:
        return shifted - log_sum_exp(shifted), -1.0
    length = int(min(0.2 * n, 3 * np.sqrt(n)))
    if length < SHORTEST_TAIL:
        return shifted - log_sum_exp(shifted), np.inf
    order = np.argsort(shifted, kind="stable")
    cut = max(shifted[order[-length - 1]], LOWEST_LOG_WEIGHT)
    tail = order[-length:]
    tail = tail[shifted[tail] > cut]
    if len(tail) < SHORTEST_TAIL:
        ties = shifted[order[-length]] > -1e-9  # a plateau of equal weights has no tail
        return shifted - log_sum_exp(shifted), -1.0 if ties else np.inf
    if shifted[order[-length]] > -np.log(BOUNDED) and len(tail) >= LONG_TAIL:
        return shifted - log_sum_exp(shifted), -1.0  # such as at a sharp limit; a fit would take the step for a tail
    k, sigma = generalised_pareto_fit(np.exp(shifted[tail]) - np.exp(cut))
    if not np.isfinite(k):
        return shifted - log_sum_exp(shifted), -1.0
    smoothed = shifted.copy()
    position = (np.arange(len(tail)) + 0.5) / len(tail)
    if abs(k) > 1e-8:
        with np.errstate(over="ignore"):  # a tail without end: cut at the heaviest weight below
            quantile = sigma * np.expm1(-k * np.log1p(-position)) / k
    else:
        quantile = -sigma * np.log1p(-position)
    smoothed[tail] = np.minimum(np.log(quantile + np.exp(cut)), 0.0)
    return smoothed - log_sum_exp(smoothed), float(k)
