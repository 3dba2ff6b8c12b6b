"""Many cells, on some cores: for notebooks; in a workflow the jobs are the parallelism."""

import logging
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from threadpoolctl import threadpool_limits

from cavity.errors import SearchError
from cavity.grid.cells import Cell

logger = logging.getLogger("cavity.grid")

_TASK = []


def fit_cells(
    cells: Sequence[Cell], fit: Callable[..., dict], keep: Callable | None = None, number_of_cores: int = 1
) -> dict[str, dict]:
    """Cell -> record, of some cells of a grid.

    Parameters
    ----------
    fit
        (cell, checkpoint) -> record; one with ``failed``, a sentence, where the cell cannot be fitted.
    keep
        (cell, search) -> record: finds a finished one again, or calls ``search(checkpoint)`` and keeps what it returns.
        None: nothing is kept.
    number_of_cores
        As in :func:`map_cores`.
    """
    keep = keep or (lambda cell, search: search(None))
    records = map_cores(lambda cell: keep(cell, partial(fit, cell)), cells, number_of_cores)
    return {cell.name: record for cell, record in zip(cells, records, strict=True)}


def going_on(earlier: Any, identity: str) -> Callable:
    """How :func:`fit_cells` goes on from an earlier result or None: equal boxes of equal content are not fitted again.

    Parameters
    ----------
    earlier
        A result with ``cells`` and their ``records``.
    identity
        The hash of all that the cells' fits depend on but their boxes.
    """
    boxes = {} if earlier is None else {cell.name: cell.boxes for cell in earlier.cells}

    def keep(cell, search):
        record = earlier.records.get(cell.name) if boxes.get(cell.name) == cell.boxes else None
        if record is None or "failed" in record or record["identity"] != identity:
            return {"identity": identity, **search(None)}
        return record

    return keep


def map_cores(function: Callable[[Any], Any], items: Iterable[Any], number_of_cores: int = 1) -> list:
    """``[function(item) for item in items]``, in this order.

    Parameters
    ----------
    function
        Any callable, a closure too: forked processes inherit it.
    items
        What can be sent to a process, and the function's values back.
    number_of_cores
        1 runs in this process, and so does any number where JAX is in use: it does not survive a fork. The answer does
        not depend on it.

    Raises
    ------
    SearchError
        If the number is not at least 1, or the system cannot fork.
    """
    if isinstance(number_of_cores, bool) or not isinstance(number_of_cores, int) or number_of_cores < 1:
        raise SearchError(f"number_of_cores must be a whole number of at least 1, got {number_of_cores!r}")
    items = list(items)
    if number_of_cores > 1 and "cavity.search.jax_likelihood" in sys.modules:
        logger.warning("JAX does not survive a fork: one core is used; run the study with snakemake for more")
        number_of_cores = 1
    if number_of_cores == 1 or len(items) < 2:
        return [function(item) for item in items]
    if "fork" not in multiprocessing.get_all_start_methods():
        raise SearchError("number_of_cores above 1 needs a system that forks; use 1, or run the study with snakemake")
    context = multiprocessing.get_context("fork")
    workers = min(number_of_cores, len(items))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(function,)) as pool:
        return list(pool.map(_run, items))


def _prepare(function):
    """One thread of the linear algebra library a process: the processes are the parallelism."""
    threadpool_limits(limits=1)
    _TASK.append(function)


def _run(item):
    return _TASK[-1](item)
