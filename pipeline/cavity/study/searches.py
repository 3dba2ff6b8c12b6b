"""The searches of one job: every finished one is kept by content hash, so that nothing computed is lost."""
from contextlib import suppress

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
        Dataset -> its tree in the round before, for rounds after the first.
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
        before = previous.get(name)
        if name not in needed and before is not None:
            sites[name], how = before, "kept"
        else:
            entry = study.paths.cache / f"{keys.of(name, before)}.h5"
            sites[name], how = _known(entry), "known"
            if sites[name] is None:
                checkpoint = entry.with_suffix(".checkpoint")
                checkpoint.parent.mkdir(parents=True, exist_ok=True)
                sites[name] = phase_run.search_site(context, name, plan, before, checkpoint)
                save_tree(entry, sites[name])
                how = "searched"
                with suppress(FileNotFoundError):
                    checkpoint.unlink()
        if progress is not None:
            progress(name, how)
    return sites


class Keys:
    """Content hashes of searches in one round."""

    def __init__(self, study, context, plan):
        phase = study.config.phase(context.phase)
        shared = {key: value for key, value in plan.items() if key != "refresh"}
        self.study = study
        self.common = digest(
            source_digest(study.module_path),
            settings_of(study.config, phase),
            tree_checksum(shared),
            study.earlier_digest(phase),
        )

    def of(self, dataset, before=None):
        """The hash of one dataset's search: its data, its row, the code, the settings, the plan and the site before."""
        return digest(self.common, dataset_digest(self.study.dataset(dataset)), tree_checksum(before) if before else "")


def _known(entry):
    """A finished search, or None; a damaged file is as good as none."""
    try:
        return load_tree(entry)
    except ResultError:
        return None
