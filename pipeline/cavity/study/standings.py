"""Where a study stands, from its files alone: nothing is locked, written or composed, and what runs is not asked."""

import filecmp
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from cavity.config.part_keys import CellsConfig
from cavity.errors import ResultError
from cavity.inference import GOES_ON
from cavity.posterior.phase import SUMMARY
from cavity.posterior.store import load_json, load_tree
from cavity.search.estimate import duration
from cavity.strategy.phase_context import EPSettings
from cavity.strategy.round import Decision, from_tree
from cavity.strategy.standing import Standing, rounds_more
from cavity.study.layout import Layout
from cavity.study.layout_parts import PartLayout
from cavity.study.shards import shards_of_phase

FEW = 4  # files after which one long pause among them is no part of the pace: the run was killed, and began again


def status(study):
    """A line or two for every phase and everything made of phases.

    Parameters
    ----------
    study
        A ``cavity.study.Study``; its study.py is not run.

    Returns
    -------
    str
    """
    lines = [_phase_line(study, phase) for phase in study.config.phases]
    return "\n".join([*lines, *(_part_line(study, part) for part in study.config.derived.values())])


def round_standing(study, phase, folder):
    """The :class:`~cavity.strategy.standing.Standing` of a round of the workflow, from the files in its folder.

    None where the folder is no round's: a verb may write anywhere.
    """
    number, propagated = folder.name.removeprefix("round-"), phase.inference == "ep"
    if not number.isdecimal():
        return None
    last = _decision(_before(folder))
    needed = _needed(study, phase, folder)
    done, times = _searched(study, phase, folder, needed)
    decision = _decision(folder)
    known = decision or last
    standing = Standing(
        name=phase.name,
        searched=done,
        to_search=len(needed),
        round=int(number),
        max_rounds=phase.ep.max_rounds if propagated else None,
        tolerance=phase.ep.tolerance if propagated else None,
        mcse=None if known is None else known.mcse,
        decision="" if decision is None else decision.decision,
        why="" if decision is None else decision.why,
    )
    return replace(standing, seconds_left=_seconds_left(phase, folder, standing, decision or last, times))


# --- one phase --------------------------------------------------------------------------------------------------------


def _phase_line(study, phase):
    """Finished, where it is and when a file of it was last written, or not begun."""
    summary, folder = study.paths.phase(phase.name) / SUMMARY, _last_round(study, phase)
    note = study.paths.standing(phase.name)
    of_jobs = 0.0 if folder is None else max(map(_newest, folder.parent.glob("round-*")))
    of_process = _time(note)
    if of_process and of_process >= of_jobs:
        standing, ended, written = _noted(note), _time(summary) >= of_process, of_process
        ended = standing is not None and (standing.published or ended and standing.decision not in GOES_ON)
    elif of_jobs:
        standing, written = round_standing(study, phase, folder), of_jobs
        ended = standing.decision not in ("", *GOES_ON) and _same(folder / SUMMARY, summary)
    else:
        standing, ended, written = None, summary.is_file(), 0.0
    if ended:
        return _finished(phase, summary)
    if standing is None:
        return f"{phase.name}: not begun"
    over = standing.decision not in ("", *GOES_ON)
    more = "; its summary and plots are not published yet" if over else ""
    return f"{standing.line}{more}\n{_age(max(written, _newest_search(study)))}"


def _finished(phase, summary):
    try:
        found = load_json(summary)
    except ResultError as error:
        return f"{phase.name}: {error}"
    rounds = f"{found['rounds']} round{'s' if found['rounds'] > 1 else ''}"
    how = "converged after" if found["converged"] else "NOT converged after"
    return f"{phase.name}: finished, {how} {rounds}; {summary}"


def _age(written):
    """When something was written last: a run that was killed writes nothing."""
    return f"  last written {duration(max(0.0, time.time() - written))} ago"


def _noted(path):
    """What a fit in one process noted, or None."""
    try:
        return Standing(**load_json(path))
    except (ResultError, TypeError):  # of another version
        return None


# --- rounds of the workflow -------------------------------------------------------------------------------------------


def _last_round(study, phase):
    """The folder of the round that is searched, or was the last; None before the first."""
    root = study.paths.phase(phase.name)
    runs = [path.parent for path in (*root.glob("round-000"), *root.glob("after-*/round-000"))]
    if not runs:
        return None
    run, number = max(runs, key=lambda run: max(map(_newest, run.glob("round-*")))), 0
    while True:
        decision = _decision(run / f"round-{number:03d}")
        following = run / f"round-{number + 1:03d}"
        if decision is None or not decision.goes_on or not following.is_dir():
            return run / f"round-{number:03d}"
        number += 1


def _before(folder):
    number = int(folder.name.removeprefix("round-"))
    return folder.parent / f"round-{number - 1:03d}"


def _decision(folder):
    try:
        return from_tree(Decision, load_json(folder / "decision.json"))
    except ResultError:
        return None


def _needed(study, phase, folder):
    """The datasets that a round searches; a joint phase is one search."""
    if phase.inference == "joint":
        return [phase.name]
    ids = [dataset.id for dataset in study.datasets]
    try:
        before = load_tree(_before(folder) / "global.h5")
    except ResultError:
        return ids
    known = dict(zip(before["datasets"], np.asarray(before["needs_search"])))
    return [name for name in ids if known.get(name, True)]


def _searched(study, phase, folder, needed):
    """(how many of the datasets are searched, when the files of sites were written, in order)."""
    if phase.inference == "joint":
        done = (folder / "global.h5").is_file()
        return int(done), [_time(folder / "global.h5")] if done else []
    shards = shards_of_phase(phase, [dataset.id for dataset in study.datasets])
    written = {shard: _time(folder / "sites" / f"{shard}.h5") for shard in shards}
    done = {name for shard, names in shards.items() if written[shard] for name in names}
    return len(done & set(needed)), sorted(filter(None, written.values()))


def _seconds_left(phase, folder, standing, decision, times):
    """By the pace of this round's files; None before the first."""
    begin = _time(_before(folder) / "decision.json") or _time(folder.parent / "check.txt")
    if not times or not standing.searched or not 0.0 < begin <= times[0]:
        return None
    pauses = np.diff([begin, *times])
    if len(pauses) >= FEW and pauses.max() > pauses.sum() / 2:
        pauses = np.delete(pauses, pauses.argmax())
    each = float(pauses.mean()) * len(times) / standing.searched
    ep = EPSettings(phase.ep.tolerance, phase.ep.max_rounds)
    more = 0 if decision is None else rounds_more(decision, ep.max_rounds, ep.tolerance)
    if standing.decision:
        return more * standing.to_search * each
    return (standing.to_search - standing.searched + max(0, more - 1) * standing.to_search) * each


# --- grids, maps, comparisons, interpolations -------------------------------------------------------------------------


def _part_line(study, part):
    """Finished, how many cells there are, or not begun."""
    root, cells = study.paths.phase(part.name), isinstance(part, CellsConfig)
    made, note = root / ("cells.h5" if cells else SUMMARY), study.paths.standing(part.name)
    standing, written = _noted(note) if cells and note.is_file() else None, _time(note)
    files = [*root.glob("cells/*.h5"), *root.glob("after-*/cells/*.h5")]
    if cells and files and max(map(_time, files)) > written:
        run, written = max(files, key=_time).parent.parent, max(map(_time, files))
        standing = replace(_cells(study, part, run), published=_same(run / made.name, made))
    if made.is_file() and (standing is None or standing.published or _time(made) >= written):
        return f"{part.name}: finished; {made}"
    return f"{part.name}: not begun" if standing is None else f"{standing.line}\n{_age(written)}"


def _cells(study, part, run):
    """The standing of a grid whose cells are jobs."""
    layout = PartLayout(Layout(study))
    counts = {f"{shard}.h5": len(layout.tasks(part.name, shard)) for shard in layout.shards(part.name)}
    done = sum(count for name, count in counts.items() if (run / "cells" / name).is_file())
    return Standing(part.name, done, sum(counts.values()))


# --- files ------------------------------------------------------------------------------------------------------------


def _time(path):
    """When a file was written; 0 where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _newest(folder):
    """When the newest file of a round was written; 0 where it has none."""
    return max(map(_time, (*folder.glob("*.*"), *folder.glob("sites/*.h5"))), default=0.0)


def _newest_search(study):
    """When a search was last kept, or wrote its calls."""
    return max(map(_time, study.paths.cache.glob("*")), default=0.0)


def _same(one, other):
    return Path(one).is_file() and Path(other).is_file() and filecmp.cmp(one, other, shallow=False)
