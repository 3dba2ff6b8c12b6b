"""The functions that run a phase: the only ones that ``Study.fit`` and the workflow's verbs call."""

from cavity.graph import with_groups
from cavity.inference import SEQUENTIAL
from cavity.search.progress import Progress
from cavity.strategy import independent, joint, rounds, sequential, site_search, summary
from cavity.strategy.chain import PhaseFactors
from cavity.strategy.context import MAX_CALLS, EPSettings, PhaseContext


def phase_context(study, phase, previous=None):
    """A phase of a study on disk as a :class:`PhaseContext`.

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
        covariates={dataset.id: dict(dataset.covariates) for dataset in study.datasets},
    )


def _keys(study):
    """{column: its distinct values as text, in the order of the table}: the keys of possible groups."""
    columns = {}
    for dataset in study.datasets:
        for column, value in dataset.covariates.items():
            columns.setdefault(column, {})[str(value)] = None
    return {column: tuple(values) for column, values in columns.items()}


def _strategy(context):
    found = {"independent": independent, "sequential": sequential, "joint": joint, "ep": rounds}
    return found[context.inference]


def plan_round(context, state=None):
    """What the next round searches; see the strategy of the phase's inference."""
    return _strategy(context).plan_round(context, state)


def starting_site(context, dataset, previous, sites):
    """The tree that a dataset's search starts from, or None.

    Parameters
    ----------
    previous
        Dataset -> tree of the round before; in a sequential phase, of the dataset before this job's first.
    sites
        Dataset -> tree of this round so far.
    """
    if context.inference != SEQUENTIAL:
        return previous.get(dataset)
    place = context.datasets.index(dataset)
    before = context.datasets[place - 1] if place else None
    return sites.get(before) or previous.get(before)


def seen(context, dataset, previous):
    """SHA-256 of what a dataset's factor can see of earlier fits; ``previous`` is its :func:`starting_site`."""
    if context.inference == SEQUENTIAL:
        context = sequential.after(context, previous)
    return context.factor.seen(dataset)


def search_site(context, dataset, plan, previous=None, checkpoint=None):
    """One dataset's search; ``previous`` is its :func:`starting_site`."""
    module = site_search if context.inference == "ep" else _strategy(context)
    return module.search_site(context, dataset, plan, previous, checkpoint)


def aggregate(context, sites, state=None, checkpoint=None):
    """Join the sites of a round (for a joint phase: run the joint search, which may leave a checkpoint)."""
    if context.inference == "joint":
        return joint.aggregate(context, sites, state, checkpoint)
    return _strategy(context).aggregate(context, sites, state)


def decide(context, state, max_rounds=None, tolerance=None):
    """Whether the rounds go on."""
    return _strategy(context).decide(context, state, max_rounds, tolerance)


def summarise(context, sites, states):
    """The phase's result so far, from its sites and the states of all rounds."""
    module = summary if context.inference == "ep" else _strategy(context)
    return module.summarise(context, sites, states)
