"""Which cells of a grid one job fits, and the fitting of them: every finished cell is kept by content hash."""

import hashlib
import json
import math
from itertools import product

from cavity.errors import SearchError
from cavity.study.cache import kept
from cavity.study.identity import dataset_digest, digest, settings_of
from cavity.study.shards import shards_of

ONE_EACH = 16  # up to so many cells, each has a job of its own
JOBS = 32  # that "auto" aims at above that


def cell_keys(parameters):
    """Cell -> key, from the configuration alone.

    A cell's key follows from what it is (the second of five steps; the box from 20 to 40), not from its place: a cell
    that a refined axis still has keeps its key, its shard and its random numbers.

    Parameters
    ----------
    parameters
        Name -> number of steps, edges, or ``{"values": [...]}``.
    """
    labels = [[(place, [name, *label]) for place, label in enumerate(_labels(cut))] for name, cut in parameters.items()]
    keys = {}
    for chosen in product(*labels):
        text = json.dumps([label for _, label in chosen])
        keys["-".join(str(place) for place, _ in chosen)] = hashlib.sha256(text.encode()).hexdigest()[:10]
    return keys


def cell_shards(fits, parameters, cells_per_job="auto"):
    """Shard -> ((fit, cell), ...).

    A shard holds cells of one bucket of datasets, so that another dataset's change leaves it alone.

    Parameters
    ----------
    fits
        Dataset ids, or ("all",) where one fit is of all datasets.
    parameters
        As in :func:`cell_keys`.
    cells_per_job
        A whole number, or "auto".
    """
    keys = cell_keys(parameters)
    groups = shards_of(fits)
    slices = _slices(len(fits), len(groups), len(keys), cells_per_job)
    shards = {}
    for group, members in groups.items():
        for cell, key in keys.items():
            name = f"{group}_{key}" if slices is None else f"{group}_{int(key, 16) % slices:02d}of{slices}"
            shards.setdefault(name, []).extend((fit, cell) for fit in members)
    return {name: tuple(shards[name]) for name in sorted(shards)}


def datasets_of(study, tasks):
    """Ids of the datasets that cells are of, (fit, cell) each; the fit ``all`` is of all of them."""
    fits = dict.fromkeys(fit for fit, _ in tasks)
    known = [dataset.id for dataset in study.datasets]
    return known if "all" in fits and "all" not in known else list(fits)


def fit_cells(study, part, context, work, tasks, progress=None):
    """Records of some cells.

    Parameters
    ----------
    part
        The configuration of the grid.
    context
        The phase's context.
    work
        The module that fits a cell: ``axes_of(context, part, fit)``, ``seen(context, fit)`` and
        ``fit_cell(context, part, fit, cell, stream, checkpoint)``.
    tasks
        (fit, cell name) of each.
    progress
        Called as progress(fit, cell name, how) with how in "searched", "known" or "failed".

    Returns
    -------
    dict
        Fit -> cell -> record.

    Raises
    ------
    SearchError
        If cells failed; the sentence names them. The others are kept.
    """
    from cavity.strategy.grid_cells import make_cells

    keys, common = cell_keys(part.parameters), _identity(study, part)
    records, failed, cells, own = {}, [], {}, {}
    for fit, name in tasks:
        if fit not in cells:
            cells[fit] = {cell.name: cell for cell in make_cells(work.axes_of(context, part, fit))}
            own[fit] = digest(common, _data_digest(study, fit), work.seen(context, fit))
        cell = cells[fit][name]
        entry = study.paths.cache / f"{digest(own[fit], keys[name])}.h5"
        stream = (part.name, fit, keys[name])
        try:
            found, how = kept(entry, lambda at: _fitted(work, context, part, fit, cell, stream, at))  # noqa: B023
            records.setdefault(fit, {})[name] = {**found, "cell": name}
        except _CellFailedError as error:
            how = "failed"
            failed.append(f"{fit}, {error}")
        if progress is not None:
            progress(fit, name, how)
    if failed:
        raise SearchError(
            f"{part.name}: {len(failed)} of {len(tasks)} cells failed, the others are kept: {'; '.join(failed[:5])}"
        )
    return records


class _CellFailedError(Exception):
    """A cell that could not be fitted: it leaves no entry behind."""


def _fitted(work, context, part, fit, cell, stream, checkpoint):
    record = work.fit_cell(context, part, fit, cell, stream, checkpoint)
    if "failed" in record:
        raise _CellFailedError(record["failed"])
    return record


def _identity(study, part):
    """What all cells of a grid depend on."""
    shown = part.model_dump(mode="json", exclude={"parameters", "dataset", "cells_per_job", "level"})
    phase = study.config.phase(part.phase)
    return digest(
        study.code_digest,
        settings_of(study.config, phase),
        shown,
    )


def _data_digest(study, fit):
    if fit in {dataset.id for dataset in study.datasets}:
        return dataset_digest(study.dataset(fit))
    return digest([dataset_digest(dataset) for dataset in study.datasets])


def _labels(cut):
    """What each cell of an axis is, whatever its place."""
    if isinstance(cut, dict):
        return [["value", float(value)] for value in cut["values"]]
    if isinstance(cut, (list, tuple)):
        return [["box", float(low), float(up)] for low, up in zip(cut, cut[1:], strict=False)]
    return [["step", k, cut] for k in range(cut)]


def _slices(n_fits, n_groups, n_cells, cells_per_job):
    """Into how many parts the cells of a group of datasets are cut, or None for a job a cell."""
    per_group = n_cells * max(1, round(n_fits / n_groups))
    if cells_per_job == 1 or (cells_per_job == "auto" and n_fits * n_cells <= ONE_EACH):
        return None
    wanted = JOBS / n_groups if cells_per_job == "auto" else per_group / cells_per_job
    return 2 ** max(0, round(math.log2(max(1.0, min(wanted, n_cells)))))
