"""All datasets in one search over the whole graph: exact but for the sampler, and feasible in few dimensions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cavity.graph import FactorGraphModel
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.rng import generator
from cavity.search.model_problem import model_problem
from cavity.strategy.limits import POLICY, Limits
from cavity.strategy.phase_context import PhaseContext, check_graph, models_of
from cavity.strategy.round import Decision, Plan, Round, Searched


def graph_of(context: PhaseContext) -> FactorGraphModel:
    """The factor graph of all datasets, with the study's names."""
    factors = [replace(context.factor(dataset), name=dataset) for dataset in context.datasets]
    return FactorGraphModel(*factors, *context.names.parents, names=context.names)


def plan_round(context: PhaseContext, state: Round | None = None) -> Plan:
    """No searches per dataset: the one search is the aggregate's."""
    return Plan(round=0, kind="joint", refresh=())


def aggregate(
    context: PhaseContext,
    sites: Mapping[str, Searched] | None = None,
    state: Round | None = None,
    checkpoint: Path | None = None,
) -> Round:
    """Run the joint search: samples over every parameter of the graph."""
    check_graph(context, [context.view(dataset) for dataset in context.datasets])
    graph = graph_of(context)
    problem = model_problem(graph.global_prior_model, graph, dataset=context.study, paths=context.paths_of())
    rng = generator(context.seed, context.phase, "joint", 0)
    progress = context.progress_of(context.phase)
    samples = context.search.run(problem, rng, checkpoint, context.on_error, progress, context.max_calls)
    return Round(0, "joint", context.datasets, np.array([int(samples.calls)]), int(samples.rejected), samples=samples)


def decide(
    context: PhaseContext, state: Round, max_rounds: int | None = None, tolerance: float | None = None
) -> Decision:
    """There is nothing to iterate; it has converged where the search's own figures say so."""
    wrong = reasons(state.samples, context.limits)
    if wrong:
        return Decision("stopped", 0, "; ".join(wrong))
    return Decision("converged", 0, "a joint fit is one search, and its own figures are good")


def reasons(samples: Samples, limits: Limits = POLICY) -> list[str]:
    """What keeps a search's answer from being final: one clause each, with the figure."""
    info, found = samples.info, []
    if samples.pareto_k is not None and not samples.pareto_k < limits.k_hat_limit:
        found.append(
            f"Pareto k of its draws is {samples.pareto_k:.2f}, it must be below {limits.k_hat_limit}; use a nested "
            "search"
        )
    if "autocorrelation_times" in info:
        found += _chain_reasons(info, limits.least_acceptance)
    elif "log_posterior" not in info and samples.ess < limits.ess_limit:  # an optimum is one point by design
        found.append(
            f"only {samples.ess:.0f} of its draws count, {limits.ess_limit} must; raise its number of draws or live "
            "points"
        )
    if samples.pareto_k is None and "chains" not in info and not info.get("converged", True):
        kind = "optimum" if "log_posterior" in info else "remaining evidence"
        found.append(
            f"its search ended at a limit of its own, after {samples.calls:,} calls, before the {kind} had settled"
        )
    return found


def _chain_reasons(info, least_acceptance):
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
    if info["acceptance"] < least_acceptance:
        found.append(f"only {info['acceptance']:.1%} of its steps were accepted")
    return found


def summarise(context: PhaseContext, sites: Mapping[str, Searched], states: Sequence[Round]) -> PhaseResult:
    """Split the joint samples into shared and local ones, rows kept aligned."""
    samples = states[-1].samples
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


def renamed(samples: Samples, names: Sequence[str], new_names: Sequence[str]) -> Samples:
    """The columns ``names`` under other names."""
    return replace(samples.subset(names), names=tuple(new_names), labels=None)
