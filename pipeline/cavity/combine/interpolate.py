"""Interpolation of fits over a covariate: the model, with its uncertainty, between the datasets that were fitted.

    interpolator = LinearInterpolator(results)              # results whose covariates have a "time"
    instance = interpolator[interpolator.time == 1.5]       # the model at time 1.5
    samples = interpolator.samples(interpolator.time == 1.5)

Each posterior draw of all fits is one curve over the covariate, so the spread of the curves at a point is what the data
say about it there: it widens beyond the fits and narrows where neighbouring fits support each other.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar

import numpy as np

from cavity.errors import ResultError, did_you_mean
from cavity.numerics.types import Array
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples

DRAWS = 1000
QUANTILES = (0.16, 0.5, 0.84)
POINTS = 50


@dataclass(frozen=True)
class At:
    """A point at which to interpolate: ``interpolator.time == 1.5``."""

    covariate: str
    value: float


class Covariate:
    """A covariate of the fits, perhaps below a component (``interpolator.lens.redshift``); ``== number`` is a point."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return Covariate(f"{self._name}.{name}")

    def __eq__(self, value):
        return At(self._name, float(value))

    __hash__ = None


class Interpolator:
    """Fits of one model to datasets that differ in a covariate.

    Parameters
    ----------
    fits
        Results; a covariate is a column of the dataset's row, or a fixed value in the model. Or instances of models,
        then without uncertainty; a covariate is one of their attributes.
    n_draws
        Curves through the posteriors, one draw of every fit each.
    seed
        Of the draws.

    Raises
    ------
    ResultError
        If there are too few fits, or their parameters differ.
    """

    fewest: ClassVar[int] = 2

    def __init__(self, fits: Iterable[Any], n_draws: int = DRAWS, seed: int = 0):
        self._fits = tuple(fits)
        if len(self._fits) < self.fewest:
            raise ResultError(f"{type(self).__name__} needs at least {self.fewest} fits, got {len(self._fits)}")
        self._has_samples = all(hasattr(fit, "samples") for fit in self._fits)
        if not self._has_samples:
            return
        tables = [fit.samples for fit in self._fits]
        self._names = tables[0].names
        for table in tables[1:]:
            if table.names != self._names:
                other = next(iter(set(table.names) ^ set(self._names)), "their order")
                raise ResultError(f"the fits to interpolate have different parameters: {other}")
        rng = np.random.default_rng(seed)
        self._draws = np.stack([table.draws(n_draws, rng) for table in tables])  # [fits, draws, parameters]
        self._medians = np.stack([table.median_pdf_vector for table in tables])  # [fits, parameters]

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return Covariate(name)

    def __getitem__(self, at):
        """The model's instance at a point: the curve through the fits' medians, or through the instances.

        Raises
        ------
        ResultError
            If the point is not of the form ``interpolator.time == 1.5``, lies outside the fits, a fit lacks the
            covariate, or two fits share a value of it.
        """
        x, order = self._positions(at)
        if not self._has_samples:
            return self._between([self._fits[k] for k in order], x, at)
        return self._model_at(x, order, at).instance_from_vector(self.evaluate(x, self._medians[order], at.value))

    def samples(self, at: Any) -> Any:
        """Equal-weight draws of the parameters at a point, with the model: every summary that Samples have."""
        x, order = self._positions(at)
        if not self._has_samples:
            raise ResultError("instances have no uncertainty to interpolate; give the interpolator results of fits")
        values = self.evaluate(x, self._draws[order], at.value)
        return Samples(names=self._names, values=values, model=self._model_at(x, order, at))

    def curve(self, name: str, covariate: Any, values: Any, quantiles: Sequence[float] = QUANTILES) -> Any:
        """Quantiles of one parameter along a covariate: (len(quantiles), len(values)), to draw a band."""
        draws = [self.samples(At(covariate, float(value))).subset([name]) for value in values]
        return np.array([table.quantile(quantiles)[:, 0] for table in draws]).T

    def evaluate(self, x: Annotated[Array, "n"], y: Annotated[Array, "n ..."], at: Any) -> Any:
        """The curve through y at x: x (n,) increasing, y (n, ...), at a number -> (...)."""
        raise NotImplementedError

    def _positions(self, at):
        """(the covariate's values in increasing order, the order of the fits)."""
        if not isinstance(at, At):
            raise ResultError("interpolate at a point such as interpolator[interpolator.time == 1.5]")
        x = np.array([_covariate(fit, at.covariate) for fit in self._fits])
        order = np.argsort(x, kind="stable")
        x = x[order]
        if np.any(np.diff(x) <= 0.0):
            twice = x[np.flatnonzero(np.diff(x) <= 0.0)[0]]
            raise ResultError(f"two fits have {at.covariate} = {twice:g}; interpolate over another column")
        if not x[0] <= at.value <= x[-1]:
            covered = f"{x[0]:g} to {x[-1]:g}"
            raise ResultError(f"{at.covariate} = {at.value:g} is outside the fits, which cover {covered}; stay within")
        return x, order

    def _model_at(self, x, order, at):
        """The first fit's model; values that are fixed, but differ between the fits, are interpolated too."""
        models = [getattr(self._fits[k].fitted_model, "loaded", self._fits[k].fitted_model) for k in order]
        fixed = [{path: value for path, value in model.leaves() if _is_number(value)} for model in models]
        model = models[0].copy()
        for path in fixed[0]:
            values = [numbers.get(path) for numbers in fixed]
            if None in values or len(set(values)) == 1:
                continue
            node = model
            for part in path[:-1]:
                node = node[part]
            node[path[-1]] = float(self.evaluate(x, np.array(values, dtype=float), at.value))
        return model

    def _between(self, parts, x, at):
        """Corresponding parts of instances: numbers interpolated, containers and objects by parts, the first's else."""
        first = parts[0]
        if all(_is_number(part) for part in parts):
            return float(self.evaluate(x, np.array(parts, dtype=float), at.value))
        if isinstance(first, (list, tuple)):
            return type(first)(self._between(list(items), x, at) for items in zip(*parts, strict=True))
        if hasattr(first, "__dict__") and not isinstance(first, type):
            found = copy.copy(first)
            for name in vars(first):
                vars(found)[name] = self._between([vars(part)[name] for part in parts], x, at)
            return found
        return first


class LinearInterpolator(Interpolator):
    """Straight lines between neighbouring fits."""

    def evaluate(self, x: Annotated[Array, "n"], y: Annotated[Array, "n ..."], at: Any) -> Any:
        k = min(max(int(np.searchsorted(x, at)) - 1, 0), len(x) - 2)
        share = (at - x[k]) / (x[k + 1] - x[k])
        return (1.0 - share) * y[k] + share * y[k + 1]


class SplineInterpolator(Interpolator):
    """A natural cubic spline through all fits: smooth, with no curvature at the ends; at least three fits."""

    fewest: ClassVar[int] = 3

    def evaluate(self, x: Annotated[Array, "n"], y: Annotated[Array, "n ..."], at: Any) -> Any:
        from scipy.interpolate import CubicSpline

        return CubicSpline(x, y, axis=0, bc_type="natural")(at)


# --- a phase of a study --------------------------------------------------------------------------------------------

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
    at: Annotated[Array, "n"]
    curves: Mapping[str, Annotated[Array, "3 n"]]
    fitted_at: Annotated[Array, "m"]
    fitted: Mapping[str, Annotated[Array, "3 m"]]

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


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _covariate(fit, name):
    """The covariate of one fit as a finite number: a column of its row, a fixed value, or an instance's attribute."""
    columns = getattr(fit, "covariates", {})
    if name in columns:
        value = columns[name]
    else:
        value = fit.instance if hasattr(fit, "samples") else fit
        for part in name.split("."):
            if not hasattr(value, part):
                raise ResultError(f"a fit has no covariate {name}{did_you_mean(name, columns)}")
            value = getattr(value, part)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise ResultError(f"the covariate {name} of a fit is {value!r}, not a number; use a numeric column")
    return number
