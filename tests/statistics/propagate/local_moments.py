"""Posterior moments of every dataset's own parameters without the noise of drawing them: what draws are held to."""

from typing import NamedTuple

import numpy as np

from cavity.propagate.locals import conditionals, names_of, owned_sites


class LocalMoments(NamedTuple):
    """Exact for a dataset's site function and the phi draws."""

    names: tuple  # drawn variables, then payload
    mean: np.ndarray  # [d + k]
    sd: np.ndarray  # [d + k]


def local_moments(bank, phi):
    """Dataset -> LocalMoments, over posterior draws phi [R, D]: averages of each particle's conditional moments."""
    phi = np.asarray(phi, float)
    return {site.dataset: _moments(group, site, link, phi) for group, site, link in owned_sites(bank)}


def _moments(group, site, link, phi):
    d = link.d
    first, second = np.zeros(d + site.payload.shape[1]), np.zeros(d + site.payload.shape[1])
    for _, weights, payload, centres, covariances in conditionals(group, site, phi):
        first[d:] += (weights[:, None] @ payload).sum((0, 1))
        second[d:] += (weights[:, None] @ payload**2).sum((0, 1))
        if d:
            variance = np.maximum(np.einsum("qmjj->qmj", covariances), 0.0)
            variance = variance if variance.shape[1] == 1 else variance[:, site.mode]
            plain = centres, centres**2 + variance
            with np.errstate(over="ignore"):
                exponential = np.exp(centres + 0.5 * variance), np.exp(2 * centres + 2 * variance)
            for total, ordinary, lognormal in zip((first, second), plain, exponential):
                total[:d] += np.einsum("qs,qsj->j", weights, np.where(link.is_log, lognormal, ordinary))
    mean = first / len(phi)
    return LocalMoments(names_of(site), mean, np.sqrt(np.maximum(second / len(phi) - mean**2, 0.0)))
