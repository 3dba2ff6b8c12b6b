"""Fitting the phases of a study in one process: the loop that the workflow makes of jobs."""

from dataclasses import replace
from functools import partial

from cavity.errors import StudyError, did_you_mean
from cavity.study.cache import aggregate_round, search_datasets
from cavity.study.derived import make_part, seen_by


def fit_phases(study, phases=None, progress=None):
    """Phase -> PhaseResult, and what is made of phases by its name; results land where the workflow publishes them."""
    from cavity.study.watch import Watch

    watch = Watch(study, progress)
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
                    results[grid] = make_part(study, study.config.derived[grid], results, watch)
            results[phase.name] = _fit_phase(study, phase, results, watch)
    for name, part in study.config.derived.items():
        if name not in results and (phases is None or name in wanted):
            results[name] = make_part(study, part, results, watch)
    return results


def _fit_phase(study, phase, results, watch):
    """A phase's rounds and its fixed folder."""
    from cavity.strategy.loop import conclude, rounds_of
    from cavity.study.context import phase_context

    context = replace(phase_context(study, phase, seen_by(study, phase, results)), progress=watch.search)
    join = partial(aggregate_round, study, context)

    def search(plan, before, progress):
        return search_datasets(study, context, plan, before, progress=progress)

    found = conclude(context, rounds_of(context, search, join, watch.say, watch))
    publish_phase(study, context, found)
    watch.published()
    return found


def publish_phase(study, context, result):
    """Write a phase's fixed folder: summary.json, posterior.h5 and the plots."""
    from cavity.plot.phase_figures import draw_phase
    from cavity.study.truth import truth_of

    folder = study.paths.phase(context.phase)
    result.write(folder)
    draw_phase(context.seeing(result), result, folder / "plots", truth_of(study))
