"""What a search sees: a unit cube, a map out of it, and a likelihood. No models, no graphs, no files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Problem:
    """A posterior written as a unit-cube problem.

    Parameters
    ----------
    names
        The parameters, in the order of every vector below.
    prior_transform
        Unit cube (ndim,) -> parameters (ndim,); the pushforward of the uniform density is the prior.
    log_likelihood
        Parameters (ndim,) -> float: natural log. The user's raw function; :class:`~cavity.search.guard.Guard` wraps it.
    log_likelihood_batch, prior_transform_batch
        The same for (n, ndim), where the user offers them.
    unit_from
        Parameters -> unit cube, the inverse of ``prior_transform``.
    log_prior
        Parameters -> float, the normalised log density of the prior.
    gradient
        Parameters (n, ndim) -> (n, ndim), the gradient of the log likelihood, where there is one.
    dataset
        Whose likelihood it is: for the sentence of an error.
    identity
        A hash of the content (data, model, priors): the key of a checkpoint.
    on_best
        Called at an interval with the best parameters so far.
    shown
        Parameters (ndim,) -> the values (ndim,) that a user knows by these names, where those are others.
    log_acceptance, log_acceptance_error
        Log of the prior mass that the model's assertions accept (0 without assertions), and its standard error.
        ``log_likelihood`` is -inf outside; a search subtracts it, so the evidence is that of the renormalised prior.
    """

    names: tuple[str, ...]
    prior_transform: Callable
    log_likelihood: Callable
    log_likelihood_batch: Callable | None = None
    prior_transform_batch: Callable | None = None
    unit_from: Callable | None = None
    log_prior: Callable | None = None
    gradient: Callable | None = None
    dataset: str = ""
    identity: str = ""
    on_best: Callable | None = None
    shown: Callable | None = None
    log_acceptance: float = 0.0
    log_acceptance_error: float = 0.0

    @property
    def ndim(self):
        """The number of parameters."""
        return len(self.names)

    def vectors(self, unit):
        """Many points: unit cube (n, ndim) -> parameters (n, ndim)."""
        unit = np.asarray(unit, dtype=float)
        if self.prior_transform_batch is not None:
            return np.asarray(self.prior_transform_batch(unit), dtype=float)
        if not len(unit):
            return np.empty((0, self.ndim))
        return np.array([self.prior_transform(point) for point in unit], dtype=float)


class Likelihood(NamedTuple):
    """Log likelihoods of vectors in the order of the compiled model's names; assertions are not looked at.

    ``one`` takes (ndim,) and gives a number; ``many`` (n, ndim) -> (n,) and ``gradient`` (n, ndim) -> (n, ndim) are
    None where the analysis offers nothing of the kind.
    """

    one: Callable
    many: Callable | None = None
    gradient: Callable | None = None
