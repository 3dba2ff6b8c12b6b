"""Importance sampling of a problem from a proposal in z-space."""

import numpy as np

from cavity.errors import SearchError
from cavity.numerics.differences import both_ways, slopes
from cavity.numerics.mixture import log_prior, unit_of
from cavity.numerics.weights import log_sum_exp, psis
from cavity.search.search import make_samples

#: The prior mass beyond is 6e-16 a side: quantiles there round to a bound, where a likelihood may not be defined.
FARTHEST = 8.0


def evaluate(problem, guard, z):
    """Unit cube, parameters and log likelihoods of points in z-space; -inf without a call beyond ``FARTHEST``."""
    unit = unit_of(z)
    values = problem.vectors(unit)
    near = (np.abs(z) <= FARTHEST).all(axis=1)
    log_likelihoods = np.full(len(z), -np.inf)
    if near.any():
        log_likelihoods[near] = guard.batch(values[near])
    return unit, values, log_likelihoods


def gradients(problem, guard, z, step=1e-4):
    """The gradient (n, ndim) of the log likelihood in z-space, by the problem's own in the parameters.

    The Jacobian of the prior transform is by central differences: it costs no likelihood call.
    """
    moved = both_ways(z, step)
    values = problem.vectors(unit_of(moved.reshape(-1, z.shape[1])))
    jacobian = slopes(values.reshape(moved.shape), step)
    return np.einsum("nij,nj->ni", jacobian, guard.gradient(problem.vectors(unit_of(z))))


def importance_samples(problem, guard, proposal, n_draws, rng, info):
    """Draws of the posterior, weighted; the mean of the raw weights is the evidence.

    ``samples.log_weights + samples.log_evidence`` is log(L prior / proposal) - log n, the raw weights (plus the
    constant of the assertions).
    The draws are in parts, each scrambled by itself. ``info["proposal"]`` holds the proposal, so that draws of several
    rounds can be weighted together.
    The error of the log evidence is the delta method's, sqrt(sum w^2 - 1/n); for Sobol points it is conservative.

    Raises
    ------
    SearchError
        If no draw has a finite likelihood.
    """
    z = proposal.draws_in_parts(n_draws, rng)
    unit, values, log_likelihoods = evaluate(problem, guard, z)
    log_weights = log_likelihoods + log_prior(z) - proposal.log_density(z) - np.log(n_draws)
    log_evidence = float(log_sum_exp(log_weights))
    if not np.isfinite(log_evidence):
        raise SearchError(
            f"importance sampling{' of dataset ' + problem.dataset if problem.dataset else ''}: none of "
            f"{n_draws} draws has a finite likelihood; use a nested search"
        )
    log_weights = log_weights - log_evidence
    _, k_hat = psis(log_weights)
    variance = max(float(np.exp(2.0 * log_weights).sum()) - 1.0 / n_draws, 0.0)
    return make_samples(
        problem,
        guard,
        values=values,
        unit=unit,
        log_weights=log_weights,
        log_likelihoods=log_likelihoods,
        log_evidence=log_evidence,
        log_evidence_error=float(np.sqrt(variance)),
        pareto_k=float(k_hat),
        info={**info, "proposal": proposal.to_tree()},
    )
