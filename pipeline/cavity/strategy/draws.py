"""All importance draws of one site, from whatever rounds, weighted together: no likelihood call is thrown away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from cavity.numerics.mixture import Mixture, log_prior, normal_of
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp, psis
from cavity.posterior.samples import Samples
from cavity.strategy.round import Batch
from cavity.strategy.tilted import Interim


def batch_of(samples: Samples, interim: Interim, d: int) -> Batch:
    """The batch behind importance samples of a problem whose first d columns are drawn variables."""
    z = normal_of(samples.unit)
    proposal = Mixture.from_tree(samples.info["proposal"])
    return Batch(samples.values[:, :d], z[:, d:], samples.log_likelihoods, proposal, interim.mean, interim.sd)


def _log_density(batch, theta, z):
    """The density of a batch's proposal with respect to (theta, z)."""
    standard = np.concatenate([(theta - batch.mean) / batch.sd, z], axis=1)
    return batch.proposal.log_density(standard) - np.log(batch.sd).sum()


@dataclass(frozen=True, eq=False)
class Weighted:
    """Draws of several batches under one interim prior.

    Attributes
    ----------
    theta, z
        (S, d) and (S, k).
    log_w
        (S,) log(L pi / q) - log S, q the mixture of all proposals: their log-sum-exp is the log evidence.
    """

    theta: Annotated[Array, "S d"]
    z: Annotated[Array, "S k"]
    log_w: Annotated[Array, "S"]

    @property
    def log_weights(self) -> Annotated[Array, "S"]:
        """Normalised."""
        return self.log_w - log_sum_exp(self.log_w)

    @property
    def ess(self) -> float:
        """Draws that count."""
        return float(effective_sample_size(self.log_w))

    @property
    def pareto_k(self) -> float:
        """Shape of the weights' tail."""
        return float(psis(self.log_weights)[1])

    @property
    def largest(self) -> float:
        """The share of the heaviest draw."""
        return float(np.exp(self.log_weights.max()))


def weighted_together(batches: Sequence[Batch], interim: Interim) -> Weighted:
    """Every draw of every batch, weighted by the mixture of all their proposals (docs/inference.md, eq. 9).

    The deterministic mixture (balance heuristic) of Veach & Guibas (1995) and Cornuet et al. (2012): a draw that one
    proposal could hardly make but another makes often has a small weight, so an accident of one round is mended by the
    next.

    Parameters
    ----------
    batches
        A list of :class:`~cavity.strategy.round.Batch`.
    interim
        Its ``mean`` and ``sd`` (d,): the Gaussian prior of theta to weight for.
    """
    theta = np.concatenate([batch.theta for batch in batches])
    z = np.concatenate([batch.z for batch in batches])
    log_l = np.concatenate([batch.log_l for batch in batches])
    mixture = log_sum_exp([np.log(len(batch.log_l)) + _log_density(batch, theta, z) for batch in batches], axis=0)
    standard = (theta - interim.mean) / interim.sd
    prior = log_prior(standard) - np.log(interim.sd).sum() + log_prior(z)
    order = _halves([len(batch.log_l) for batch in batches])
    return Weighted(theta[order], z[order], (log_l + prior - mixture)[order])


def _halves(sizes):
    """The first halves of all batches, then their second halves: how they differ tells how quiet the draws are."""
    starts = np.concatenate([[0], np.cumsum(sizes)])
    first = [np.arange(start, start + size // 2) for start, size in zip(starts, sizes)]
    second = [np.arange(start + size // 2, start + size) for start, size in zip(starts, sizes)]
    return np.concatenate([*first, *second])
