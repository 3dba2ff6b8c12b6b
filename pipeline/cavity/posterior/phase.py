"""What a phase of a study yields: shared and local posteriors, evidence, cost, and how wrong they may be."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cavity.errors import DamagedError, ResultError, did_you_mean
from cavity.inference import ONE_BY_ONE
from cavity.posterior.netcdf import read_groups
from cavity.posterior.phase_file import read_posterior, write_posterior
from cavity.posterior.printed import parameter_table
from cavity.posterior.samples import Samples, jsonable
from cavity.posterior.store import load_json, readable, samples_tree, write_json

LARGEST_SUMMARY = 1000  # datasets whose local parameters summary.json lists
SUMMARY, POSTERIOR = "summary.json", "posterior.h5"
_JSON_FIELDS = ("likelihood_evaluations", "mcse", "provenance", "history", "covariates", "models", "graph")


@dataclass(frozen=True, eq=False)
class PhaseResult:
    """Everything a phase of a study yields.

    Parameters
    ----------
    study, phase, inference
        Names; inference is independent, sequential, joint or ep.
    shared
        Weighted draws of the shared parameters (``population.mean``), or None where nothing is shared.
    locals
        dataset -> draws of its own parameters, names without the dataset in front. Where all of them and the shared
        ones have equal weights and as many rows, row s is one joint draw, and stays so in the file.
    log_evidence, log_evidence_error
        Of the whole phase.
    converged
        None where the question makes no sense.
    rounds
        Rounds of searches made.
    likelihood_evaluations
        {"total": int, "per_dataset": {dataset: int}, "per_round": [int]}.
    mcse
        Shared parameter -> Monte Carlo error of its mean, in its posterior sd.
    pareto_k, warnings, rejected
        Tail shape of the exact pass, sentences for the reader, likelihood calls the guard rejected.
    provenance
        Hash of all inputs, versions, seed, settings: JSON.
    history
        One dict a round: {"round", "kind", "mean": {name: x}, "sd": {name: x}, "log_evidence", "evaluations"}.
    covariates
        dataset -> the other columns of its row in the table.
    models
        dataset -> ``model.to_dict()`` of its model.
    graph
        {"nodes": [...], "edges": [...]} for the plot of the study.
    """

    study: str
    phase: str
    inference: str
    shared: Samples | None = None
    locals: Mapping = field(default_factory=dict)
    log_evidence: float | None = None
    log_evidence_error: float | None = None
    converged: bool | None = None
    rounds: int = 1
    likelihood_evaluations: Mapping = field(default_factory=dict)
    mcse: Mapping = field(default_factory=dict)
    pareto_k: float | None = None
    warnings: tuple = ()
    rejected: int = 0
    provenance: Mapping = field(default_factory=dict)
    history: tuple = ()
    covariates: Mapping = field(default_factory=dict)
    models: Mapping = field(default_factory=dict)
    graph: Mapping = field(default_factory=dict)

    def __post_init__(self):
        def bare(samples):
            return None if samples is None else dataclasses.replace(samples, unit=None, model=None)

        if self.shared is None and not self.locals:
            raise ResultError(f"{self.study}/{self.phase}: no result without shared or local samples")
        object.__setattr__(self, "shared", bare(self.shared))
        object.__setattr__(self, "locals", {str(key): bare(value) for key, value in self.locals.items()})
        for key in ("log_evidence", "log_evidence_error", "pareto_k"):
            value = getattr(self, key)
            object.__setattr__(self, key, None if value is None else float(value))
        for key in ("rounds", "rejected"):
            object.__setattr__(self, key, int(getattr(self, key)))
        object.__setattr__(self, "converged", None if self.converged is None else bool(self.converged))
        object.__setattr__(self, "warnings", tuple(str(sentence) for sentence in self.warnings))
        for key in _JSON_FIELDS:
            content = getattr(self, key)
            content = jsonable(dict(content) if isinstance(content, Mapping) else content)
            object.__setattr__(self, key, tuple(content) if isinstance(content, list) else content)

    def __eq__(self, other):
        """Equal to the last bit."""
        if not isinstance(other, PhaseResult):
            return NotImplemented
        return self.shared == other.shared and self.locals == other.locals and self.meta() == other.meta()

    __hash__ = None

    @property
    def datasets(self):
        """Ids of the datasets with a local posterior."""
        return tuple(self.locals)

    def label(self, dataset):
        """What plots and tables call a dataset: its column ``label`` in the table, else its id."""
        return str(self.covariates.get(dataset, {}).get("label") or dataset)

    @property
    def identity(self):
        """The hash of data, models, priors, settings, seed and sources, or an empty text where none was recorded."""
        return str(self.provenance.get("hash", ""))

    def samples_of(self, name):
        """Samples that hold a parameter, and the name it has in them: ``population.mean``, ``d07.gaussian.sigma``."""
        if self.shared is not None and name in self.shared.names:
            return self.shared, name
        for dataset, samples in self.locals.items():
            if name.startswith(f"{dataset}.") and name[len(dataset) + 1 :] in samples.names:
                return samples, name[len(dataset) + 1 :]
        raise ResultError(f"{self.study}/{self.phase}: no parameter {name}{did_you_mean(name, self.parameter_names())}")

    def parameter_names(self):
        """Shared names, then ``<dataset>.<path>``."""
        shared = [] if self.shared is None else list(self.shared.names)
        return (*shared, *(f"{dataset}.{name}" for dataset, samples in self.locals.items() for name in samples.names))

    def of_dataset(self, dataset):
        """What one dataset may see of the result: its own part, and what is shared.

        Raises
        ------
        ResultError
            If there is neither.
        """
        if self.shared is None and dataset not in self.locals:
            raise ResultError(f"{self.study}/{self.phase}: no fit of dataset {dataset}; run the phase again")
        alone = self.inference in ONE_BY_ONE
        return PhaseResult(
            study=self.study,
            phase=self.phase,
            inference=self.inference,
            shared=self.shared,
            locals={dataset: self.locals[dataset]} if dataset in self.locals else {},
            log_evidence=None if alone else self.log_evidence,
            log_evidence_error=None if alone else self.log_evidence_error,
            models={dataset: self.models[dataset]} if dataset in self.models else {},
        )

    def tree(self):
        """Everything, for :func:`cavity.posterior.store.tree_checksum`."""
        shared = {} if self.shared is None else samples_tree(self.shared)
        own = {dataset: samples_tree(samples) for dataset, samples in self.locals.items()}
        return {"shared": shared, "locals": own, "meta": json.dumps(self.meta(), sort_keys=True)}

    # --- summary.json -------------------------------------------------------------------------------------------

    def parameters(self, largest=LARGEST_SUMMARY):
        """name -> {mean, sd, q05, q16, q50, q84, q95, ess, mcse (in the parameter's unit)}."""
        found = {}
        if self.shared is not None:
            found.update(_with_mcse(self.shared, self.mcse))
        for dataset, samples in list(self.locals.items())[:largest]:
            for name, values in _with_mcse(samples, {}).items():
                found[f"{dataset}.{name}"] = values
        return found

    def summary(self):
        """The content of summary.json."""
        listed = min(len(self.locals), LARGEST_SUMMARY)
        return {
            "study": self.study,
            "phase": self.phase,
            "inference": self.inference,
            "parameters": self.parameters(),
            "datasets": len(self.locals),
            "datasets_listed": listed,
            "log_evidence": self.log_evidence,
            "log_evidence_error": self.log_evidence_error,
            "log_evidence_per_dataset": {
                dataset: samples.log_evidence
                for dataset, samples in list(self.locals.items())[:listed]
                if samples.log_evidence is not None
            },
            "converged": self.converged,
            "rounds": self.rounds,
            "likelihood_evaluations": self.likelihood_evaluations,
            "pareto_k": self.pareto_k,
            "rejected": self.rejected,
            "warnings": list(self.warnings),
            "provenance": self.provenance,
        }

    def table(self):
        """The shared parameters as lines for a terminal; of one dataset where nothing is shared."""
        if self.shared is not None:
            return parameter_table(self.shared.statistics(), self.shared.units)
        dataset, samples = next(iter(self.locals.items()))
        statistics = {f"{dataset}.{name}": values for name, values in samples.statistics().items()}
        return parameter_table(statistics, samples.units)

    # --- files --------------------------------------------------------------------------------------------------

    def meta(self):
        """All that is neither shared nor local samples, as JSON holds it."""
        names = [f.name for f in dataclasses.fields(self) if f.name not in ("shared", "locals")]
        return jsonable({name: getattr(self, name) for name in names})

    def write(self, folder):
        """Write summary.json and posterior.h5 into a folder, each atomically, with equal bytes for equal results."""
        folder = Path(folder)
        checksum = write_posterior(folder / POSTERIOR, self.shared, self.locals, self.meta())
        write_json(folder / SUMMARY, {**self.summary(), "posterior_sha256": checksum})
        return folder / SUMMARY, folder / POSTERIOR

    @classmethod
    def read(cls, folder):
        """The result in a folder, equal to the last bit to the one that was written.

        Raises
        ------
        ResultError
            If posterior.h5 is missing or damaged, or summary.json beside it belongs to another result.
        """
        folder = Path(folder)
        with readable(folder / POSTERIOR):
            shared, local, meta, checksum = read_posterior(folder / POSTERIOR)
            result = cls(shared=shared, locals=local, **meta)
        _check_summary(folder / SUMMARY, checksum)
        return result


def check_written(folder):
    """DamagedError where posterior.h5 or summary.json of a folder is not what was written, or is of another result."""
    _check_summary(Path(folder, SUMMARY), read_groups(Path(folder, POSTERIOR))[1])


def _check_summary(path, checksum):
    if path.exists() and load_json(path).get("posterior_sha256") != checksum:
        raise DamagedError(path, f"it summarises another posterior than {POSTERIOR}")


def _with_mcse(samples, mcse):
    """Statistics with the Monte Carlo error of the mean in the parameter's unit: given, else sd / sqrt(ess).

    To the latter comes what ``info["mean_error"]`` says of draws that were made of fewer ones.
    """
    statistics, error = samples.statistics(), samples.info.get("mean_error", {})
    for name, values in statistics.items():
        given = mcse.get(name)
        own = math.hypot(values["sd"] / math.sqrt(max(values["ess"], 1.0)), error.get(name, 0.0))
        values["mcse"] = own if given is None else values["sd"] * given
    return statistics
