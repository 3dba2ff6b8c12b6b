"""Fitting the phases of a study in one process: the loop that the workflow makes of jobs."""

from dataclasses import replace

from cavity.errors import StudyError, did_you_mean
from cavity.study.many import make_part, seen_by
from cavity.study.searches import aggregate_round, search_datasets


def fit_phases(study, phases=None, progress=None):
    """Phase -> PhaseResult, and what is made of phases by its name; results land where the workflow publishes them."""
    say = progress or (lambda line: None)
    names = [phase.name for phase in study.config.phases]
    known = (*names, *study.config.derived)
    for name in phases or ():
        if name not in known:
            raise StudyError(f"{study.path}: no phase {name}{did_you_mean(name, known)}")
    wanted = set(names if phases is None else phases)
    for name in tuple(wanted):
        wanted.update(study.config.earlier(name))
    results = {}
    for phase in study.config.phases:
        if phase.name in wanted:
            for grid in study.config.earlier_grids(phase.name):
                if grid not in results:
                    results[grid] = make_part(study, study.config.derived[grid], results, say)
            previous = seen_by(study, phase, results)
            results[phase.name], sites = fit_phase(study, phase, previous, say)
            publish_phase(study, phase, previous, results[phase.name], sites)
    for name, part in study.config.derived.items():
        if name not in results and (phases is None or name in wanted):
            results[name] = make_part(study, part, results, say)
    return results


def fit_phase(study, phase, previous, say=lambda line: None):
    """(PhaseResult, sites of the last round): searches, aggregate and decision, round after round."""
    from cavity.strategy import phase_run

    context = phase_run.phase_context(study, phase, previous)
    identifiers = [dataset.id for dataset in study.datasets]
    sites, states, state = {}, [], None
    while True:
        plan = phase_run.plan_round(context, state)
        if phase.inference != "joint":
            say(f"{phase.name}, round {len(states)}: {len(plan['refresh'])} of {len(identifiers)} datasets to search")
            sites = search_datasets(study, context, plan, identifiers, sites)
        state = aggregate_round(study, context, sites, state)
        states.append(state)
        decision = phase_run.decide(context, state, phase.ep.max_rounds, phase.ep.tolerance)
        say(f"{phase.name}, round {len(states) - 1}: {decision['decision']} ({decision['why']})")
        if not goes_on(decision):
            return conclude(phase_run.summarise(context, sites, states), decision), sites


def goes_on(decision):
    """Whether a decision asks for another round."""
    return decision["decision"] in ("pilot", "refresh")


def conclude(result, decision):
    """A result with what was decided about it: the last word on convergence is the decision's."""
    converged = decision["decision"] == "converged"
    warnings = result.warnings
    if not converged:
        warnings = (*warnings, f"stopped after round {decision['round']} without converging: {decision['why']}")
    return replace(result, converged=converged, warnings=warnings)


def publish_phase(study, phase, previous, result, sites):
    """Write a phase's fixed folder: summary.json, posterior.h5 and the plots."""
    from cavity.plot.phase import draw_phase
    from cavity.strategy import phase_run
    from cavity.study.truth import truth_of

    folder = study.paths.phase(phase.name)
    result.write(folder)
    context = phase_run.phase_context(study, phase, previous).seeing(result)
    draw_phase(context, result, folder / "plots", truth_of(study))
