"""The population predictive: the interim prior under which a dataset is searched next."""

from typing import Annotated

import numpy as np

from cavity.numerics.types import Array
from cavity.propagate.link import Link

LARGEST_SPREAD = 0.7  # of log sd: a broader interim prior biases log sd by about sqrt(N) times its excess


def interim_prior(
    link: Link, mean: Annotated[Array, "D"], covariance: Annotated[Array, "D D"]
) -> tuple[Annotated[Array, "d"], Annotated[Array, "d"]]:
    """The population predictive of the drawn variables of one link (docs/inference.md, eq. 7).

    Parameters
    ----------
    link
        A :class:`~cavity.propagate.link.Link`.
    mean, covariance
        q's [D] and [D, D].

    Returns
    -------
    (interim_mean, interim_sd)
        [d], on the parent's Gaussian scale (log x for a log-Gaussian parent).
    """
    jet, d = link.jet(np.asarray(mean, float)), link.d
    variance = np.einsum("id,de,ie->i", jet.jacobian, covariance, jet.jacobian)
    spread = np.minimum(np.sqrt(variance[d : 2 * d]), LARGEST_SPREAD)
    return jet.value[:d], np.sqrt(variance[:d] + np.exp(2 * (jet.value[d : 2 * d] + spread)))


def shared_prior(
    link: Link, mean: Annotated[Array, "D"], covariance: Annotated[Array, "D D"]
) -> tuple[Annotated[Array, "p"], Annotated[Array, "p p"]]:
    """q's mean [p] and covariance [p, p] of the link's shared parameters: they centre and whiten a design."""
    jet = link.jet(np.asarray(mean, float))
    jacobian = jet.jacobian[2 * link.d :]
    return jet.value[2 * link.d :], jacobian @ covariance @ jacobian.T
