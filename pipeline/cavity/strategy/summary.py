"""From the last round's sites and state to the phase's result: shared and local posteriors, evidence, cost."""

from collections.abc import Mapping, Sequence

import numpy as np

from cavity.numerics.weights import log_sum_exp, resampled
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.propagate.locals import local_draws
from cavity.rng import generator
from cavity.strategy.ep import bank_of
from cavity.strategy.phase_context import PhaseContext, models_of
from cavity.strategy.round import Round, Searched

LOCAL_DRAWS = 2000  # 400 read the sd of a local parameter 5 % low


def summarise(context: PhaseContext, sites: Mapping[str, Searched], states: Sequence[Round]) -> PhaseResult:
    """The result of an EP phase from the sites of the last round and the rounds 0 ... k."""
    state, space = states[-1], context.space
    joined = state.joined
    shared = Samples(
        names=space.names,
        values=space.values(joined.draws),
        log_weights=joined.log_weights,
        log_evidence=joined.log_evidence,
        log_evidence_error=_number(joined.log_evidence_error),
        pareto_k=_number(joined.pareto_k),
        calls=int(sum(np.sum(s.calls) for s in states)),
        info={"method": joined.method, "ess": joined.exact_ess},
    )
    per_dataset = np.sum([s.calls for s in states if len(s.calls) == len(state.calls)], axis=0)
    return PhaseResult(
        study=context.study,
        phase=context.phase,
        inference="ep",
        shared=shared,
        locals=_locals(context, sites, joined),
        log_evidence=joined.log_evidence,
        log_evidence_error=_number(joined.log_evidence_error),
        rounds=len(states),
        likelihood_evaluations={
            "total": int(sum(np.sum(s.calls) for s in states)),
            "per_dataset": {name: int(calls) for name, calls in zip(state.datasets, per_dataset)},
            "per_round": [int(np.sum(s.calls)) for s in states],
        },
        mcse=dict(zip(space.names, joined.mcse.tolist())),
        pareto_k=_number(joined.pareto_k),
        warnings=joined.warnings,
        rejected=sum(s.rejected for s in states),
        provenance=context.provenance,
        history=[_line(space, s) for s in states],
        covariates=context.covariates,
        models=models_of(context),
    )


def _locals(context, sites, joined):
    """{dataset: equal-weight draws}, one for each draw of the shared parameters; none before the sites are made."""
    if any(searched.kind == "pilot" for searched in sites.values()):
        return {}
    bank = bank_of(context, {name: sites[name] for name in context.datasets})
    rng = generator(context.seed, context.phase, "locals")
    rows = resampled(joined.log_weights, LOCAL_DRAWS, rng)
    found = {}
    seed = int(rng.integers(2**31))
    for dataset, draws in local_draws(bank, joined.draws[rows], seed).items():
        if draws.names:
            info = {"mean_error": dict(zip(draws.names, draws.error.tolist()))}
            found[dataset] = Samples(names=draws.names, values=draws.values, info=info)
    return found


def _line(space, state):
    """One round of the history."""
    joined = state.joined
    values = space.values(joined.draws)
    w = np.exp(joined.log_weights - log_sum_exp(joined.log_weights))
    mean = w @ values
    sd = np.sqrt(np.maximum(w @ (values - mean) ** 2, 0.0))
    return {
        "round": state.round,
        "kind": state.kind,
        "mean": dict(zip(space.names, mean.tolist())),
        "sd": dict(zip(space.names, sd.tolist())),
        "log_evidence": _number(joined.log_evidence),
        "evaluations": int(np.sum(state.calls)),
        "mcse": float(np.max(joined.mcse, initial=0.0)),
        "pareto_k": _number(joined.pareto_k),
        "searched": int(np.sum(state.calls > 0)),
    }


def _number(value):
    value = float(value)
    return value if np.isfinite(value) else None
