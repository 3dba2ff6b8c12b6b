"""The global parameters on unconstrained scales: where expectation propagation does its algebra."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from cavity.errors import PropagationError
from cavity.numerics.differences import central_difference
from cavity.numerics.gaussian import LOG_2PI

NEGLIGIBLE_MASS = 1e-6  # a bound that cuts off less of a Gaussian prior than this needs no transform
FARTHEST = 8.0  # in prior sds of a bounded parameter: Phi(8) is 1 - 6e-16
STEP = 2e-3  # of finite differences, in units of the prior's sd


def kind_of(prior):
    """The scale on which a parameter is handled.

    Returns
    -------
    str
        "identity" (no bound, or bounds that hold less than 1e-6 of a Gaussian prior's mass: the truncation stays in
        the prior), "log" (support [0, inf)) or "normal" (bounded: z = Phi^-1(F(x)), whose prior is N(0, 1)).
    """
    lower, upper = float(prior.lower_limit), float(prior.upper_limit)
    if np.isinf(lower) and np.isinf(upper):
        return "identity"
    mean, sigma = getattr(prior, "mean", None), getattr(prior, "sigma", None)
    gaussian = "Gaussian" in type(prior).__name__ and "Log" not in type(prior).__name__
    if gaussian and isinstance(mean, (int, float)) and isinstance(sigma, (int, float)):
        if ndtr((lower - mean) / sigma) + ndtr((mean - upper) / sigma) < NEGLIGIBLE_MASS:
            return "identity"
    return "log" if prior.is_scale and lower == 0.0 and np.isinf(upper) else "normal"


@dataclass(frozen=True)
class GlobalSpace:
    """phi = every hyperparameter and shared parameter, on unconstrained scales, in a fixed order.

    Parameters
    ----------
    names
        D names.
    priors
        D priors (``value_for``, ``cdf``, ``log_prob``, ``moments``, ``lower_limit``, ``upper_limit``, ``is_scale``).
    kinds
        D of "identity", "log", "normal"; see :func:`kind_of`.
    """

    names: tuple
    priors: tuple
    kinds: tuple

    def __post_init__(self):
        if not len(self.names) == len(self.priors) == len(self.kinds) == len(set(self.names)):
            raise PropagationError(f"a GlobalSpace needs a prior for each distinct name, got {self.names}")

    @classmethod
    def from_priors(cls, names, priors):
        """Names and priors in one order; the kinds follow from the priors."""
        priors = tuple(priors)
        return cls(tuple(names), priors, tuple(kind_of(prior) for prior in priors))

    @property
    def dimension(self):
        """D."""
        return len(self.names)

    def index(self, name):
        """The position of a name.

        Raises
        ------
        PropagationError
            If there is no such global parameter.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise PropagationError(f"{name} is not a global parameter; these are: {', '.join(self.names)}") from None

    def value_of(self, j, phi):
        """One parameter's value on its own scale, from its coordinate (any shape)."""
        phi = np.asarray(phi, float)
        if self.kinds[j] == "identity":
            return phi
        if self.kinds[j] == "log":
            return np.exp(np.minimum(phi, 700.0))
        return np.asarray(self.priors[j].value_for(ndtr(np.clip(phi, -FARTHEST, FARTHEST))), float)

    def values(self, phi):
        """phi [..., D] -> the parameters on their own scales, [..., D]."""
        phi = np.asarray(phi, float)
        values = np.empty_like(phi)
        for j in range(self.dimension):
            values[..., j] = self.value_of(j, phi[..., j])
        return values

    def phi(self, values):
        """The inverse of :meth:`values`."""
        values = np.asarray(values, float)
        phi = np.empty_like(values)
        for j, (prior, kind) in enumerate(zip(self.priors, self.kinds)):
            x = values[..., j]
            if kind == "identity":
                phi[..., j] = x
            elif kind == "log":
                phi[..., j] = np.log(x)
            else:
                phi[..., j] = np.clip(ndtri(np.asarray(prior.cdf(x), float)), -FARTHEST, FARTHEST)
        return phi

    def log_prior_terms(self, phi):
        """The log prior density with respect to phi, parameter by parameter: [..., D] -> [..., D]."""
        phi = np.asarray(phi, float)
        terms = np.empty_like(phi)
        for j, (prior, kind) in enumerate(zip(self.priors, self.kinds)):
            z = phi[..., j]
            if kind == "normal":
                terms[..., j] = -0.5 * z * z - 0.5 * LOG_2PI
            elif kind == "log":
                terms[..., j] = np.asarray(prior.log_prob(self.value_of(j, z)), float) + z
            else:
                terms[..., j] = np.asarray(prior.log_prob(z), float)
        return terms

    def log_prior(self, phi):
        """The log prior density with respect to phi, Jacobian included: [..., D] -> [...]."""
        total = self.log_prior_terms(phi).sum(-1)
        return np.where(np.isnan(total), -np.inf, total)

    def prior_score(self, phi):
        """Gradient [..., D] and the diagonal [..., D] of the Hessian of :meth:`log_prior` at phi [..., D]."""
        with np.errstate(invalid="ignore"):
            first, second = central_difference(self.log_prior_terms, np.asarray(phi, float), STEP * self._widths)
        return np.nan_to_num(first), np.nan_to_num(second)

    def derivatives(self, phi):
        """dx/dphi [..., D] and d2x/dphi2 [..., D]: each value depends on its own coordinate only."""
        phi = np.asarray(phi, float)
        first, second = np.ones_like(phi), np.zeros_like(phi)
        for j, (prior, kind) in enumerate(zip(self.priors, self.kinds)):
            z = phi[..., j]
            if kind == "log":
                first[..., j] = second[..., j] = self.value_of(j, z)
            elif kind == "normal":
                z = np.clip(z, -FARTHEST + 1e-2, FARTHEST - 1e-2)

                def log_density(z, j=j, prior=prior):
                    return np.asarray(prior.log_prob(self.value_of(j, z)), float)

                slope = np.nan_to_num(central_difference(log_density, z, STEP)[0])
                first[..., j] = np.exp(-0.5 * z * z - 0.5 * LOG_2PI - log_density(z))
                second[..., j] = -first[..., j] * (z + slope)
        return first, second

    def start(self):
        """Mean [D] and covariance [D, D] of the prior on these scales; by quantiles where it has no moments."""
        return self._locations.copy(), np.diag(self._widths**2)

    @cached_property
    def _locations(self):
        return np.array([self._location_and_width(j)[0] for j in range(self.dimension)])

    @cached_property
    def _widths(self):
        return np.array([self._location_and_width(j)[1] for j in range(self.dimension)])

    def _location_and_width(self, j):
        prior, kind = self.priors[j], self.kinds[j]
        if kind == "normal":
            return 0.0, 1.0
        if kind == "identity":
            mean, sd = (float(moment) for moment in prior.moments())
            if np.isfinite(mean) and np.isfinite(sd) and sd > 0:
                return mean, sd
        low, middle, high = np.asarray(prior.value_for(ndtr(np.array([-1.0, 0.0, 1.0]))), float)
        if kind == "log":
            low, middle, high = np.log(low), np.log(middle), np.log(high)
        return middle, 0.5 * (high - low)
