"""The searches of one job: every finished one is kept by content hash, so that nothing computed is lost."""

import shutil
from functools import partial

from cavity.errors import ResultError
from cavity.posterior.store import load_tree, save_tree, tree_checksum
from cavity.study.identity import dataset_digest, digest, settings_of, source_digest


def search_datasets(study, context, plan, datasets, previous=None, progress=None):
    """The sites of some datasets in one round.

    Parameters
    ----------
    study, context
        The study and the phase's context.
    plan
        The tree of ``plan_round``; datasets outside ``plan["refresh"]`` keep their previous site.
    datasets
        Ids, in the order of the table.
    previous
        Dataset -> its tree in the round before, for rounds after the first; in a sequential phase, the tree of the
        dataset before the first of these.
    progress
        Called as progress(dataset, how) with how in "searched", "kept" or "known".

    Returns
    -------
    dict
        Dataset -> tree of ``search_site``.
    """
    from cavity.strategy import phase_run

    previous, sites = previous or {}, {}
    needed = set(plan["refresh"])
    keys = Keys(study, context, plan)
    for name in datasets:
        before = phase_run.starting_site(context, name, previous, sites)
        if name not in needed and before is not None:
            sites[name], how = phase_run.search_site(context, name, plan, before), "kept"
        else:
            entry = study.paths.cache / f"{keys.of(name, before)}.h5"
            search = partial(phase_run.search_site, context, name, plan, before)
            sites[name], how = kept(entry, search)
        if progress is not None:
            progress(name, how)
    return sites


def aggregate_round(study, context, sites, state):
    """The aggregate of one round; a joint phase's is its one search, kept by content hash like every other.

    Parameters
    ----------
    sites
        Dataset -> tree, of every dataset; empty for a joint phase.
    state
        The aggregate of the round before, or None.
    """
    from cavity.strategy import phase_run

    if context.inference != "joint":
        return phase_run.aggregate(context, sites, state)
    keys = Keys(study, context, {})
    key = digest(*(keys.of(dataset) for dataset in context.datasets))
    entry = study.paths.cache / f"{key}.h5"
    return kept(entry, lambda checkpoint: phase_run.aggregate(context, {}, None, checkpoint))[0]


class Keys:
    """Content hashes of searches in one round."""

    def __init__(self, study, context, plan):
        from cavity.strategy.phase_run import seen

        phase = study.config.phase(context.phase)
        shared = {key: value for key, value in plan.items() if key != "refresh"}
        self.study, self.seen = study, partial(seen, context)
        self.common = digest(
            source_digest(study.sources),
            settings_of(study.config, phase),
            tree_checksum(shared),
        )

    def of(self, dataset, before=None):
        """The hash of one dataset's search.

        It is of the data, the row, the code, the settings, the plan, the site before, and of what the factor can see of
        earlier results: those of other datasets are no part of it.
        """
        return digest(
            self.common,
            dataset_digest(self.study.dataset(dataset)),
            tree_checksum(before) if before else "",
            self.seen(dataset, before),
        )


def kept(entry, search):
    """(tree, how): a finished search from its file, or ``search(checkpoint)`` and then the file."""
    try:
        return load_tree(entry), "known"
    except ResultError:  # none, or a damaged one, which is as good as none
        pass
    checkpoint = entry.with_suffix(".checkpoint")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    tree = search(checkpoint)
    save_tree(entry, tree)
    shutil.rmtree(checkpoint, ignore_errors=True)
    return load_tree(entry), "searched"
