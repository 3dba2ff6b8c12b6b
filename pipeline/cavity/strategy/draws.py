"""All importance draws of one site, from whatever rounds, weighted together: no likelihood call is thrown away."""

from dataclasses import dataclass

import numpy as np

from cavity.numerics.mixture import Mixture, log_prior
from cavity.numerics.weights import effective_sample_size, log_sum_exp, psis

LARGEST_SHARE = 0.01  # of one draw in the weights: beyond, a rare region was hit by accident


@dataclass(frozen=True, eq=False)
class Batch:
    """Draws of one proposal.

    Attributes
    ----------
    theta
        (n, d) drawn variables, on their own scale.
    z
        (n, k) the other coordinates as standard normal ones: they mean the same under every interim prior.
    log_l
        (n,) log likelihoods.
    proposal
        The density the draws came from, in the normal coordinates of its own interim prior.
    mean, sd
        (d,) that interim prior.
    """

    theta: np.ndarray
    z: np.ndarray
    log_l: np.ndarray
    proposal: Mixture
    mean: np.ndarray
    sd: np.ndarray

    def log_density(self, theta, z):
        """The proposal's density with respect to (theta, z)."""
        return (
            self.proposal.log_density(np.concatenate([(theta - self.mean) / self.sd, z], axis=1))
            - np.log(self.sd).sum()
        )

    def to_tree(self):
        """Arrays and numbers."""
        own = {"theta": self.theta, "z": self.z, "log_l": self.log_l, "mean": self.mean, "sd": self.sd}
        return own | self.proposal.to_tree()

    @classmethod
    def from_tree(cls, tree):
        """The inverse of :meth:`to_tree`."""
        arrays = {key: np.asarray(value, float) for key, value in tree.items()}
        parts = [arrays[key] for key in ("theta", "z", "log_l")]
        return cls(*parts, Mixture.from_tree(tree), arrays["mean"], arrays["sd"])


def batch_of(samples, interim, d):
    """The batch behind importance samples of a problem whose first d columns are drawn variables."""
    from cavity.numerics.mixture import normal_of

    proposal = Mixture.from_tree(samples.info["proposal"])
    z = normal_of(samples.unit)
    return Batch(samples.values[:, :d], z[:, d:], samples.log_likelihoods, proposal, interim.mean, interim.sd)


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

    theta: np.ndarray
    z: np.ndarray
    log_w: np.ndarray

    @property
    def log_weights(self):
        """Normalised."""
        return self.log_w - log_sum_exp(self.log_w)

    @property
    def ess(self):
        """Draws that count."""
        return float(effective_sample_size(self.log_w))

    @property
    def pareto_k(self):
        """Shape of the weights' tail."""
        return float(psis(self.log_weights)[1])

    @property
    def largest(self):
        """The share of the heaviest draw."""
        return float(np.exp(self.log_weights.max()))


def weighted_together(batches, interim):
    """Every draw of every batch, weighted by the mixture of all their proposals.

    The deterministic mixture (balance heuristic) of Veach & Guibas (1995) and Cornuet et al. (2012): a draw that one
    proposal could hardly make but another makes often has a small weight, so an accident of one round is mended by the
    next.

    Parameters
    ----------
    batches
        A list of :class:`Batch`.
    interim
        Its ``mean`` and ``sd`` (d,): the Gaussian prior of theta to weight for.
    """
    theta = np.concatenate([batch.theta for batch in batches])
    z = np.concatenate([batch.z for batch in batches])
    log_l = np.concatenate([batch.log_l for batch in batches])
    mixture = log_sum_exp([np.log(len(batch.log_l)) + batch.log_density(theta, z) for batch in batches], axis=0)
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
