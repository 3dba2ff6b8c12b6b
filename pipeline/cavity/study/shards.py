"""Which datasets one job searches, and which cells of a grid it fits: buckets of the hash of the id.

A dataset added leaves the others where they are.
"""

import hashlib
import math

from cavity.grid.cells import WHOLE, cell_keys
from cavity.inference import SEQUENTIAL

ONE_EACH = 8  # up to so many datasets, each has a job of its own
FEWEST, MOST = 8, 64  # shards that "auto" makes above that: shards times rounds stays below about 500
CELL_EACH = 16  # up to so many cells, each has a job of its own
CELL_JOBS = 32  # that "auto" aims at above that


def shards_of(identifiers, datasets_per_job="auto"):
    """Shard -> the ids in it, in the order of the table; shards without a dataset do not exist.

    Parameters
    ----------
    identifiers
        Dataset ids.
    datasets_per_job
        A whole number, or "auto". One a job names the shard after its dataset; else the number of buckets is a power of
        two, so that it rarely changes when datasets are added, and it is part of the shard's name.
    """
    buckets = _buckets(len(identifiers), datasets_per_job)
    if buckets is None:
        return {identifier: (identifier,) for identifier in identifiers}
    shards = {}
    for identifier in identifiers:
        shards.setdefault(f"of{buckets}-{_hash(identifier) % buckets:02d}", []).append(identifier)
    return {name: tuple(shards[name]) for name in sorted(shards)}


def shards_of_phase(phase, identifiers):
    """The same for a phase; a sequential one has a job a dataset, because each waits for the one before it."""
    return shards_of(identifiers, 1 if phase.inference == SEQUENTIAL else phase.ep.datasets_per_job)


def cell_shards(fits, parameters, cells_per_job="auto"):
    """Shard -> ((fit, cell), ...).

    A shard holds cells of one bucket of datasets, so that another dataset's change leaves it alone.

    Parameters
    ----------
    fits
        Dataset ids, or ("all",) where one fit is of all datasets.
    parameters
        As in :func:`cavity.grid.cells.cell_keys`.
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
    return known if WHOLE in fits and WHOLE not in known else list(fits)


def _buckets(count, datasets_per_job):
    """How many buckets, or None for a shard a dataset."""
    if datasets_per_job == 1 or (datasets_per_job == "auto" and count <= ONE_EACH):
        return None
    wanted = count / (3 if datasets_per_job == "auto" else datasets_per_job)
    buckets = 2 ** max(0, math.ceil(math.log2(wanted)))
    return min(max(buckets, FEWEST), MOST) if datasets_per_job == "auto" else buckets


def _hash(identifier):
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:8], "big")


def _slices(n_fits, n_groups, n_cells, cells_per_job):
    """Into how many parts the cells of a group of datasets are cut, or None for a job a cell."""
    per_group = n_cells * max(1, round(n_fits / n_groups))
    if cells_per_job == 1 or (cells_per_job == "auto" and n_fits * n_cells <= CELL_EACH):
        return None
    wanted = CELL_JOBS / n_groups if cells_per_job == "auto" else per_group / cells_per_job
    return 2 ** max(0, round(math.log2(max(1.0, min(wanted, n_cells)))))
