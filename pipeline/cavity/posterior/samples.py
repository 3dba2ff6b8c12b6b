"""Weighted samples of a posterior: what every search returns and every table, plot and later fit starts from."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cavity.errors import ResultError, did_you_mean
from cavity.numerics.weights import effective_sample_size, log_sum_exp, quantiles, resampled

QUANTILES = {"q05": 0.05, "q16": 0.16, "q50": 0.5, "q84": 0.84, "q95": 0.95}

# The scalars and arrays that two equal Samples have in common, bit by bit; the model is not one of them.
_ARRAYS = ("values", "log_weights", "log_likelihoods", "log_priors", "unit")
_SCALARS = ("log_evidence", "log_evidence_error", "pareto_k")


@dataclass(frozen=True, eq=False)
class Samples:
    """S weighted points in D parameters.

    Parameters
    ----------
    names
        D parameter names.
    values
        (S, D), each in its parameter's own unit.
    log_weights
        (S,), normalised on entry so that the weights sum to one; None: all equal.
    log_likelihoods, log_priors
        (S,) or None.
    unit
        (S, D) the same points in the unit cube of the prior, or None.
    log_evidence, log_evidence_error
        Natural logarithm of the marginal likelihood and its standard error, where the search knows them.
    pareto_k
        Shape of the weights' tail (Vehtari et al. 2024); above 0.7 the weighted mean is not to be trusted.
    calls, rejected
        Likelihood calls made, and those the guard rejected.
    labels, units
        LaTeX labels and physical units for plots and tables.
    info
        Anything JSON can hold: the sampler's own figures (autocorrelation times, acceptance). ``info["chains"]`` says
        that the points are that many chains of equal length, one after another.
    model
        Turns vectors into instances; neither stored with the arrays nor compared.

    Raises
    ------
    ResultError
        If the shapes contradict each other, there is no sample, or no sample has any weight.
    """

    names: tuple
    values: np.ndarray
    log_weights: np.ndarray | None = None
    log_likelihoods: np.ndarray | None = None
    log_priors: np.ndarray | None = None
    unit: np.ndarray | None = None
    log_evidence: float | None = None
    log_evidence_error: float | None = None
    pareto_k: float | None = None
    calls: int = 0
    rejected: int = 0
    labels: tuple | None = None
    units: tuple | None = None
    info: Mapping = field(default_factory=dict)
    model: Any = None

    def __post_init__(self):
        def put(key, value):
            object.__setattr__(self, key, value)

        put("names", tuple(str(name) for name in self.names))
        n_names = len(self.names)
        values = _frozen(self.values)
        if values.ndim != 2 or values.shape[1] != n_names or len(values) == 0:
            raise ResultError(f"{n_names} parameters need values of shape (S, {n_names}), got {values.shape}")
        if len(set(self.names)) != n_names:
            raise ResultError(f"samples: a parameter name appears twice in {', '.join(self.names)}")
        put("values", values)
        n_samples = len(values)
        put("log_weights", _normalised(self.log_weights, n_samples))
        for key, shape in (
            ("log_likelihoods", (n_samples,)),
            ("log_priors", (n_samples,)),
            ("unit", (n_samples, n_names)),
        ):
            array = getattr(self, key)
            if array is None:
                continue
            array = _frozen(array)
            if array.shape != shape:
                raise ResultError(f"samples.{key} has shape {array.shape}, the values ask for {shape}")
            put(key, array)
        for key in _SCALARS:
            value = getattr(self, key)
            put(key, None if value is None else float(value))
        put("calls", int(self.calls))
        put("rejected", int(self.rejected))
        for key in ("labels", "units"):
            texts = getattr(self, key)
            if texts is not None and len(texts) != n_names:
                raise ResultError(f"samples.{key} has {len(texts)} entries for {n_names} parameters")
            put(key, None if texts is None else tuple(str(text) for text in texts))
        put("info", jsonable(dict(self.info)))

    def __eq__(self, other):
        """Equal to the last bit, NaN included; the model is not compared."""
        if not isinstance(other, Samples):
            return NotImplemented
        same = all(
            getattr(self, key) == getattr(other, key) for key in ("names", "calls", "rejected", "labels", "units")
        )
        return (
            same
            and all(_same_bits(getattr(self, key), getattr(other, key)) for key in (*_ARRAYS, *_SCALARS))
            and json.dumps(self.info, sort_keys=True) == json.dumps(other.info, sort_keys=True)
        )

    __hash__ = None

    def __len__(self):
        return len(self.values)

    def __getitem__(self, name):
        """(S,) the values of one parameter."""
        return self.values[:, self.index(name)]

    def index(self, name):
        """Column of a parameter; a name that is not there is a ResultError with the nearest."""
        try:
            return self.names.index(name)
        except ValueError:
            raise ResultError(f"no parameter {name} among these samples{did_you_mean(name, self.names)}") from None

    # --- moments ------------------------------------------------------------------------------------------------

    @property
    def weights(self):
        """(S,), summing to one."""
        return np.exp(self.log_weights)

    @property
    def ess(self):
        """Kish's effective sample size, (sum w)^2 / sum w^2; blind to the autocorrelation of a chain."""
        return float(effective_sample_size(self.log_weights))

    @property
    def mean(self):
        """(D,)"""
        return self.weights @ self.values

    @property
    def covariance(self):
        """(D, D), of the weighted points themselves (no finite-sample factor)."""
        centred = self.values - self.mean
        return (self.weights[:, None] * centred).T @ centred

    @property
    def sd(self):
        """(D,)"""
        return np.sqrt(self.weights @ (self.values - self.mean) ** 2)

    def quantile(self, q):
        """Weighted quantiles: q of any shape -> q.shape + (D,)."""
        return quantiles(self.values, self.weights, q)

    def statistics(self):
        """name -> {mean, sd, q05, q16, q50, q84, q95, ess}, plain floats."""
        columns = {"mean": self.mean, "sd": self.sd}
        columns.update(zip(QUANTILES, self.quantile(list(QUANTILES.values())), strict=True))
        ess = self.ess
        return {
            name: {**{key: float(column[j]) for key, column in columns.items()}, "ess": float(ess)}
            for j, name in enumerate(self.names)
        }

    # --- draws and parts ----------------------------------------------------------------------------------------

    def draws(self, n, rng):
        """(n, D) equal-weight draws, by systematic resampling, in random order."""
        return self.values[resampled(self.log_weights, n, rng)]

    def resampled(self, n, rng):
        """n equal-weight draws as Samples, log likelihoods and unit cube points with them."""
        return self._rows(resampled(self.log_weights, n, rng))

    def _rows(self, rows):
        taken = {key: array[rows] for key in _ARRAYS[2:] if (array := getattr(self, key)) is not None}
        info = {key: value for key, value in self.info.items() if key != "chains"}
        return replace(self, values=self.values[rows], log_weights=None, info=info, **taken)

    def subset(self, names):
        """The marginal of some parameters, in the order given."""
        columns = [self.index(name) for name in names]
        return replace(
            self,
            names=tuple(names),
            values=self.values[:, columns],
            unit=None if self.unit is None else self.unit[:, columns],
            labels=None if self.labels is None else tuple(self.labels[j] for j in columns),
            units=None if self.units is None else tuple(self.units[j] for j in columns),
            model=None,
        )

    def derived(self, function):
        """Latent quantities: ``function(instance) -> {name: number}`` for every sample, with the same weights."""
        rows = [function(self._instance(vector)) for vector in self.values]
        names = tuple(rows[0])
        values = np.array([[row[name] for name in names] for row in rows], dtype=float)
        return replace(self, names=names, values=values, unit=None, labels=None, units=None, model=None)

    # --- the vocabulary of single fits --------------------------------------------------------------------------

    def _instance(self, vector):
        if self.model is None:
            raise ResultError("these samples carry no model, so they have vectors but no instances; load the result")
        return self.model.instance_from_vector(vector)

    @property
    def parameter_lists(self):
        """S lists of D numbers."""
        return self.values.tolist()

    @property
    def weight_list(self):
        """S weights that sum to one."""
        return self.weights.tolist()

    @property
    def log_likelihood_list(self):
        """S log likelihoods."""
        return self._needed("log_likelihoods").tolist()

    @property
    def median_pdf_vector(self):
        """(D,) the median of each parameter's marginal."""
        return self.quantile(0.5)

    @property
    def median_pdf_instance(self):
        """The model at the marginal medians."""
        return self._instance(self.median_pdf_vector)

    @property
    def max_log_likelihood_index(self):
        """Row of the highest log likelihood."""
        return int(np.nanargmax(self._needed("log_likelihoods")))

    @property
    def max_log_likelihood_vector(self):
        """(D,)"""
        return self.values[self.max_log_likelihood_index]

    @property
    def max_log_likelihood_instance(self):
        """The model at the sample with the highest log likelihood."""
        return self._instance(self.max_log_likelihood_vector)

    @property
    def max_log_posterior_vector(self):
        """(D,) the sample with the highest log likelihood + log prior."""
        return self.values[int(np.nanargmax(self._needed("log_likelihoods") + self._needed("log_priors")))]

    @property
    def max_log_posterior_instance(self):
        """The model at the sample with the highest posterior density."""
        return self._instance(self.max_log_posterior_vector)

    def _needed(self, key):
        array = getattr(self, key)
        if array is None:
            raise ResultError(f"these samples carry no {key}: the search that made them does not keep them")
        return array

    def vector_at_lower_sigma(self, sigma):
        """(D,) lower ends of the central intervals that hold erf(sigma / sqrt 2) of the probability."""
        return self.quantile(0.5 * math.erfc(sigma / math.sqrt(2.0)))

    def vector_at_upper_sigma(self, sigma):
        """(D,) upper ends of the same intervals."""
        return self.quantile(1.0 - 0.5 * math.erfc(sigma / math.sqrt(2.0)))

    def values_at_sigma(self, sigma):
        """D pairs (lower, upper)."""
        lower, upper = self.vector_at_lower_sigma(sigma), self.vector_at_upper_sigma(sigma)
        return list(zip(lower.tolist(), upper.tolist(), strict=True))

    def errors_at_sigma(self, sigma):
        """D pairs of distances (median - lower, upper - median)."""
        median = self.median_pdf_vector.tolist()
        return [(m - low, up - m) for m, (low, up) in zip(median, self.values_at_sigma(sigma), strict=True)]

    def instance_at_lower_sigma(self, sigma):
        """The model at :meth:`vector_at_lower_sigma`."""
        return self._instance(self.vector_at_lower_sigma(sigma))

    def instance_at_upper_sigma(self, sigma):
        """The model at :meth:`vector_at_upper_sigma`."""
        return self._instance(self.vector_at_upper_sigma(sigma))

    # --- other people's tables ----------------------------------------------------------------------------------

    def to_dataframe(self):
        """pandas: a row a sample; the parameters, then log_likelihood, log_prior, log_posterior (as known), weight."""
        import pandas as pd

        frame = pd.DataFrame(self.values, columns=list(self.names))
        if self.log_likelihoods is not None:
            frame["log_likelihood"] = self.log_likelihoods
        if self.log_priors is not None:
            frame["log_prior"] = self.log_priors
        if self.log_likelihoods is not None and self.log_priors is not None:
            frame["log_posterior"] = self.log_likelihoods + self.log_priors
        frame["weight"] = self.weights
        return frame

    def to_arviz(self, n_draws=None, seed=0):
        """ArviZ InferenceData: equal-weight draws in ``posterior`` (chain, draw), log likelihoods in ``sample_stats``.

        Chains stay as they are; weighted points are resampled to ``n_draws``, by default their effective number.
        """
        import arviz

        chains = self.info.get("chains", 1)
        even = self
        if n_draws is not None or np.ptp(self.log_weights) > 0.0:
            n_draws = n_draws or max(100, math.ceil(self.ess))
            even, chains = self.resampled(n_draws, np.random.default_rng(seed)), 1
        shape = (chains, -1)
        stats = {} if even.log_likelihoods is None else {"log_likelihood": even.log_likelihoods.reshape(shape)}
        if even.log_priors is not None and stats:
            stats["lp"] = (even.log_likelihoods + even.log_priors).reshape(shape)
        posterior = {name: even[name].reshape(shape) for name in even.names}
        return arviz.from_dict(posterior=posterior, sample_stats=stats or None)

    @property
    def summary(self):
        """A table to print: median, its 68 % interval, mean and sd of every parameter, then the evidence."""
        from cavity.posterior.printed import parameter_table

        lines = [parameter_table(self.statistics(), self.units)]
        if self.log_evidence is not None:
            error = "" if self.log_evidence_error is None else f" +/- {self.log_evidence_error:.2f}"
            lines.append(f"log evidence {self.log_evidence:.3f}{error}")
        lines.append(f"{len(self):,} samples, effective {self.ess:,.0f}, {self.calls:,} likelihood calls")
        return "\n".join(lines)


def _frozen(array):
    """A read-only float copy, so that a frozen dataclass is frozen."""
    array = np.array(array, dtype=float)
    array.flags.writeable = False
    return array


def _normalised(log_weights, n_samples):
    """Log weights that sum to one; those that already do keep their bits (a stored result loads unchanged)."""
    if log_weights is None:
        return _frozen(np.full(n_samples, -math.log(n_samples)))
    log_weights = _frozen(log_weights)
    if log_weights.shape != (n_samples,):
        raise ResultError(f"samples.log_weights has shape {log_weights.shape}, the values ask for ({n_samples},)")
    total = log_sum_exp(log_weights)
    if not math.isfinite(total):
        raise ResultError("samples: no sample has a finite weight, so there is no posterior to describe")
    return log_weights if abs(total) < 1e-10 else _frozen(log_weights - total)


def _same_bits(a, b):
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def jsonable(content):
    """The content as a JSON file would give it back: numpy turned into lists and numbers, tuples into lists.

    Raises
    ------
    ResultError
        If something in it has no JSON form.
    """
    return json.loads(json.dumps(content, default=_plain))


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise ResultError(f"a result's information has a {type(value).__name__}, which JSON cannot hold; give numbers")
