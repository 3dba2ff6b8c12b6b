"""Every dataset by itself: one search each, nothing joined."""

import math

import numpy as np

from cavity.errors import GraphError
from cavity.posterior.phase import PhaseResult
from cavity.posterior.store import samples_from_tree, samples_tree
from cavity.rng import generator
from cavity.search.model_problem import model_problem
from cavity.strategy.context import models_of, spent_sentence
from cavity.strategy.polished import run_polished
from cavity.strategy.rounds import ESS_LIMIT, K_HAT_LIMIT


def plan_round(context, state):
    """One round, every dataset."""
    return {"round": 0, "kind": "search", "refresh": list(context.datasets)}


def search_site(context, dataset, plan, previous=None, checkpoint=None):
    """Fit one dataset with its own model.

    Raises
    ------
    GraphError
        If a parameter is drawn from a parent: independent fits have no parents.
    """
    return fit_view(context, context.view(dataset), checkpoint)


def fit_view(context, view, checkpoint=None):
    """The same, of a dataset's factor that is composed already."""
    refuse_drawn(context, view)
    dataset, search = view.dataset, context.search_of(view)
    problem = model_problem(view.model, view.analysis, dataset=dataset, paths=context.paths_of(dataset))
    rng = generator(context.seed, context.phase, dataset, 0)
    samples = run_polished(
        search, problem, rng, checkpoint, context.on_error, context.progress_of(dataset), context.max_calls
    )
    tree = {"kind": "search", "dataset": dataset, "round": 0, "calls": samples.calls, "samples": samples_tree(samples)}
    covered = samples.pareto_k is not None and samples.pareto_k < K_HAT_LIMIT and samples.ess >= ESS_LIMIT
    return {**tree, "exhausted": True} if samples.info.get("calls_spent") and not covered else tree


def refuse_drawn(context, view):
    """GraphError where a parameter of a dataset that is fitted by itself is drawn from a parent."""
    if view.drawn:
        raise GraphError(
            f"dataset {view.dataset}: {view.drawn[0].name} is drawn from a parent, which {context.inference} fits do "
            "not have; use inference: ep or joint, or give it a prior of its own"
        )


def aggregate(context, sites, state=None):
    """Collect the evidences: their sum is that of the datasets together, each with its own parameters."""
    evidence = [_number(tree["samples"].get("log_evidence")) for tree in sites.values()]
    error = [_number(tree["samples"].get("log_evidence_error")) for tree in sites.values()]
    return {
        "round": 0,
        "kind": "search",
        "datasets": list(sites),
        "log_evidence": float(np.sum(evidence)),
        "log_evidence_error": float(np.sqrt(np.sum(np.square(error)))),
        "calls": np.array([tree["calls"] for tree in sites.values()]),
        "exhausted": np.array([bool(tree.get("exhausted", False)) for tree in sites.values()]),
    }


def decide(context, state, max_rounds=None, tolerance=None):
    """There is nothing to iterate."""
    spent = spent_of(state)
    if spent:
        return {"decision": "stopped", "round": int(state["round"]), "why": spent_sentence(context, spent)}
    return {"decision": "converged", "round": int(state["round"]), "why": f"{context.inference} fits need one round"}


def spent_of(state):
    """Datasets whose budget of calls did not do."""
    return [name for name, spent in zip(state["datasets"], state["exhausted"]) if spent]


def summarise(context, sites, states):
    """All datasets' posteriors as one result of the phase."""
    return phase_result(context, sites, states[-1], models_of(context))


def phase_result(context, sites, state, models):
    """The same, given {dataset: its model as plain data}."""
    found = {dataset: samples_from_tree(tree["samples"]) for dataset, tree in sites.items()}
    total = int(sum(samples.calls for samples in found.values()))
    return PhaseResult(
        study=context.study,
        phase=context.phase,
        inference=context.inference,
        shared=None,
        locals=found,
        log_evidence=_finite(state["log_evidence"]),
        log_evidence_error=_finite(state["log_evidence_error"]),
        converged=not spent_of(state),
        rounds=1,
        likelihood_evaluations={
            "total": total,
            "per_dataset": {dataset: int(samples.calls) for dataset, samples in found.items()},
            "per_round": [total],
        },
        mcse={},
        pareto_k=max((s.pareto_k for s in found.values() if s.pareto_k is not None), default=None),
        warnings=(),
        rejected=int(sum(samples.rejected for samples in found.values())),
        provenance=context.provenance,
        covariates=context.covariates,
        models=models,
        history=[{"round": 0, "kind": "search", "log_evidence": _finite(state["log_evidence"]), "evaluations": total}],
    )


def _number(value):
    return math.nan if value is None else float(value)


def _finite(value):
    return float(value) if math.isfinite(value) else None
