"""The population predictive: the interim prior under which a dataset is searched next."""

from typing import Annotated

import numpy as np
from scipy.special import ndtr

from cavity.numerics.sobol import sobol_normal
from cavity.numerics.types import Array
from cavity.propagate.link import Link

REPLICAS = 8  # of the drawn variables, for each draw of phi
TAIL, TAIL_SDS = 0.005, 5.15  # of the predictive at either end, and how far apart these are in a Gaussian
TAIL_POWER = 2.0  # of tails / core: a kernel is right to a few sds of the interim prior, so heavy tails need many
LARGEST_RATIO = 8.0  # of the width to that of the core: beyond, too few draws lie where the mass is


def interim_prior(
    link: Link, draws: Annotated[Array, "R D"], power: float = TAIL_POWER
) -> tuple[Annotated[Array, "d"], Annotated[Array, "d"]]:
    """The population predictive of the drawn variables of one link (docs/inference.md, eq. 7).

    Parameters
    ----------
    link
        A :class:`~cavity.propagate.link.Link`.
    draws
        phi, of equal weight.
    power
        Of what the tails are wider than a Gaussian's; with 1 the width is that of the tails.

    Returns
    -------
    (interim_mean, interim_sd)
        [d], on the parent's Gaussian scale (log x for a log-Gaussian parent): the median, and the width of the core,
        wider by that power.
    """
    d = link.d
    if not d:
        return np.empty(0), np.empty(0)
    eta = np.repeat(link.eta(np.asarray(draws, float)), REPLICAS, axis=0)
    z = sobol_normal(len(eta), d, 7)
    with np.errstate(invalid="ignore"):
        theta = eta[:, :d] + link.sd(eta) * z
    theta = theta[np.isfinite(theta).all(1)]
    lowest, low, middle, high, highest = np.quantile(theta, [TAIL, ndtr(-1), 0.5, ndtr(1), 1 - TAIL], axis=0)
    core, tails = (high - low) / 2, (highest - lowest) / TAIL_SDS
    return middle, core * np.clip((tails / core) ** power, 1.0, LARGEST_RATIO)


def shared_prior(
    link: Link, mean: Annotated[Array, "D"], covariance: Annotated[Array, "D D"]
) -> tuple[Annotated[Array, "p"], Annotated[Array, "p p"]]:
    """q's mean [p] and covariance [p, p] of the link's shared parameters: they centre and whiten a design."""
    jet = link.jet(np.asarray(mean, float))
    jacobian = jet.jacobian[2 * link.d :]
    return jet.value[2 * link.d :], jacobian @ covariance @ jacobian.T
