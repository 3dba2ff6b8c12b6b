"""What the index knows of one fit, read from its HDF5 file."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cavity.errors import ResultError
from cavity.inference import ONE_BY_ONE
from cavity.posterior.netcdf import read_groups
from cavity.posterior.phase import POSTERIOR, PhaseResult
from cavity.posterior.result import load_result
from cavity.posterior.store import load_attributes, stored_checksum
from cavity.posterior.stored_model import classes_of, values_of

PHASE = ""  # the dataset of the row that is the phase itself


@dataclass(frozen=True)
class Entry:
    """One fit: a phase (dataset is empty), one dataset of it, or a single fit's result.

    Attributes
    ----------
    statistics
        parameter -> {mean, sd, q16, q50, q84, ...}
    values
        path -> number: medians of free parameters and relations, and fixed values.
    classes
        path of a component -> "module:qualname".
    covariates, settings
        Of the dataset's row, and of the search.
    """

    kind: str
    identity: str
    study: str = ""
    phase: str = ""
    name: str = ""
    dataset: str = PHASE
    inference: str = ""
    log_evidence: float | None = None
    log_evidence_error: float | None = None
    log_likelihood: float | None = None
    calls: int = 0
    ess: float = 0.0
    converged: bool | None = None
    statistics: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    classes: dict = field(default_factory=dict)
    covariates: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)


def is_posterior(path):
    """Whether a file is a phase's posterior.h5, by its name."""
    return Path(path).name == POSTERIOR


def checksum_of(path):
    """The checksum that a result's file carries; two files of equal content have the same."""
    if is_posterior(path):
        return read_groups(path, only=())[1]
    return stored_checksum(path)


def is_result_file(path):
    """Whether an HDF5 file holds a result that belongs in the index: not a site, not a state of a round."""
    if is_posterior(path):
        return True
    try:
        return load_attributes(path).get("kind") == "result"
    except ResultError:
        return False


def entries_of(path):
    """Every fit in a file, its checksum verified."""
    if is_posterior(path):
        return phase_entries(PhaseResult.read(Path(path).parent))
    return [result_entry(load_result(path))]


def phase_entries(result):
    """The phase itself, where something is shared, and each of its datasets."""
    common = {
        "identity": result.identity,
        "study": result.study,
        "phase": result.phase,
        "inference": result.inference,
        "converged": result.converged,
        "settings": _settings(result.provenance),
    }
    entries = []
    if result.shared is not None:
        statistics = result.shared.statistics()
        entries.append(
            Entry(
                kind="phase",
                log_evidence=result.log_evidence,
                log_evidence_error=result.log_evidence_error,
                log_likelihood=_highest(result.shared),
                calls=int(result.likelihood_evaluations.get("total", result.shared.calls)),
                ess=result.shared.ess,
                statistics=statistics,
                values=_medians(statistics),
                **common,
            )
        )
    per_dataset = result.likelihood_evaluations.get("per_dataset", {})
    for dataset, samples in result.locals.items():
        model = result.models.get(dataset)
        statistics = samples.statistics()
        alone = result.inference in ONE_BY_ONE
        entries.append(
            Entry(
                kind="dataset",
                dataset=dataset,
                log_evidence=samples.log_evidence if alone else None,
                log_evidence_error=samples.log_evidence_error if alone else None,
                log_likelihood=_highest(samples),
                calls=int(per_dataset.get(dataset, samples.calls)),
                ess=samples.ess,
                statistics=statistics,
                values=_medians(statistics) | (values_of(model, samples) if model else {}),
                classes=classes_of(model) if model else {},
                covariates=dict(result.covariates.get(dataset, {})),
                **common,
            )
        )
    return entries


def result_entry(result):
    """A single fit."""
    model, statistics = result.fitted_model.to_dict(), result.samples.statistics()
    return Entry(
        kind="fit",
        identity=result.identity,
        name=result.name,
        dataset=result.dataset,
        inference="independent",
        log_evidence=result.log_evidence,
        log_evidence_error=result.log_evidence_error,
        log_likelihood=_highest(result.samples),
        calls=result.samples.calls,
        ess=result.samples.ess,
        statistics=statistics,
        values=_medians(statistics) | values_of(model, result.samples),
        classes=classes_of(model),
        covariates=dict(result.covariates),
        settings=dict(result.settings),
    )


def _medians(statistics):
    return {name: values["q50"] for name, values in statistics.items()}


def _highest(samples):
    if samples.log_likelihoods is None:
        return None
    highest = float(np.nanmax(samples.log_likelihoods))
    return highest if math.isfinite(highest) else None


def _settings(provenance):
    """The search's settings, flat: ``{"name": "DynestyStatic", "nlive": 50}``."""
    search = provenance.get("search") or (provenance.get("settings") or {}).get("search") or {}
    inner = search.get("settings", {})
    return {**{key: value for key, value in search.items() if key != "settings"}, **inner}
