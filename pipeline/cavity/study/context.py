"""A phase of a study on disk as the strategies know it: a :class:`~cavity.strategy.phase_context.PhaseContext`."""

from cavity.graph import with_groups
from cavity.search.progress import Progress
from cavity.strategy.phase_context import MAX_CALLS, EPSettings, PhaseContext
from cavity.study.earlier import PhaseFactors


def phase_context(study, phase, previous=None):
    """A phase of a study as a :class:`~cavity.strategy.phase_context.PhaseContext`.

    Parameters
    ----------
    study
        A ``cavity.study.Study``.
    phase
        Its configuration.
    previous
        {phase: PhaseResult} of earlier phases, handed to ``factor(dataset, previous)``; of a sequential phase that is
        fitted, its own too.

    Raises
    ------
    GraphError
        If the module's shared parameters have no proper names.
    """
    return PhaseContext(
        study=study.name,
        phase=phase.name,
        inference=phase.inference,
        datasets=tuple(dataset.id for dataset in study.datasets),
        factor=PhaseFactors(study, phase, previous or {}),
        names=with_groups(study.shared_names, _keys(study)),
        search=study.search(phase),
        seed=study.config.seed,
        max_calls=(None if phase.inference == "joint" else MAX_CALLS) if phase.max_calls == "auto" else phase.max_calls,
        ep=EPSettings(tolerance=phase.ep.tolerance, max_rounds=phase.ep.max_rounds),
        on_error=phase.on_error,
        output=study.paths.phase(phase.name) / "fits",
        progress=Progress,
        provenance=study.provenance(phase),
        covariates={dataset.id: dict(study.grouped(dataset).covariates) for dataset in study.datasets},
    )


def _keys(study):
    """{column: its distinct cells as they are written, without empty ones, in the table's order}: keys of groups."""
    columns = {}
    for dataset in study.datasets:
        for column, text in dataset.texts.items():
            if text:
                columns.setdefault(column, {})[text] = None
    return {column: tuple(values) for column, values in columns.items()}
