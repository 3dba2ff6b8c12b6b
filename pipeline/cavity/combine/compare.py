"""Model comparison: evidence differences with their errors, and no Bayes factor that the errors do not support."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from cavity.errors import ResultError, did_you_mean
from cavity.inference import ONE_BY_ONE
from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """Evidences of several models for the same data.

    Attributes
    ----------
    names
        The models.
    log_evidences, errors
        (n,) natural logarithms and their standard errors (nan where a search knows none).
    per_dataset
        Dataset -> the comparison for it alone, where every model knows a dataset's own evidence.
    """

    names: tuple[str, ...]
    log_evidences: Annotated[Array, "n"]
    errors: Annotated[Array, "n"]
    per_dataset: Mapping = field(default_factory=dict)

    @property
    def best(self) -> str:
        """The model with the highest evidence."""
        return self.names[int(np.argmax(self.log_evidences))]

    @property
    def differences(self) -> Annotated[Array, "n"]:
        """(n,) log evidence minus that of the best model; never positive."""
        return self.log_evidences - self.log_evidences.max()

    @property
    def difference_errors(self) -> Annotated[Array, "n"]:
        """(n,) standard errors of :attr:`differences`; 0 for the best itself."""
        best = int(np.argmax(self.log_evidences))
        errors = np.hypot(self.errors, self.errors[best])
        errors[best] = 0.0
        return errors

    @property
    def probabilities(self) -> Annotated[Array, "n"]:
        """(n,) of each model, all equally probable beforehand."""
        return np.exp(self.log_evidences - log_sum_exp(self.log_evidences))

    def log_bayes_factor(self, model: str, other: str) -> tuple[float, float]:
        """(log evidence of ``model`` minus that of ``other``, its standard error).

        Raises
        ------
        ResultError
            If the error is larger than the difference, or not known: the searches do not decide between the two.
        """
        i, j = self._index(model), self._index(other)
        difference = float(self.log_evidences[i] - self.log_evidences[j])
        error = float(np.hypot(self.errors[i], self.errors[j]))
        if not error <= abs(difference):
            size = f"{error:.2g}" if np.isfinite(error) else "not known"
            raise ResultError(
                f"{model} against {other}: the log evidence differs by {difference:.2g}, its error is {size}; no Bayes "
                "factor follows: search with more live points or draws"
            )
        return difference, error

    def verdict(self, model: str) -> str:
        """``best``, ``disfavoured``, or ``undecided`` where the error exceeds the distance to the best."""
        k = self._index(model)
        if model == self.best:
            return "best"
        return "disfavoured" if self.difference_errors[k] <= -self.differences[k] else "undecided"

    @property
    def table(self) -> str:
        """Text: the models in the order of their evidence, then each dataset's differences."""
        from cavity.posterior.printed import aligned

        rows = [("model", "log evidence", "difference", "error", "probability", "")]
        order = np.argsort(-self.log_evidences, kind="stable")
        columns = (self.log_evidences, self.differences, self.difference_errors)
        for k in order:
            numbers = [f"{column[k]:.2f}" for column in columns]
            rows.append((self.names[k], *numbers, f"{self.probabilities[k]:.3g}", self.verdict(self.names[k])))
        lines = [aligned(rows)]
        if self.per_dataset:
            names = [self.names[k] for k in order]
            rows = [("dataset", *names, "best")]
            for dataset, comparison in self.per_dataset.items():
                differences = dict(zip(comparison.names, comparison.differences, strict=True))
                runner_up = sorted(differences, key=differences.get)[-2:][0]
                best = comparison.best if comparison.verdict(runner_up) == "disfavoured" else "undecided"
                rows.append((dataset, *(f"{differences[name]:.2f}" for name in names), best))
            lines.append(aligned(rows))
        return "\n\n".join(lines)

    def summary(self) -> dict:
        """The same as JSON."""
        return {
            "models": {
                name: {
                    "log_evidence": float(self.log_evidences[k]),
                    "log_evidence_error": float(self.errors[k]),
                    "difference": float(self.differences[k]),
                    "difference_error": float(self.difference_errors[k]),
                    "probability": float(self.probabilities[k]),
                    "verdict": self.verdict(name),
                }
                for k, name in enumerate(self.names)
            },
            "best": self.best,
            "datasets": {dataset: part.summary()["models"] for dataset, part in self.per_dataset.items()},
        }

    def _index(self, model):
        if model not in self.names:
            raise ResultError(f"the comparison has no model {model}{did_you_mean(model, self.names)}")
        return self.names.index(model)


def compare_models(results: Mapping[str, Any]) -> ModelComparison:
    """Compare models that were fitted to the same data.

    Parameters
    ----------
    results
        Name -> a Result, a phase's result, a grid search's, or anything with ``log_evidence`` and its error.

    Raises
    ------
    ResultError
        If there are fewer than two, one has no evidence, or they rest on different datasets.
    """
    if len(results) < 2:
        raise ResultError(f"a comparison needs at least two models, got {len(results)}")
    _same_data(results)
    per_dataset = {}
    locals_of = [getattr(result, "locals", None) for result in results.values()]
    if all(locals_of) and all(getattr(result, "inference", "") in ONE_BY_ONE for result in results.values()):
        for dataset in locals_of[0]:
            per_dataset[dataset] = _comparison(
                {name: result.locals[dataset] for name, result in results.items()}, dataset
            )
    return _comparison(results, "", per_dataset)


def _comparison(results, where, per_dataset=None):
    evidences, errors = [], []
    for name, result in results.items():
        if result.log_evidence is None or not np.isfinite(result.log_evidence):
            at = f" for dataset {where}" if where else ""
            raise ResultError(
                f"{name} has no evidence{at}; fit it with a nested search, Laplace or expectation propagation"
            )
        evidences.append(float(result.log_evidence))
        errors.append(np.nan if result.log_evidence_error is None else float(result.log_evidence_error))
    return ModelComparison(tuple(results), np.array(evidences), np.array(errors), dict(per_dataset or {}))


def _same_data(results):
    """ResultError where two results are known to rest on different datasets."""
    known = {}
    for name, result in results.items():
        datasets = getattr(result, "datasets", None) or getattr(result, "dataset", None)
        if datasets:
            known[name] = {datasets} if isinstance(datasets, str) else set(datasets)
    for name, datasets in known.items():
        first = next(iter(known))
        if datasets != known[first]:
            odd = sorted(datasets ^ known[first])[0]
            raise ResultError(f"{name} and {first} were not fitted to the same datasets: {odd} is in one of them only")
