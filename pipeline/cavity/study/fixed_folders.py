"""The fixed folders of results: copies of the last rounds' files, and the table that a person reads."""

import filecmp
import shutil
import struct
import zlib
from pathlib import Path

from cavity.errors import DamagedError, ResultError
from cavity.posterior.phase import POSTERIOR, SUMMARY, PhaseResult, check_written
from cavity.posterior.store import atomic_path, check_sealed_text, load_json, load_tree, write_text
from cavity.study.derived import CELLS, report_part
from cavity.study.identity import file_digest

CHECK, PLOTS = "check.txt", "plots"


def publish_round(study, folder):
    """Copy a round's summary.json, posterior.h5 and plots to its phase's fixed folder; a part's cells.h5 likewise.

    Files that are equal already are left alone, and plots that the round does not have are removed.

    Raises
    ------
    ResultError
        If the folder is not a round of one of the study's phases, or one of its files is damaged.
    """
    phase = _phase_of(study, folder)
    check_round(folder)
    target = study.paths.phase(phase)
    plots = [Path(PLOTS, plot.name) for plot in sorted((folder / PLOTS).glob("*.png"))]
    numbers = [Path(name) for name in (POSTERIOR, CELLS, SUMMARY) if (folder / name).is_file()]
    changed = [_copy(folder / name, target / name) for name in (*plots, *numbers)]  # the summary last: it vouches
    for plot in (target / PLOTS).glob("*.png"):
        if Path(PLOTS, plot.name) not in plots:
            plot.unlink()
    if any(changed) or not _is_indexed(study):
        index(study)
    return target


def check_round(folder):
    """DamagedError where a file of a round or of a part is not what was written: nothing of it is published then."""
    if (folder / POSTERIOR).is_file():
        check_written(folder)
    elif (folder / SUMMARY).is_file():
        load_json(folder / SUMMARY)
    if (folder / CELLS).is_file():
        load_tree(folder / CELLS)
    if (folder.parent / CHECK).is_file():
        check_sealed_text(folder.parent / CHECK)
    _check_plots(folder / PLOTS)


def _check_plots(folder):
    """The same for plots: the whole folder is drawn again, because that is what its job does."""
    plots = sorted(folder.glob("*.png"))
    for path in plots:
        if not _is_whole(path.read_bytes()):
            raise DamagedError(folder, f"{path.name} is damaged")
    if folder.is_dir() and not plots:
        raise DamagedError(folder, "there is no plot in it")


def _is_whole(png):
    """Whether the checksum of every part of a PNG file holds, and its last part is there."""
    at, kind = 8, b""
    while png.startswith(b"\x89PNG\r\n\x1a\n") and at + 12 <= len(png):
        (length,), kind = struct.unpack_from(">I", png, at), png[at + 4 : at + 8]
        at += 12 + length
        if at > len(png) or zlib.crc32(png[at - length - 8 : at - 4]) != struct.unpack_from(">I", png, at - 4)[0]:
            return False
    return kind == b"IEND" and at == len(png)


def index(study):
    """Make results.sqlite anew from the published files: one row a fit."""
    from cavity.database import Aggregator

    path = Aggregator.from_directory(study.paths.folder).write(study.paths.database)
    write_text(_seal_of(study), file_digest(path))
    return path


def _is_indexed(study):
    """Whether results.sqlite is there, and is what was written."""
    path, seal = study.paths.database, _seal_of(study)
    return path.is_file() and seal.is_file() and seal.read_bytes() == file_digest(path).encode()


def _seal_of(study):
    return study.paths.cache / "results.sqlite.sha256"


def report(study, phases=None):
    """Text for a terminal: each published phase's shared parameters, how the fit went, where its files are."""
    parts = []
    for phase in study.config.phases:
        folder = study.paths.phase(phase.name)
        if (phases is None or phase.name in phases) and (folder / SUMMARY).is_file():
            parts.append(_report(study, phase, folder))
    for part in study.config.derived.values() if phases is None else ():
        parts.append(report_part(study, part))
    return "\n\n".join(filter(None, parts))


def _report(study, phase, folder):
    result = PhaseResult.read(folder)
    calls = f"{result.likelihood_evaluations.get('total', 0):,} likelihood calls"
    lines = [
        f"{study.name}, phase {phase.name}: {len(study.datasets)} datasets, {phase.inference}, {calls}",
        "",
        result.table(),
        "",
    ]
    if result.log_evidence is not None:
        error = "" if result.log_evidence_error is None else f" +- {result.log_evidence_error:.2f}"
        lines.append(f"log evidence {result.log_evidence:.2f}{error}")
    rounds = f"{result.rounds} round{'s' if result.rounds > 1 else ''}"
    lines.append(f"{'converged after' if result.converged else 'NOT converged after'} {rounds}")
    lines += [f"warning: {sentence}" for sentence in result.warnings]
    return "\n".join([*lines, f"numbers  {folder / SUMMARY}, {folder / POSTERIOR}", f"plots    {folder / PLOTS}"])


def _phase_of(study, folder):
    """The phase whose folder a round's folder lies in."""
    root = study.paths.folder.resolve()
    path = Path(folder).resolve()
    names = {*(phase.name for phase in study.config.phases), *study.config.derived}
    if not path.is_relative_to(root) or path == root or path.relative_to(root).parts[0] not in names:
        raise ResultError(f"{folder}: not a round of one of the phases of {study.name} under {study.paths.folder}")
    return path.relative_to(root).parts[0]


def _copy(source, target):
    """Copy a file unless its copy is there already; whether it was copied."""
    if target.is_file() and filecmp.cmp(source, target, shallow=False):
        return False
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
    return True
