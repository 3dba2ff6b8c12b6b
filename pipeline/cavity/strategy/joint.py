"""All datasets in one search over the whole graph: exact but for the sampler, and feasible in few dimensions."""

from dataclasses import replace

from cavity.graph import FactorGraphModel
from cavity.posterior.phase import PhaseResult
from cavity.posterior.store import samples_from_tree, samples_tree
from cavity.rng import generator
from cavity.search.model_problem import model_problem
from cavity.strategy.context import check_graph, models_of


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
    samples = context.search.run(problem, rng, checkpoint, context.on_error, progress)
    return {"round": 0, "kind": "joint", "samples": samples_tree(samples), "calls": samples.calls}


def decide(context, state, max_rounds=None, tolerance=None):
    """There is nothing to iterate."""
    return {"decision": "converged", "round": 0, "why": "a joint fit is one search"}


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
        converged=True,
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
