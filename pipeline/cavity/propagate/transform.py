"""The global parameters on unconstrained scales: where expectation propagation does its algebra."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from cavity.errors import PropagationError
from cavity.numerics.differences import central_difference
from cavity.numerics.gaussian import LOG_2PI
from cavity.propagate.hierarchy import Point, Scope, drawn_order

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
        D of "identity", "log", "normal" (see :func:`kind_of`), "drawn" (its position in its parent, N(0, 1)).
    laws
        D of :class:`~cavity.propagate.hierarchy.Law` for drawn coordinates, None for others.
    """

    names: tuple
    priors: tuple
    kinds: tuple
    laws: tuple

    def __post_init__(self):
        if not len(self.names) == len(self.priors) == len(self.kinds) == len(set(self.names)):
            raise PropagationError(f"a GlobalSpace needs a prior for each distinct name, got {self.names}")

    @classmethod
    def from_priors(cls, names, priors, laws=None):
        """Names, priors and laws of drawn coordinates in one order; the kinds follow from them."""
        priors = tuple(priors)
        laws = tuple(laws or [None] * len(priors))
        kinds = tuple("drawn" if law else kind_of(prior) for prior, law in zip(priors, laws))
        return cls(tuple(names), priors, kinds, laws)

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
        """One parameter's value in its own unit, from its coordinate (any shape); a drawn one's from its free scale."""
        phi = np.asarray(phi, float)
        if self.kinds[j] == "drawn":
            return self.laws[j].value(phi)
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
            if self.laws[j] is None:
                values[..., j] = self.value_of(j, phi[..., j])
        for j, (node, index) in self._nodes.items():
            values[..., j] = Point(self, phi[..., index]).value(node)
        return values

    @property
    def drawn(self) -> tuple[int, ...]:
        """The drawn coordinates, each after those it hangs on."""
        return tuple(self._nodes)

    @cached_property
    def _nodes(self):
        """{drawn coordinate: (node, positions in phi of its slots)}, each after those it hangs on."""
        found = {}
        for j in drawn_order(self):
            scope = Scope(self)
            found[j] = scope.coordinate(j), scope.index
        return found

    def from_normal(self, z):
        """Standard normal points [..., D] -> draws of phi from its prior."""
        z = np.asarray(z, float)
        phi = z.copy()
        for j, (prior, kind) in enumerate(zip(self.priors, self.kinds)):
            if kind in ("identity", "log"):
                x = np.asarray(prior.value_for(ndtr(z[..., j])), float)
                phi[..., j] = np.log(x) if kind == "log" else x
        return phi

    def phi(self, values):
        """The inverse of :meth:`values` (docs/inference.md, eq. 2)."""
        values = np.asarray(values, float)
        phi = np.empty_like(values)
        for j, (prior, kind) in enumerate(zip(self.priors, self.kinds)):
            x = values[..., j]
            if kind == "identity":
                phi[..., j] = x
            elif kind == "log":
                phi[..., j] = np.log(x)
            elif kind == "normal":
                phi[..., j] = np.clip(ndtri(np.asarray(prior.cdf(x), float)), -FARTHEST, FARTHEST)
        for j, (node, index) in self._nodes.items():
            theta = np.log(values[..., j]) if self.laws[j].is_log else values[..., j]
            phi[..., j] = Point(self, phi[..., index]).position(node, theta)
        return phi

    def log_prior_terms(self, phi):
        """The log prior density with respect to phi, by parameter (docs/inference.md, eq. 2): [..., D] -> [..., D]."""
        phi = np.asarray(phi, float)
        terms = np.empty_like(phi)
        for j, (prior, kind) in enumerate(zip(self.priors, self.kinds)):
            z = phi[..., j]
            if kind in ("normal", "drawn"):
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

    def slopes(self, j, z):
        """dx/dphi and d2x/dphi2 of a coordinate with a prior of its own, at z [...]."""
        prior, kind = self.priors[j], self.kinds[j]
        if kind == "identity":
            return np.ones_like(z), np.zeros_like(z)
        if kind == "log":
            value = self.value_of(j, z)
            return value, value
        z = np.clip(z, -FARTHEST + 1e-2, FARTHEST - 1e-2)

        def log_density(z):
            return np.asarray(prior.log_prob(self.value_of(j, z)), float)

        slope = np.nan_to_num(central_difference(log_density, z, STEP)[0])
        first = np.exp(-0.5 * z * z - 0.5 * LOG_2PI - log_density(z))
        return first, -first * (z + slope)

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
        if kind in ("normal", "drawn"):
            return 0.0, 1.0
        if kind == "identity":
            mean, sd = (float(moment) for moment in prior.moments())
            if np.isfinite(mean) and np.isfinite(sd) and sd > 0:
                return mean, sd
        low, middle, high = np.asarray(prior.value_for(ndtr(np.array([-1.0, 0.0, 1.0]))), float)
        if kind == "log":
            low, middle, high = np.log(low), np.log(middle), np.log(high)
        return middle, 0.5 * (high - low)
