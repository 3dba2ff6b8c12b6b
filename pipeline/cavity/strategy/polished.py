"""A search whose evidence counts: a nested run is polished by importance sampling where its error gets smaller."""

from dataclasses import replace

import numpy as np

from cavity.errors import SearchError
from cavity.search.guard import Guard
from cavity.search.polish import polished

FEWEST, MOST = 512, 4096  # draws; between them a tenth of the run's own calls
POLISH_SHARE = 0.2  # of the run's calls: the draws may be made twice
CONTRADICTION = 4.0  # standard errors between the two evidences: the draws then missed a part of the posterior


def run_polished(search, problem, rng, checkpoint=None, on_error="raise", progress=None, max_calls=None):
    """``search.run``, and for a nested search the draws that replace its random volumes by exact weights.

    The nested evidence is kept where the draws do not cover the posterior (Pareto k of .7 or more), have the larger
    error, or contradict it; the nested samples also where they are worth more draws than the new ones. The likeliest
    point of the nested run stays in any case.
    """
    left = None if max_calls is None else int(max_calls / (1 + POLISH_SHARE))
    samples = search.run(problem, rng, checkpoint, on_error, progress, left)
    if samples.log_evidence is None or samples.unit is None or "proposal" in samples.info:
        return samples  # no nested run: without an evidence, or weighted by a proposal already
    guard = Guard(problem, on_error=on_error)
    n_draws = int(np.clip(samples.calls // 10, FEWEST, MOST))
    try:
        found = polished(problem, samples, n_draws, rng, guard=guard)
    except SearchError:  # no draw has a likelihood: the mixture does not cover the nested points at all
        found = samples
    if not _is_better(found, samples):
        found = replace(samples, info={**samples.info, "polished": False})
    elif samples.ess > found.ess:
        evidence = {key: getattr(found, key) for key in ("log_evidence", "log_evidence_error", "pareto_k")}
        info = {key: value for key, value in found.info.items() if key != "proposal"}
        found = replace(samples, info=info, **evidence)
    return replace(
        _with_likeliest(found, samples),
        calls=samples.calls + guard.calls,
        rejected=samples.rejected + guard.rejected,
    )


def _is_better(found, samples):
    error = np.hypot(found.log_evidence_error, samples.log_evidence_error)
    contradicts = abs(found.log_evidence - samples.log_evidence) > CONTRADICTION * error
    return found.log_evidence_error < samples.log_evidence_error and not contradicts


def _with_likeliest(found, samples):
    """The draws with the nested run's likeliest point among them, at no weight: fits start and are drawn there."""
    best = int(np.argmax(samples.log_likelihoods))
    if found.log_likelihoods.max() >= samples.log_likelihoods[best]:
        return found
    added = {"log_weights": np.append(found.log_weights, -np.inf)}
    for key in ("values", "unit", "log_likelihoods", "log_priors"):
        if getattr(found, key) is not None:
            added[key] = np.concatenate([getattr(found, key), getattr(samples, key)[best : best + 1]])
    info = {key: value for key, value in found.info.items() if key != "proposal"}  # not all are its draws now
    return replace(found, **added, info=info)
