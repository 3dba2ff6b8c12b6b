"""Every dataset by itself, one search each: independently, or each after the fit of the dataset before it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cavity.errors import GraphError
from cavity.graph import FactorView
from cavity.inference import SEQUENTIAL
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.rng import generator
from cavity.search.model_problem import model_problem
from cavity.strategy.phase_context import PhaseContext, models_of, spent_sentence
from cavity.strategy.polished import run_polished
from cavity.strategy.round import Decision, Plan, Round, Searched, Summed

REHEARSAL_DRAWS = 64
NOTHING_KNOWN = {"log_likelihoods": np.zeros(REHEARSAL_DRAWS), "log_evidence": 0.0, "log_evidence_error": 0.0}


def plan_round(context: PhaseContext, state: Round | None = None) -> Plan:
    """One round, every dataset."""
    return Plan(round=0, kind="search", refresh=context.datasets)


def search_site(
    context: PhaseContext, dataset: str, plan: Plan, previous: Searched | None = None, checkpoint: Path | None = None
) -> Searched:
    """Fit one dataset with its own model.

    Parameters
    ----------
    previous
        In a sequential phase the dataset before it, None for the first.

    Raises
    ------
    GraphError
        If a parameter is drawn from a parent: these fits have no parents.
    """
    if context.inference != SEQUENTIAL:
        return _fit(context, context.view(dataset), checkpoint)
    view = after(context, previous).view(dataset)
    model = stored_form(view)  # before the search: what cannot be stored is said before the work, not after
    return replace(_fit(context, view, checkpoint), model=model)


def _fit(context, view, checkpoint):
    refuse_drawn(context, view)
    dataset, search = view.dataset, context.search_of(view)
    problem = model_problem(view.model, view.analysis, dataset=dataset, paths=context.paths_of(dataset))
    rng = generator(context.seed, context.phase, dataset, 0)
    progress = context.progress_of(dataset)
    samples = run_polished(search, problem, rng, checkpoint, context.on_error, progress, context.max_calls)
    limits, calls = context.limits, int(samples.calls)
    covered = samples.pareto_k is not None and samples.pareto_k < limits.k_hat_limit and samples.ess >= limits.ess_limit
    exhausted = bool(samples.info.get("calls_spent")) and not covered
    return Searched(dataset, 0, "search", calls, int(samples.rejected), calls, exhausted, samples=samples)


def refuse_drawn(context: PhaseContext, view: FactorView) -> None:
    """GraphError where a parameter of a dataset that is fitted by itself is drawn from a parent."""
    if view.drawn:
        raise GraphError(
            f"dataset {view.dataset}: {view.drawn[0].name} is drawn from a parent, which {context.inference} fits do "
            "not have; use inference: ep or joint, or give it a prior of its own"
        )


def aggregate(context: PhaseContext, sites: Mapping[str, Searched], state: Round | None = None) -> Round:
    """Collect the evidences: their sum is that of the datasets together, each with its own parameters."""
    evidence = [_number(searched.samples.log_evidence) for searched in sites.values()]
    error = [_number(searched.samples.log_evidence_error) for searched in sites.values()]
    return Round(
        round=0,
        kind="search",
        datasets=tuple(sites),
        calls=np.array([searched.calls for searched in sites.values()]),
        rejected=sum(searched.rejected for searched in sites.values()),
        exhausted=np.array([searched.exhausted for searched in sites.values()]),
        summed=Summed(float(np.sum(evidence)), float(np.sqrt(np.sum(np.square(error))))),
    )


def decide(
    context: PhaseContext, state: Round, max_rounds: int | None = None, tolerance: float | None = None
) -> Decision:
    """There is nothing to iterate."""
    if state.out_of_calls:
        return Decision("stopped", state.round, spent_sentence(context, state.out_of_calls))
    return Decision("converged", state.round, f"{context.inference} fits need one round")


def summarise(context: PhaseContext, sites: Mapping[str, Searched], states: Sequence[Round]) -> PhaseResult:
    """All datasets' posteriors as one result of the phase."""
    found = {dataset: searched.samples for dataset, searched in sites.items()}
    total = int(sum(samples.calls for samples in found.values()))
    evidence = _finite(states[-1].summed.log_evidence)
    sequential = context.inference == SEQUENTIAL
    return PhaseResult(
        study=context.study,
        phase=context.phase,
        inference=context.inference,
        shared=None,
        locals=found,
        log_evidence=evidence,
        log_evidence_error=_finite(states[-1].summed.log_evidence_error),
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
        models={name: searched.model for name, searched in sites.items()} if sequential else models_of(context),
        history=[{"round": 0, "kind": "search", "log_evidence": evidence, "evaluations": total}],
    )


# --- one after the other ---------------------------------------------------------------------------------------------


def after(context: PhaseContext, previous: Searched | None) -> PhaseContext:
    """The phase as the next dataset sees it, given the dataset before it, or None."""
    if previous is None:
        return context
    return context.seeing(one_fit(context, previous.dataset, previous.samples, previous.model))


def one_fit(context: PhaseContext, dataset: str, samples: Samples, model: Mapping) -> PhaseResult:
    """A PhaseResult of one dataset, its model as :func:`stored_form` gives it."""
    return PhaseResult(
        study=context.study,
        phase=context.phase,
        inference=context.inference,
        locals={dataset: samples},
        models={dataset: model},
    )


def stored_form(view: FactorView) -> dict:
    """A dataset's model as plain data, and which of its parameters are shared: path -> name."""
    names = view.compiled.names
    stored = {**view.model.to_dict(), "shared": {names[index]: name for index, name in view.shared}}
    return json.loads(json.dumps(stored))


def rehearsed(context: PhaseContext, datasets: Sequence[str]) -> list[FactorView]:
    """Views of datasets as their searches will see them, before there is any fit.

    The fit before a dataset is stood in for by draws around the middle of that model's priors. A parameter keeps the
    draws from where it first appears, so that a chain of passed priors gets neither wider nor narrower.
    """
    views, found, columns = [], None, {}
    rng = np.random.default_rng(0)
    for dataset in datasets:
        place = context.datasets.index(dataset)
        if found is not None:
            found = one_fit(context, context.datasets[place - 1], *found)
        view = context.seeing(found).view(dataset)
        refuse_drawn(context, view)
        drawn = _around_the_middle(view, rng)
        for name, column in zip(view.compiled.names, drawn.T, strict=True):
            columns.setdefault(name, column)
        values = np.stack([columns[name] for name in view.compiled.names], axis=1)
        found = Samples(tuple(view.compiled.names), values, **NOTHING_KNOWN), stored_form(view)
        views.append(view)
    return views


def stand_in(context: PhaseContext, views: Sequence[FactorView]) -> PhaseResult:
    """A result of some datasets before there is one: draws around the middle of their models' priors."""
    rng = np.random.default_rng(0)
    found = {
        view.dataset: Samples(tuple(view.compiled.names), _around_the_middle(view, rng), **NOTHING_KNOWN)
        for view in views
    }
    return PhaseResult(study=context.study, phase=context.phase, inference=context.inference, locals=found)


def _around_the_middle(view, rng):
    """Draws (REHEARSAL_DRAWS, D) of a model's parameters."""
    units = rng.uniform(0.45, 0.55, (REHEARSAL_DRAWS, view.compiled.ndim))
    return np.array([view.compiled.vector(unit) for unit in units])


def _number(value):
    return math.nan if value is None else float(value)


def _finite(value):
    return float(value) if math.isfinite(value) else None
