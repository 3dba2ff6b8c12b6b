"""Polishing: importance sampling from a fit to a nested run's samples removes the noise of its volumes.

The volumes of nested sampling are random, which makes the log evidence of N datasets wrong by sqrt(N) times its own
error; a few hundred more likelihood calls replace them by weights that are exact.
"""

from dataclasses import replace

from cavity.numerics.mixture import Mixture, fit_components, normal_of
from cavity.numerics.weights import TRUSTED_K, tempered
from cavity.search.guard import Guard
from cavity.search.importance import importance_samples

#: Factor on the fitted covariances: a proposal should be wider than its target.
INFLATION = 1.2
#: Points a column (and one more) that a fit must rest on: one point alone has no width, and draws around it would all
#: have the same weight, which looks healthy.
ENOUGH = 4.0


def polish(problem, unit, log_weights, n_draws, rng, n_components=5, prior_fraction=0.15, guard=None):
    """Draw a posterior anew from a t mixture fitted to weighted points.

    Parameters
    ----------
    problem
        The :class:`~cavity.search.problem.Problem` that was sampled.
    unit, log_weights
        (S, ndim) points in the unit cube and their (S,) log weights, any normalisation.
    n_draws
        Likelihood calls to spend: 500 to 2,000.
    rng
        A ``numpy.random.Generator``.
    n_components, prior_fraction
        Components with five degrees of freedom, and the share of draws from the prior, which bounds the weights.
    guard
        A guard whose counts go on; a new one without.

    Returns
    -------
    Samples
        With ``pareto_k``: above 0.7 the fit does not cover the posterior and the nested samples are the better answer.
    """
    guard = guard if guard is not None else Guard(problem)
    proposal = proposal_around(unit, log_weights, rng, n_components, prior_fraction)
    return importance_samples(problem, guard, proposal, n_draws, rng, {"search": "polish"})


def proposal_around(unit, log_weights, rng, n_components=5, prior_fraction=0.15):
    """The mixture that :func:`polish` draws from."""
    log_weights = tempered(log_weights, ENOUGH * (unit.shape[1] + 1))
    shares, means, covariances = fit_components(normal_of(unit), log_weights, n_components, rng)
    return Mixture.of(shares, means, INFLATION * covariances, prior_fraction=prior_fraction)


def polished(problem, samples, n_draws, rng, guard=None, n_components=5):
    """The polished form of nested samples: their calls are counted in, and the nested evidence is kept in ``info``.

    Where the draws do not cover (Pareto k above 0.7) the mixture is fitted once more, to these draws; where these do
    not either, the nested samples are returned, with the k that says so.
    """
    own = guard is None
    guard = Guard(problem) if own else guard
    unit, log_weights = samples.unit, samples.log_weights
    for _ in range(2):
        new = polish(problem, unit, log_weights, n_draws, rng, n_components, guard=guard)
        if new.pareto_k < TRUSTED_K:
            break
        unit, log_weights = new.unit, new.log_weights
    counts = {"calls": new.calls, "rejected": new.rejected}
    if own:
        counts = {"calls": new.calls + samples.calls, "rejected": new.rejected + samples.rejected}
    if not new.pareto_k < TRUSTED_K:
        return replace(samples, pareto_k=new.pareto_k, info={**samples.info, "polished": False}, **counts)
    nested = {"nested_log_evidence": samples.log_evidence, "nested_log_evidence_error": samples.log_evidence_error}
    return replace(new, info={**samples.info, **nested, "polished": True}, **counts)
