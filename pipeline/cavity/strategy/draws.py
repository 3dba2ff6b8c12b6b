"""Importance draws of one site: a batch by its own proposal, or all of them together where they place the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.special import ndtr

from cavity.numerics.mixture import Mixture, log_prior, normal_of
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp, psis, tempered
from cavity.posterior.samples import Samples
from cavity.search.guard import Guard
from cavity.search.importance import importance_samples
from cavity.search.polish import proposal_around
from cavity.search.problem import Problem
from cavity.strategy.round import Batch
from cavity.strategy.tilted import Interim, Tilted

FARTHEST = 1e-12  # of a unit coordinate from 0 and 1
FEWEST_A_SIZE, COMPONENT_A_SIZE = 4, 10  # effective draws over dimensions + 1, that a fit or a component rests on
MOST_COMPONENTS = 5
FAR_SHARE = 0.3  # of a site's draws, by its tilted distribution under the predictive of what phi's variances rest on


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


@dataclass(frozen=True, eq=False)
class Drawing:
    """The batches of one tilted distribution as they are drawn; earlier rounds' come first."""

    tilted: Tilted
    problem: Problem
    guard: Guard
    rng: np.random.Generator
    batches: list[Batch]
    far: Interim | None = None  # a wider interim prior, where the tails of phi ask for draws

    def around(self, unit: Annotated[Array, "S d+k"], log_w: Annotated[Array, "S"]) -> Mixture:
        """A proposal fitted to weighted points, a share of it to where they lie under the wider interim prior."""
        near = self._fitted(unit, log_w)
        if self.far is None:
            return near
        interim = self.tilted.interim
        z = normal_of(unit[:, : self.tilted.d])
        far = (interim.mean + interim.sd * z - self.far.mean) / self.far.sd
        return near.joined(self._fitted(unit, log_w + log_prior(far) - log_prior(z)), FAR_SHARE)

    def _fitted(self, unit, log_w):
        """A proposal of no more components than the points can tell apart."""
        size = unit.shape[1] + 1
        log_w = tempered(log_w, FEWEST_A_SIZE * size)
        components = int(effective_sample_size(log_w) / (COMPONENT_A_SIZE * size))
        return proposal_around(unit, log_w, self.rng, int(np.clip(components, 1, MOST_COMPONENTS)))

    def drawn(self, proposal: Mixture, n: int) -> Weighted:
        """A batch of n draws, weighted by its own proposal."""
        samples = importance_samples(self.problem, self.guard, proposal, n, self.rng, {"search": "polish"})
        return self.added(samples)

    def added(self, samples: Samples) -> Weighted:
        """The draws of a search that has a proposal, likewise."""
        self.batches.append(batch_of(samples, self.tilted.interim, self.tilted.d))
        return weighted(self.batches[-1], self.tilted.interim)

    def together(self) -> Weighted:
        """All batches, to place what is drawn next."""
        return weighted_together(self.batches, self.tilted.interim)

    def coordinates(self) -> tuple[Annotated[Array, "S d+k"], Annotated[Array, "S"]]:
        """Unit cube and log weights of all draws under the present interim prior, for a fit."""
        interim, together = self.tilted.interim, self.together()
        standard = (together.theta - interim.mean) / interim.sd
        unit = ndtr(np.concatenate([standard, together.z], axis=1))
        return np.clip(unit, FARTHEST, 1 - FARTHEST), together.log_weights
