"""The normaliser of a Gaussian parent truncated to an interval, with its derivatives."""

from typing import Annotated

import numpy as np
from scipy.special import log_ndtr

from cavity.numerics.normal import LOG_2PI
from cavity.numerics.types import Array


def log_interval(alpha: Annotated[Array, "..."], beta: Annotated[Array, "..."]) -> Annotated[Array, "..."]:
    """log [Phi(beta) - Phi(alpha)] for alpha < beta, precise in both tails."""
    flip = alpha > 0
    low, high = np.where(flip, -beta, alpha), np.where(flip, -alpha, beta)
    with np.errstate(divide="ignore", invalid="ignore"):
        below, above = log_ndtr(low), log_ndtr(high)
        return above + np.log1p(-np.exp(below - above))


def log_normaliser(
    m: Array | float, log_sd: Array | float, lower: Array | float, upper: Array | float
) -> Array | float:
    """log of the mass that N(m, sd^2) has inside [lower, upper] (docs/inference.md, eq. 6); 0 without limits."""
    sd = np.exp(log_sd)
    return log_interval((lower - m) / sd, (upper - m) / sd)


def log_normaliser_derivatives(
    m: Annotated[Array, "..."],
    log_sd: Annotated[Array, "..."],
    lower: Annotated[Array, "..."],
    upper: Annotated[Array, "..."],
) -> tuple[Annotated[Array, "... 2"], Annotated[Array, "... 2 2"]]:
    """Gradient [..., 2] and Hessian [..., 2, 2] of :func:`log_normaliser` with respect to (m, log sd)."""
    m, log_sd, lower, upper = np.broadcast_arrays(m, log_sd, lower, upper)
    sd = np.exp(log_sd)
    log_mass = log_normaliser(m, log_sd, lower, upper)
    gradient, hessian = np.zeros(m.shape + (2,)), np.zeros(m.shape + (2, 2))
    ratios = []
    for limit, sign in ((lower, -1.0), (upper, 1.0)):
        finite = np.isfinite(limit)
        x = np.where(finite, (np.where(finite, limit, 0.0) - m) / sd, 0.0)
        ratio = np.where(finite, sign * np.exp(-0.5 * x * x - 0.5 * LOG_2PI - log_mass), 0.0)  # d log mass / d x
        x_m, x_l, x_ml, x_ll = -1 / sd, -x, 1 / sd, x
        first = np.stack([x_m, x_l], -1)
        gradient += ratio[..., None] * first
        second = np.stack([np.stack([np.zeros_like(x), x_ml], -1), np.stack([x_ml, x_ll], -1)], -2)
        outer = first[..., :, None] * first[..., None, :]
        hessian += ratio[..., None, None] * second - (x * ratio)[..., None, None] * outer
        ratios.append(ratio[..., None] * first)
    total = ratios[0] + ratios[1]
    hessian -= total[..., :, None] * total[..., None, :]
    return gradient, hessian
