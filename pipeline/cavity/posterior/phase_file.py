"""posterior.h5: ArviZ's groups for people, and the weighted samples as they were for the next phase.

/posterior               equal-weight draws: shared (chain, draw), local (chain, draw, dataset), NaN where it has none
/sample_stats            of the same draws: the row they come from, lp and log_likelihood where known
/weighted_samples        the shared parameters as sampled: (sample)
/weighted_local_samples  every dataset's rows one after another: (row), ``dataset_index`` says whose; without rows where
                         /posterior has them all as they are
/evidence                of the phase and of each dataset
/provenance              hash, versions, seed, settings; ``phase`` is the whole record as JSON
"""

import json
import math

import numpy as np

from cavity.numerics.weights import resampled
from cavity.posterior.netcdf import Variable, read_groups, write_groups
from cavity.posterior.samples import Samples
from cavity.rng import generator

DEFAULT_DRAWS = 2000
FEWEST_DRAWS = 200
LARGEST_POSTERIOR = 20_000_000  # numbers in /posterior; with more datasets fewer draws are kept
_ROWS = {"log_weight": "log_weights", "log_likelihood": "log_likelihoods", "log_prior": "log_priors"}
_RESERVED = ("chain", "draw", "dataset", "sample", "row", "dataset_index", "record", *_ROWS)
_RECORD = ("names", "log_evidence", "log_evidence_error", "pareto_k", "calls", "rejected", "labels", "units", "info")


def write_posterior(path, shared, local, meta):
    """Write the groups; returns the checksum of the content.

    Parameters
    ----------
    shared, local
        Samples or None, and {dataset: Samples}.
    meta
        The JSON-able rest of a phase's result.
    """
    n_draws = draws_kept(shared, local)
    groups = {"posterior": _posterior(shared, local, n_draws), "sample_stats": _sample_stats(shared, local, n_draws)}
    if shared is not None:
        groups["weighted_samples"] = _weighted(shared)
    if local:
        as_drawn = all(_is_as_drawn(samples, n_draws) for samples in local.values())
        groups["weighted_local_samples"] = _local_records(local) if as_drawn else _weighted_locals(local)
    groups["evidence"] = _evidence(local, meta)
    groups["provenance"] = _provenance(meta)
    return write_groups(path, groups, attributes={"created_by": "cavity", "format": 1})


def read_posterior(path):
    """shared, locals, meta, checksum: the inverse of :func:`write_posterior`."""
    groups, checksum = read_groups(path)
    shared = _read_weighted(groups["weighted_samples"]) if "weighted_samples" in groups else None
    local = _read_locals(groups, () if shared is None else shared.names)
    return shared, local, json.loads(groups["provenance"]["record"]), checksum


def draws_kept(shared, local):
    """How many equal-weight draws /posterior holds: all, where every part has as many and of equal weight."""
    parts = ([] if shared is None else [shared]) + list(local.values())
    sizes = {len(samples) for samples in parts}
    if len(sizes) == 1 and all(_is_even(samples) for samples in parts):
        return sizes.pop()
    numbers = sum(len(samples.names) for samples in parts)
    return int(np.clip(LARGEST_POSTERIOR // max(numbers, 1), FEWEST_DRAWS, DEFAULT_DRAWS))


def equal_weight_rows(samples, n):
    """(n,) rows that stand for the samples with equal weights.

    Samples with the same weights get the same rows, so the columns of one joint fit stay joint.
    """
    if _is_even(samples) and len(samples) == n:
        return np.arange(n)
    return resampled(samples.log_weights, n, generator(0, "posterior", samples.log_weights.tobytes().hex()))


def _is_even(samples):
    return float(np.ptp(samples.log_weights)) == 0.0


def column_names(names, taken):
    """Names of variables: the parameters' own, but never one that is taken already."""
    taken, found = set(taken), []
    for name in names:
        column = name
        while column in taken:
            column = f"local.{column}"
        taken.add(column)
        found.append(column)
    return found


def _attributes(samples, name):
    j, found = samples.names.index(name), {"parameter": name}
    if samples.labels is not None:
        found["long_name"] = samples.labels[j]
    if samples.units is not None and samples.units[j]:
        found["units"] = samples.units[j]
    return found


def _local_names(local):
    """All names of local parameters in order of first appearance, each with the first samples that have it."""
    found = {}
    for samples in local.values():
        for name in samples.names:
            found.setdefault(name, samples)
    return found


def _posterior(shared, local, n_draws):
    variables = {}
    shared_names = () if shared is None else shared.names
    columns = column_names(shared_names, _RESERVED)
    if shared is not None:
        values = shared.values[equal_weight_rows(shared, n_draws)]
        for j, (name, column) in enumerate(zip(shared_names, columns, strict=True)):
            variables[column] = Variable(("chain", "draw"), values[None, :, j], _attributes(shared, name))
    if local:
        variables["dataset"] = Variable(("dataset",), list(local))
        first = _local_names(local)
        arrays = {name: np.full((1, n_draws, len(local)), np.nan) for name in first}
        for i, samples in enumerate(local.values()):
            values = samples.values[equal_weight_rows(samples, n_draws)]
            for j, name in enumerate(samples.names):
                arrays[name][0, :, i] = values[:, j]
        for name, column in zip(first, column_names(first, {*columns, *_RESERVED}), strict=True):
            attributes = _attributes(first[name], name)
            variables[column] = Variable(("chain", "draw", "dataset"), arrays[name], attributes)
    return variables


def _sample_stats(shared, local, n_draws):
    samples = next(iter(local.values())) if shared is None else shared
    rows = equal_weight_rows(samples, n_draws)
    variables = {"source_row": Variable(("chain", "draw"), rows[None, :])}
    if shared is not None and shared.log_likelihoods is not None:
        variables["log_likelihood"] = Variable(("chain", "draw"), shared.log_likelihoods[rows][None, :])
        if shared.log_priors is not None:
            density = shared.log_likelihoods + shared.log_priors
            variables["lp"] = Variable(("chain", "draw"), density[rows][None, :])
    return variables


def _record(samples):
    return {key: getattr(samples, key) for key in _RECORD}


def _weighted(samples):
    variables = {}
    for column, key in _ROWS.items():
        if getattr(samples, key) is not None:
            variables[column] = Variable(("sample",), getattr(samples, key))
    for j, (name, column) in enumerate(zip(samples.names, column_names(samples.names, _RESERVED), strict=True)):
        variables[column] = Variable(("sample",), samples.values[:, j], _attributes(samples, name))
    variables["record"] = Variable((), json.dumps(_record(samples)))
    return variables


def _read_weighted(group):
    record = json.loads(group["record"])
    values = np.column_stack([group[column] for column in column_names(record["names"], _RESERVED)])
    rows = {key: group[column] for column, key in _ROWS.items() if column in group}
    return Samples(values=values, **rows, **record)


def _weighted_locals(local):
    parts = list(local.values())
    ends = np.cumsum([len(samples) for samples in parts])
    starts = ends - [len(samples) for samples in parts]
    first = _local_names(local)
    columns = dict(zip(first, column_names(first, _RESERVED), strict=True))
    arrays = {column: np.full(ends[-1], np.nan) for column in (*_ROWS, *columns.values())}
    for samples, start, end in zip(parts, starts, ends, strict=True):
        for column, key in _ROWS.items():
            if getattr(samples, key) is not None:
                arrays[column][start:end] = getattr(samples, key)
        for j, name in enumerate(samples.names):
            arrays[columns[name]][start:end] = samples.values[:, j]
    attributes = {column: _attributes(first[name], name) for name, column in columns.items()}
    variables = {"dataset": Variable(("dataset",), list(local))}
    variables["dataset_index"] = Variable(("row",), np.repeat(np.arange(len(parts)), ends - starts))
    for column, array in arrays.items():
        variables[column] = Variable(("row",), array, attributes.get(column, {}))
    return variables | {"record": _local_records(local)["record"]}


def _local_records(local):
    """What is known of each dataset's samples besides their rows."""
    records = []
    for samples in local.values():
        kept = [key for key in _ROWS.values() if getattr(samples, key) is not None]
        records.append(json.dumps({**_record(samples), "rows": kept}))
    return {"dataset": Variable(("dataset",), list(local)), "record": Variable(("dataset",), records)}


def _is_as_drawn(samples, n_draws):
    """Whether /posterior alone gives the samples back to the last bit."""
    bare = samples.log_likelihoods is None and samples.log_priors is None
    return bare and len(samples) == n_draws and bool(np.all(samples.log_weights == -math.log(n_draws)))


def _read_locals(groups, shared_names):
    if "weighted_local_samples" not in groups:
        return {}
    group = groups["weighted_local_samples"]
    records = [json.loads(text) for text in group["record"]]
    if "dataset_index" not in group:
        return _read_drawn(groups["posterior"], group["dataset"], records, shared_names)
    names = dict.fromkeys(name for record in records for name in record["names"])
    columns = dict(zip(names, column_names(names, _RESERVED), strict=True))
    ends = np.cumsum(np.bincount(group["dataset_index"], minlength=len(records)))
    local, start = {}, 0
    for dataset, record, end in zip(group["dataset"], records, ends, strict=True):
        kept = record.pop("rows")
        values = np.column_stack([group[columns[name]][start:end] for name in record["names"]])
        rows = {key: group[column][start:end] for column, key in _ROWS.items() if key in kept}
        local[dataset] = Samples(values=values, **rows, **record)
        start = end
    return local


def _read_drawn(posterior, datasets, records, shared_names):
    names = dict.fromkeys(name for record in records for name in record["names"])
    taken = {*column_names(shared_names, _RESERVED), *_RESERVED}
    columns = dict(zip(names, column_names(names, taken), strict=True))
    local = {}
    for i, (dataset, record) in enumerate(zip(datasets, records, strict=True)):
        record.pop("rows")
        values = np.column_stack([posterior[columns[name]][0, :, i] for name in record["names"]])
        local[dataset] = Samples(values=values, **record)
    return local


def _evidence(local, meta):
    def known(value):
        return float("nan") if value is None else float(value)

    variables = {key: Variable((), known(meta[key])) for key in ("log_evidence", "log_evidence_error")}
    if local:
        variables["dataset"] = Variable(("dataset",), list(local))
        for key in ("log_evidence", "log_evidence_error"):
            array = np.array([known(getattr(samples, key)) for samples in local.values()])
            variables[f"dataset_{key}"] = Variable(("dataset",), array)
    return variables


def _provenance(meta):
    """The plain entries one by one, for a reader with h5py or ArviZ alone, and the whole record as JSON."""
    variables = {key: Variable((), str(meta[key])) for key in ("study", "phase", "inference")}
    for key, value in meta["provenance"].items():
        if key not in variables and key != "record" and "/" not in key:
            plain = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**53
            variables[key] = Variable((), value if plain else value if isinstance(value, str) else json.dumps(value))
    variables["record"] = Variable((), json.dumps(meta))
    return variables
