"""A phase's parameters as functions of a covariate: each dataset fitted by itself, curves through their posteriors."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from cavity.errors import ResultError, did_you_mean
from cavity.posterior.phase import PhaseResult
from cavity.strategy.interpolate import LinearInterpolator, SplineInterpolator

QUANTILES = (0.16, 0.5, 0.84)
POINTS = 50
KINDS = {"linear": LinearInterpolator, "spline": SplineInterpolator}


@dataclass(frozen=True, eq=False)
class CovariateCurves:
    """Quantiles of every parameter along a covariate.

    Attributes
    ----------
    covariate
        Its name.
    at
        (n,) its values.
    curves
        Parameter -> (3, n): the quantiles .16, .5, .84.
    fitted_at
        (m,) the covariate of the datasets.
    fitted
        Parameter -> (3, m): the same quantiles of each dataset's own fit.
    """

    covariate: str
    at: np.ndarray
    curves: Mapping[str, np.ndarray]
    fitted_at: np.ndarray
    fitted: Mapping[str, np.ndarray]

    def summary(self) -> dict:
        """As JSON: the covariate's values, and each parameter's quantiles there."""
        keys = ("q16", "q50", "q84")
        return {
            "covariate": self.covariate,
            "at": self.at.tolist(),
            "parameters": {name: dict(zip(keys, curve.tolist(), strict=True)) for name, curve in self.curves.items()},
        }


def interpolate_phase(part: Any, result: PhaseResult, covariates: Mapping[str, Mapping[str, Any]]) -> CovariateCurves:
    """Curves through the datasets of a phase.

    Parameters
    ----------
    part
        The configuration: ``covariate``, ``kind`` (linear or spline), ``at`` (values, or empty).
    result
        The phase's result.
    covariates
        Dataset -> {column: value}.

    Raises
    ------
    ResultError
        If the table has no such column of numbers, or a value of ``at`` lies outside of it.
    """
    fits, x = [], []
    for dataset, samples in result.locals.items():
        columns = covariates[dataset]
        if part.covariate not in columns:
            hint = did_you_mean(part.covariate, columns)
            raise ResultError(f"{part.name}: the table of datasets has no column {part.covariate}{hint}")
        value = columns[part.covariate]
        if not isinstance(value, (int, float)) or not np.isfinite(value):
            raise ResultError(f"{part.name}: {part.covariate} of dataset {dataset} is {value!r}; a number is needed")
        fits.append(_Fit(samples, {part.covariate: float(value)}))
        x.append(float(value))
    interpolator = KINDS[part.kind](fits)
    at = np.array(part.at, dtype=float) if len(part.at) else np.linspace(min(x), max(x), POINTS)
    names = fits[0].samples.names
    tables = [interpolator.samples(getattr(interpolator, part.covariate) == value) for value in at]
    curves = np.array([table.quantile(QUANTILES) for table in tables])  # [points, quantiles, parameters]
    own = np.array([fit.samples.quantile(QUANTILES) for fit in fits])
    order = np.argsort(x, kind="stable")
    return CovariateCurves(
        covariate=part.covariate,
        at=at,
        curves={name: curves[:, :, j].T for j, name in enumerate(names)},
        fitted_at=np.array(x)[order],
        fitted={name: own[order, :, j].T for j, name in enumerate(names)},
    )


class _Fit:
    """One dataset's fit as an interpolator takes it; nobody asks for its instance, so its model is empty."""

    def __init__(self, samples, covariates):
        self.samples = samples
        self.covariates = covariates
        self.fitted_model = SimpleNamespace(leaves=tuple, copy=lambda: None)
