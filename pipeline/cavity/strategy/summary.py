"""From the last round's sites and state to the phase's result: shared and local posteriors, evidence, cost."""

import json

import numpy as np

from cavity.numerics.weights import log_sum_exp, resampled
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.propagate.bank import SiteBank
from cavity.propagate.locals import local_draws
from cavity.propagate.site import Site
from cavity.rng import generator
from cavity.strategy.context import models_of
from cavity.strategy.rounds import reasons

LOCAL_DRAWS = 2000  # 400 read the sd of a local parameter 5 % low


def summarise(context, sites, states):
    """The result of an EP phase.

    Parameters
    ----------
    context
        The phase.
    sites
        {dataset: tree} of the last round.
    states
        The trees of rounds 0 ... k.
    """
    state, space = states[-1], context.space
    phi = np.asarray(state["draws"])
    log_w = np.asarray(state["log_weights"])
    shared = Samples(
        names=space.names,
        values=space.values(phi),
        log_weights=log_w,
        log_evidence=float(state["log_evidence"]),
        log_evidence_error=_number(state["log_evidence_error"]),
        pareto_k=_number(state["pareto_k"]),
        calls=int(sum(np.sum(s["calls"]) for s in states)),
        info={"method": state["method"], "ess": float(state["exact_ess"])},
    )
    per_dataset = np.sum([s["calls"] for s in states if len(s["calls"]) == len(state["calls"])], axis=0)
    return PhaseResult(
        study=context.study,
        phase=context.phase,
        inference="ep",
        shared=shared,
        locals=_locals(context, space, sites, phi, log_w),
        log_evidence=float(state["log_evidence"]),
        log_evidence_error=_number(state["log_evidence_error"]),
        converged=not reasons(state, context.ep.tolerance),
        rounds=len(states),
        likelihood_evaluations={
            "total": int(sum(np.sum(s["calls"]) for s in states)),
            "per_dataset": {name: int(calls) for name, calls in zip(state["datasets"], per_dataset)},
            "per_round": [int(np.sum(s["calls"])) for s in states],
        },
        mcse=dict(zip(space.names, np.hypot(state["mcse"], 1 / np.sqrt(max(float(state["exact_ess"]), 1.0))).tolist())),
        pareto_k=_number(state["pareto_k"]),
        warnings=tuple(json.loads(state["warnings"])),
        rejected=int(sum(int(s["rejected"]) for s in states)),
        provenance=context.provenance,
        history=[_line(space, s) for s in states],
        covariates=context.covariates,
        models=models_of(context),
    )


def _locals(context, space, sites, phi, log_w):
    """{dataset: equal-weight draws}, one for each draw of the shared parameters."""
    if any("site" not in tree or tree["kind"] == "pilot" for tree in sites.values()):
        return _pilot_locals(sites)
    bank = SiteBank([Site.from_tree(sites[name]["site"]) for name in context.datasets], space)
    rng = generator(context.seed, context.phase, "locals")
    rows = resampled(log_w, LOCAL_DRAWS, rng)
    found = {}
    seed = int(rng.integers(2**31))
    for dataset, draws in local_draws(bank, phi[rows], seed).items():
        if draws.names:
            found[dataset] = Samples(names=draws.names, values=draws.values)
    return found


def _pilot_locals(sites):
    """Before the sites exist there are no local posteriors but the pilots' own."""
    return {
        name: Samples(
            names=tuple(tree["shared"]), values=tree["points"]["psi"], log_weights=tree["points"]["log_weights"]
        )
        for name, tree in sites.items()
        if tree["kind"] == "pilot"
    }


def _line(space, state):
    """One round of the history."""
    values = space.values(np.asarray(state["draws"]))
    w = np.exp(np.asarray(state["log_weights"]) - log_sum_exp(state["log_weights"]))
    mean = w @ values
    sd = np.sqrt(np.maximum(w @ (values - mean) ** 2, 0.0))
    return {
        "round": int(state["round"]),
        "kind": state["kind"],
        "mean": dict(zip(space.names, mean.tolist())),
        "sd": dict(zip(space.names, sd.tolist())),
        "log_evidence": _number(state["log_evidence"]),
        "evaluations": int(np.sum(state["calls"])),
        "mcse": float(np.max(state["mcse"], initial=0.0)),
        "pareto_k": _number(state["pareto_k"]),
        "searched": int(np.sum(np.asarray(state["calls"]) > 0)),
    }


def _number(value):
    value = float(value)
    return value if np.isfinite(value) else None
