"""The searches of one job: every finished one is kept by content hash, so that nothing computed is lost."""

import shutil
from dataclasses import replace
from functools import partial

from cavity.errors import ResultError
from cavity.posterior.store import load_tree, save_tree, tree_checksum
from cavity.study.identity import CHANGED, dataset_digest, digest, settings_of
from cavity.study.suspects import cells_named


def search_datasets(study, context, plan, previous=None, datasets=None, progress=None):
    """The sites of some datasets in one round, each kept in the results folder.

    Parameters
    ----------
    study, context
        The study and the phase's context.
    plan, previous, progress
        As in :func:`cavity.strategy.loop.search_round`.
    datasets
        Ids, in the order of the table; all of them unless given.

    Returns
    -------
    dict
        Dataset -> :class:`~cavity.strategy.round.Searched`.
    """
    from cavity.strategy.loop import search_round
    from cavity.strategy.round import Searched

    keys = Keys(study, context, plan)

    def keep(dataset, before, search):
        if before is not None:
            check_data(study, context.phase, {before.dataset: before})
        with cells_named(study, dataset):
            found, how = kept_record(Searched, study.paths.cache / f"{keys.of(dataset, before)}.h5", search)
        return replace(found, data=dataset_digest(study.dataset(dataset))), how

    return search_round(context, plan, datasets or context.datasets, previous or {}, keep, progress)


def check_data(study, phase, sites):
    """ResultError that names the datasets whose sites are of other data than the study has now."""
    changed = [name for name, site in sites.items() if site.data != dataset_digest(study.dataset(name))]
    if changed:
        names = ", ".join(changed[:5]) + ", ..." * (len(changed) > 5)
        raise ResultError(
            f"{study.path}: phase {phase}: the data or the row of {names} changed "
            "after the search, and sites of different data make no posterior; give the same command again"
        )


def check_sites(study, context, sites):
    """The same for all datasets of a phase: no file is read where the caller of the study knows its data."""
    found = digest([sites[name].data for name in context.datasets])
    if found != (study.known_data or study.data_digest()):
        check_data(study, context.phase, sites)
        raise ResultError(CHANGED.format(study.path))


def aggregate_round(study, context, sites, state):
    """The aggregate of one round; a joint phase's is its one search, kept by content hash like every other.

    Parameters
    ----------
    sites
        Dataset -> Searched, of every dataset; empty for a joint phase.
    state
        The round before, or None.
    """
    from cavity.strategy import loop
    from cavity.strategy.round import Round

    if context.inference != "joint":
        check_sites(study, context, sites)
        return loop.aggregate(context, sites, state)
    keys = Keys(study, context, loop.plan_round(context))
    key = digest(*(keys.of(dataset) for dataset in context.datasets))
    return kept_record(Round, study.paths.cache / f"{key}.h5", partial(loop.aggregate, context, {}, None))[0]


class Keys:
    """Content hashes of searches in one round."""

    def __init__(self, study, context, plan):
        from cavity.strategy.loop import seen
        from cavity.strategy.round import to_tree

        phase = study.config.phase(context.phase)
        shared = to_tree(replace(plan, refresh=()))
        self.study, self.seen = study, partial(seen, context)
        self.common = digest(
            study.code_digest,
            settings_of(study.config, phase),
            tree_checksum(shared),
        )

    def of(self, dataset, before=None):
        """The hash of one dataset's search.

        It is of the data, the row, the code, the settings, the plan, the site before, and of what the factor can see of
        earlier results: those of other datasets are no part of it.
        """
        from cavity.strategy.round import to_tree

        return digest(
            self.common,
            dataset_digest(self.study.dataset(dataset)),
            tree_checksum(to_tree(before)) if before else "",
            self.seen(dataset, before),
        )


def kept_record(kind, entry, search):
    """(record, how): a finished one of that kind from its file, or ``search(checkpoint)`` and then the file."""
    from cavity.strategy.round import from_tree, to_tree

    tree, how = kept(entry, lambda checkpoint: to_tree(search(checkpoint)), partial(_is_one, from_tree, kind))
    return from_tree(kind, tree), how


def _is_one(read, kind, tree):
    """Whether a tree can be read as a record of that kind: one of another layout cannot, and is made anew."""
    try:
        read(kind, tree)
    except (ResultError, KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


def kept(entry, search, is_one=lambda tree: True):
    """(tree, how): a finished search from its file, or ``search(checkpoint)`` and then the file."""
    try:
        tree = load_tree(entry)
        if is_one(tree):
            return tree, "known"
    except ResultError:  # none, or a damaged one, which is as good as none
        pass
    checkpoint = entry.with_suffix(".checkpoint")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    tree = search(checkpoint)
    save_tree(entry, tree)
    shutil.rmtree(checkpoint, ignore_errors=True)
    return load_tree(entry), "searched"
