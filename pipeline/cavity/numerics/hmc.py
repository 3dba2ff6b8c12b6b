"""Hamiltonian Monte Carlo with many short parallel chains: for densities that no proposal fits."""

from collections.abc import Callable
from typing import Annotated

import numpy as np

from cavity.numerics.normal import is_positive_definite
from cavity.numerics.types import Array

CHAINS = 32
WARM_UP = 150
TARGET_ACCEPTANCE = 0.8
LONGEST_PATH = 12
LONGEST_CHAIN = 8


def hamiltonian_draws(
    log_density: Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q"]],
    gradient: Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q D"]],
    points: Annotated[Array, "S D"],
    log_weights: Annotated[Array, "S"],
    covariance: Annotated[Array, "D D"],
    n: int,
    rng: np.random.Generator,
    least_ess: float = 0.0,
) -> tuple[Annotated[Array, "n D"], float]:
    """Draws from a density by Hamiltonian Monte Carlo (Neal 2011), whitened by a covariance.

    Parameters
    ----------
    log_density, gradient
        The gradient may be approximate: acceptance uses the density itself.
    points, log_weights
        Where chains may start.
    covariance
        The metric; fitted anew to the chains half way through the warm-up.
    n
        How many draws to return (at least).
    least_ess
        The chains go on, up to eight times as long, until every coordinate has this effective sample size; then they
        are thinned to n.

    Returns
    -------
    (draws, ess)
        [n', D], n' the next multiple of the number of chains, and the smallest effective sample size of a coordinate.
    """
    weights = np.exp(log_weights - log_weights.max())
    x = points[rng.choice(len(points), CHAINS, p=weights / weights.sum())]
    factor = np.linalg.cholesky(covariance)
    value, slope = log_density(x), gradient(x)
    step, kept, history = 0.5 * x.shape[1] ** -0.25, [], []
    length = -(-n // CHAINS)
    for iteration in range(WARM_UP + LONGEST_CHAIN * length):
        done = iteration - WARM_UP
        if done > 0 and done % length == 0 and _smallest_ess(np.stack(kept)) >= least_ess:
            break
        steps = rng.integers(LONGEST_PATH // 3, LONGEST_PATH + 1)
        jitter = step * rng.uniform(0.8, 1.2)
        x, value, slope, acceptance = _transition(log_density, gradient, x, value, slope, factor, jitter, steps, rng)
        if iteration < WARM_UP:
            step *= np.exp(min(0.3, 3 / (iteration + 5)) * (acceptance - TARGET_ACCEPTANCE))
            history.append(x)
            if iteration == WARM_UP // 2:
                recent = np.concatenate(history[WARM_UP // 4 :])
                cloud = np.cov(recent.T).reshape(x.shape[1], -1)
                cloud = cloud + 1e-8 * np.trace(cloud) / len(cloud) * np.eye(len(cloud))
                factor = np.linalg.cholesky(cloud) if is_positive_definite(cloud) else factor  # no chain has moved
        else:
            kept.append(x)
    chains = np.stack(kept)
    return chains[:: len(chains) // length].reshape(-1, x.shape[1]), _smallest_ess(chains)


def _smallest_ess(chains):
    return min(autocorrelated_ess(chains[..., j]) for j in range(chains.shape[-1]))


def _transition(log_density, gradient, x, value, slope, factor, step, steps, rng):
    """One leapfrog path in every chain, accepted or not."""
    momentum = rng.normal(size=x.shape)
    with np.errstate(all="ignore"):  # a path that leaves the numbers is rejected
        start = value - 0.5 * (momentum**2).sum(1)
        position, force = x, slope
        for _ in range(steps):
            momentum = momentum + 0.5 * step * np.clip(force @ factor, -1e6, 1e6)
            position = position + step * momentum @ factor.T
            force = gradient(position)
            momentum = momentum + 0.5 * step * np.clip(force @ factor, -1e6, 1e6)
        new = log_density(position)
        log_ratio = np.nan_to_num(new - 0.5 * (momentum**2).sum(1) - start, nan=-np.inf, posinf=-np.inf)
    accept = np.log(rng.random(len(x))) < log_ratio
    pick = accept[:, None]
    acceptance = float(np.exp(np.minimum(log_ratio, 0.0)).mean())
    return np.where(pick, position, x), np.where(accept, new, value), np.where(pick, force, slope), acceptance


def autocorrelated_ess(chains: Annotated[Array, "T C"]) -> float:
    """Effective sample size of parallel chains (Geyer's initial positive sequence; Vehtari et al. 2021)."""
    T, C = chains.shape
    if T < 4:
        return float(C)
    centred = chains - chains.mean(0)
    spectrum = np.fft.rfft(centred, 2 * T, axis=0)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=0)[:T].mean(1) / T
    within = covariance[0] * T / (T - 1)
    between = chains.mean(0).var(ddof=1)
    total = within * (T - 1) / T + between
    if not total > 0:
        return float(T * C)
    correlation = 1 - (within - covariance) / total
    pairs = correlation[0 : T - T % 2 : 2] + correlation[1:T:2][: T // 2]
    negative = np.flatnonzero(pairs < 0)
    pairs = np.minimum.accumulate(pairs[: negative[0] if len(negative) else len(pairs)])
    return float(min(T * C / max(2 * pairs.sum() - 1, 1 / np.log10(T * C + 10)), T * C * np.log10(T * C + 10)))
