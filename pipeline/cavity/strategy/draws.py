"""Importance draws of one site: a batch by its own proposal, or all of them together where they place the next one."""

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


def _log_density(batch, theta, z, unit):
    """The density of a batch's proposal with respect to (theta / unit, z)."""
    standard = np.concatenate([(theta - batch.mean) / batch.sd, z], axis=1)
    return batch.proposal.log_density(standard) - np.log(batch.sd / unit).sum()


@dataclass(frozen=True, eq=False)
class Weighted:
    """Draws of several batches under one interim prior.

    Attributes
    ----------
    theta, z
        (S, d) and (S, k).
    log_w
        (S,) log(L pi / q) - log S, q the mixture of all proposals: their log-sum-exp is the log evidence, without bias
        where no proposal was fitted to draws among them.
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


def weighted(batch: Batch, interim: Interim) -> Weighted:
    """The draws of one batch by their own proposal, in their parts: an average without bias."""
    return weighted_together([batch], interim)


def weighted_together(batches: Sequence[Batch], interim: Interim) -> Weighted:
    """Every draw of every batch, weighted by the mixture of all their proposals (docs/inference.md, eq. 9).

    The deterministic mixture (balance heuristic) of Veach & Guibas (1995) and Cornuet et al. (2012): a draw that one
    proposal could hardly make but another makes often has a small weight, so an accident of one round is mended by the
    next. A draw that a later proposal was fitted to is where that proposal is high: the evidence of these weights is
    too low, by .01 with four parameters. They place proposals; a site is made of :func:`weighted` draws.

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
    mixture = log_sum_exp(
        [np.log(len(batch.log_l)) + _log_density(batch, theta, z, interim.sd) for batch in batches], axis=0
    )
    standard = (theta - interim.mean) / interim.sd
    prior = log_prior(standard) + log_prior(z)
    return Weighted(theta, z, log_l + prior - mixture)
