"""All datasets in one search over the whole graph: exact but for the sampler, and feasible in few dimensions."""

from dataclasses import replace

import numpy as np

from cavity.graph import FactorGraphModel
from cavity.posterior.phase import PhaseResult
from cavity.posterior.store import samples_from_tree, samples_tree
from cavity.rng import generator
from cavity.search.model_problem import model_problem
from cavity.strategy.context import check_graph, models_of
from cavity.strategy.rounds import ESS_LIMIT, K_HAT_LIMIT

LEAST_ACCEPTANCE = 0.02  # of an ensemble's moves: below, its walkers hardly leave where they started


def graph_of(context):
    """The factor graph of all datasets, with the study's names."""
    factors = [replace(context.factor(dataset), name=dataset) for dataset in context.datasets]
    return FactorGraphModel(*factors, *context.names.parents, names=context.names)


def plan_round(context, state):
    """No searches per dataset: the one search is the aggregate's."""
    return {"round": 0, "kind": "joint", "refresh": []}


def aggregate(context, sites=None, state=None, checkpoint=None):
    """Run the joint search.

    Returns
    -------
    dict
        The samples over every parameter of the graph, as a tree.
    """
    check_graph(context, [context.view(dataset) for dataset in context.datasets])
    graph = graph_of(context)
    problem = model_problem(graph.global_prior_model, graph, dataset=context.study, paths=context.paths_of())
    rng = generator(context.seed, context.phase, "joint", 0)
    progress = context.progress_of(context.phase)
    samples = context.search.run(problem, rng, checkpoint, context.on_error, progress, context.max_calls)
    return {"round": 0, "kind": "joint", "samples": samples_tree(samples), "calls": samples.calls}


def decide(context, state, max_rounds=None, tolerance=None):
    """There is nothing to iterate; it has converged where the search's own figures say so."""
    wrong = reasons(samples_from_tree(state["samples"]))
    if wrong:
        return {"decision": "stopped", "round": 0, "why": "; ".join(wrong)}
    return {"decision": "converged", "round": 0, "why": "a joint fit is one search, and its own figures are good"}


def reasons(samples):
    """What keeps a search's answer from being final: one clause each, with the figure."""
    info, found = samples.info, []
    if samples.pareto_k is not None and not samples.pareto_k < K_HAT_LIMIT:
        found.append(
            f"Pareto k of its draws is {samples.pareto_k:.2f}, it must be below {K_HAT_LIMIT}; use a nested search"
        )
    if "autocorrelation_times" in info:
        found += _chain_reasons(info)
    elif "log_posterior" not in info and samples.ess < ESS_LIMIT:  # an optimum is one point by design
        found.append(
            f"only {samples.ess:.0f} of its draws count, {ESS_LIMIT} must; raise its number of draws or live points"
        )
    if samples.pareto_k is None and "chains" not in info and not info.get("converged", True):
        kind = "optimum" if "log_posterior" in info else "remaining evidence"
        found.append(
            f"its search ended at a limit of its own, after {samples.calls:,} calls, before the {kind} had settled"
        )
    return found


def _chain_reasons(info):
    """The same of a Markov chain: its length in autocorrelation times and its acceptance."""
    found, steps = [], int(info["steps"])
    settings = info["search"]["auto_correlations_settings"]
    longest, needed = np.max(np.array(info["autocorrelation_times"], float)), settings["required_length"]
    if not needed * longest < steps:
        found.append(
            f"its {steps:,} steps are {steps / longest:.0f} autocorrelation times, {needed} are needed; raise nsteps"
        )
    elif settings["check_for_convergence"] and not info["converged"]:
        found.append(f"its autocorrelation time, {longest:.0f} steps, still changes; raise nsteps")
    if info["acceptance"] < LEAST_ACCEPTANCE:
        found.append(f"only {info['acceptance']:.1%} of its steps were accepted")
    return found


def summarise(context, sites, states):
    """Split the joint samples into shared and local ones, rows kept aligned."""
    samples = samples_from_tree(states[-1]["samples"])
    shared = [name for name in context.names.priors.values() if name in samples.names]
    local_names = {}
    for dataset in context.datasets:
        view = context.view(dataset)
        paths = [*(drawn.name for drawn in view.drawn), *(path for _, path, _ in view.local)]
        local_names[dataset] = paths
    return PhaseResult(
        study=context.study,
        phase=context.phase,
        inference="joint",
        shared=samples.subset(shared) if shared else None,
        locals={
            dataset: renamed(samples, [f"{dataset}.{path}" for path in paths], paths)
            for dataset, paths in local_names.items()
            if paths
        },
        log_evidence=samples.log_evidence,
        log_evidence_error=samples.log_evidence_error,
        converged=not reasons(samples),
        rounds=1,
        likelihood_evaluations={
            "total": int(samples.calls),
            "per_dataset": {dataset: int(samples.calls) for dataset in context.datasets},
            "per_round": [int(samples.calls)],
        },
        mcse={},
        pareto_k=samples.pareto_k,
        warnings=(),
        rejected=int(samples.rejected),
        provenance=context.provenance,
        covariates=context.covariates,
        models=models_of(context),
        history=[
            {"round": 0, "kind": "joint", "log_evidence": samples.log_evidence, "evaluations": int(samples.calls)}
        ],
    )


def renamed(samples, names, new_names):
    """The columns ``names`` under other names."""
    return replace(samples.subset(names), names=tuple(new_names), labels=None)
