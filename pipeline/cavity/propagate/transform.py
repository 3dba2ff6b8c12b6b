"""The global parameters on unconstrained scales: where expectation propagation does its algebra."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

import numpy as np
from scipy.special import ndtr, ndtri

from cavity.errors import PropagationError
from cavity.numerics.differences import central_difference
from cavity.numerics.normal import LOG_2PI
from cavity.numerics.types import Array
from cavity.prior import (
    GaussianPrior,
    HalfCauchyPrior,
    HalfNormalPrior,
    LogUniformPrior,
    Prior,
    StudentTPrior,
    TruncatedGaussianPrior,
    UniformPrior,
)
from cavity.propagate.hierarchy import Law, Point, Scope, drawn_order, standard_law

NEGLIGIBLE_MASS = 1e-6  # a bound that cuts off less of a Gaussian prior than this needs no transform
FARTHEST = 8.0  # in prior sds of a bounded parameter: Phi(8) is 1 - 6e-16
FARTHEST_LOG = 300.0  # of a logarithm: beyond, squares overflow
STEP = 2e-3  # of finite differences, in units of the prior's sd


def kind_of(prior: Prior, enters_likelihoods: bool = False) -> str:
    """The scale on which a parameter is handled.

    Parameters
    ----------
    enters_likelihoods
        Whether likelihoods know it itself, as they do the noise of an instrument: they hardly change towards zero,
        where polynomials of a logarithm would run away.

    Returns
    -------
    str
        "identity" (no bound, or bounds that hold less than 1e-6 of a Gaussian prior's mass: the truncation stays in
        the prior), "log" (support [0, inf)) or "normal" (bounded, or a scale that likelihoods know and whose prior
        does not vanish at zero: z = Phi^-1(F(x)), whose prior is N(0, 1)).
    """
    lower, upper = float(prior.lower_limit), float(prior.upper_limit)
    if np.isinf(lower) and np.isinf(upper):
        return "identity"
    mean, sigma = getattr(prior, "mean", None), getattr(prior, "sigma", None)
    gaussian = "Gaussian" in type(prior).__name__ and "Log" not in type(prior).__name__
    if gaussian and isinstance(mean, (int, float)) and isinstance(sigma, (int, float)):
        if ndtr((lower - mean) / sigma) + ndtr((mean - upper) / sigma) < NEGLIGIBLE_MASS:
            return "identity"
    if enters_likelihoods and np.isfinite(prior.log_prob(0.0)):
        return "normal"
    return "log" if prior.is_scale and lower == 0.0 and np.isinf(upper) else "normal"


MOVED = ("mean", "lower_limit", "upper_limit")  # arguments of a prior that shift and scale with x
SCALED = ("sigma", "scale")  # that scale alone
LOCATION_SCALE = (
    GaussianPrior,
    TruncatedGaussianPrior,
    StudentTPrior,
    UniformPrior,
    LogUniformPrior,
    HalfNormalPrior,
    HalfCauchyPrior,
)


class Rescaled:
    """The distribution of y = (x - centre) / width where x has the prior: any family."""

    def __init__(self, prior: Prior, centre: float, width: float):
        self.prior, self.centre, self.width = prior, centre, width

    def value_for(self, unit: Annotated[Array, "..."]) -> Annotated[Array, "..."]:
        return (np.asarray(self.prior.value_for(unit), float) - self.centre) / self.width

    def cdf(self, y: Annotated[Array, "..."]) -> Annotated[Array, "..."]:
        return self.prior.cdf(self.centre + self.width * y)

    def log_prob(self, y: Annotated[Array, "..."]) -> Annotated[Array, "..."]:
        return self.prior.log_prob(self.centre + self.width * y) + np.log(self.width)


def standard_prior(prior: Prior, centre: float, width: float) -> Prior | Rescaled:
    """The prior of y = (x - centre) / width; of the same family where that is known, so that no unit is in it."""
    if (centre, width) == (0.0, 1.0):
        return prior
    if type(prior) not in LOCATION_SCALE:
        return Rescaled(prior, centre, width)
    arguments = dict(prior.arguments())
    arguments |= {name: (arguments[name] - centre) / width for name in MOVED if name in arguments}
    arguments |= {name: arguments[name] / width for name in SCALED if name in arguments}
    return type(prior)(**arguments)


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
    centres, widths
        D numbers each, in the parameters' own units: x = centre + width y, and phi is a function of y. 0 and 1 if not
        given; see :meth:`standardised`.
    """

    names: tuple[str, ...]
    priors: tuple[Prior, ...]
    kinds: tuple[str, ...]
    laws: tuple[Law | None, ...]
    centres: tuple[float, ...] = ()
    widths: tuple[float, ...] = ()

    def __post_init__(self):
        if not len(self.names) == len(self.priors) == len(self.kinds) == len(set(self.names)):
            raise PropagationError(f"a GlobalSpace needs a prior for each distinct name, got {self.names}")

    @classmethod
    def from_priors(
        cls,
        names: Iterable[str],
        priors: Iterable[Prior],
        laws: Sequence[Law | None] | None = None,
        in_likelihoods: Collection[str] = (),
    ) -> "GlobalSpace":
        """Names, priors and laws of drawn coordinates in one order; the kinds follow, and from who uses them."""
        names, priors = tuple(names), tuple(priors)
        laws = tuple(laws or [None] * len(priors))
        kinds = tuple(
            "drawn" if law else kind_of(prior, name in in_likelihoods) for name, prior, law in zip(names, priors, laws)
        )
        return cls(names, priors, kinds, laws)

    def standardised(self) -> "GlobalSpace":
        """The same parameters in coordinates of their priors' own location and scale: the unit of none matters.

        Without bounds phi is (x - location) / scale, on a log scale log(x / median). The free scale of a drawn
        coordinate is relative to its prior predictive.
        """
        centres, widths = zip(*(self._frame(j) for j in range(self.dimension))) if self.names else ((), ())
        space = replace(self, centres=centres, widths=widths)
        for j in drawn_order(self):
            laws = list(space.laws)
            laws[j] = standard_law(space, j)
            space = replace(space, laws=tuple(laws))
        return space

    def _frame(self, j):
        """(centre, width) of x = centre + width y; a law has its own."""
        prior, kind = self.priors[j], self.kinds[j]
        if kind == "drawn":
            return 0.0, 1.0
        if kind == "identity":
            return _location_and_width(prior)
        low, middle, high = (float(prior.value_for(ndtr(z))) for z in (-1.0, 0.0, 1.0))
        if kind == "log" or prior.is_scale:
            return 0.0, middle
        return middle, 0.5 * (high - low)

    @cached_property
    def _frames(self):
        return tuple(zip(self.centres, self.widths)) or ((0.0, 1.0),) * self.dimension

    @cached_property
    def _standard(self):
        return tuple(
            prior if law else standard_prior(prior, *frame)
            for prior, law, frame in zip(self.priors, self.laws, self._frames)
        )

    @property
    def dimension(self) -> int:
        """D."""
        return len(self.names)

    def index(self, name: str) -> int:
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

    def width_of(self, j: int) -> float:
        """The width of one parameter's frame, in its own unit."""
        return self._frames[j][1]

    def value_of(self, j: int, phi: Annotated[Array, "..."]) -> Annotated[Array, "..."]:
        """One parameter's value in its own unit, from its coordinate (any shape); a drawn one's from its free scale."""
        phi = np.asarray(phi, float)
        if self.kinds[j] == "drawn":
            return self.laws[j].value(phi)
        centre, width = self._frames[j]
        return centre + width * self._standard_value(j, phi)

    def _standard_value(self, j, phi):
        """y of one coordinate."""
        if self.kinds[j] == "identity":
            return phi
        if self.kinds[j] == "log":
            return np.exp(np.clip(phi, -FARTHEST_LOG, FARTHEST_LOG))
        return np.asarray(self._standard[j].value_for(ndtr(np.clip(phi, -FARTHEST, FARTHEST))), float)

    def values(self, phi: Annotated[Array, "... D"]) -> Annotated[Array, "... D"]:
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

    def from_normal(
        self, z: Annotated[Array, "... n"], index: Sequence[int] | None = None
    ) -> Annotated[Array, "... n"]:
        """Standard normal points [..., n] -> draws of phi from its prior; of the coordinates of ``index``, or all."""
        phi = np.array(z, float)
        for i, j in enumerate(range(self.dimension) if index is None else index):
            if self.kinds[j] in ("identity", "log"):
                y = np.asarray(self._standard[j].value_for(ndtr(phi[..., i])), float)
                phi[..., i] = np.log(y) if self.kinds[j] == "log" else y
        return phi

    def phi(self, values: Annotated[Array, "... D"]) -> Annotated[Array, "... D"]:
        """The inverse of :meth:`values` (docs/inference.md, eq. 2)."""
        values = np.asarray(values, float)
        phi = np.empty_like(values)
        for j, (prior, kind) in enumerate(zip(self._standard, self.kinds)):
            centre, width = self._frames[j]
            y = (values[..., j] - centre) / width
            if kind == "identity":
                phi[..., j] = y
            elif kind == "log":
                phi[..., j] = np.log(y)
            elif kind == "normal":
                phi[..., j] = np.clip(ndtri(np.asarray(prior.cdf(y), float)), -FARTHEST, FARTHEST)
        for j, (node, index) in self._nodes.items():
            theta = np.log(values[..., j]) if self.laws[j].is_log else values[..., j]
            phi[..., j] = Point(self, phi[..., index]).position(node, theta)
        return phi

    def log_prior_terms(self, phi: Annotated[Array, "... D"]) -> Annotated[Array, "... D"]:
        """The log prior density with respect to phi, by parameter (docs/inference.md, eq. 2): [..., D] -> [..., D]."""
        phi = np.asarray(phi, float)
        terms = np.empty_like(phi)
        for j, (prior, kind) in enumerate(zip(self._standard, self.kinds)):
            z = phi[..., j]
            if kind in ("normal", "drawn"):
                terms[..., j] = -0.5 * z * z - 0.5 * LOG_2PI
            elif kind == "log":
                terms[..., j] = np.asarray(prior.log_prob(self._standard_value(j, z)), float) + z
            else:
                terms[..., j] = np.asarray(prior.log_prob(z), float)
        return terms

    def log_prior(self, phi: Annotated[Array, "... D"]) -> Annotated[Array, "..."]:
        """The log prior density with respect to phi, Jacobian included: [..., D] -> [...]."""
        total = self.log_prior_terms(phi).sum(-1)
        return np.where(np.isnan(total), -np.inf, total)

    def prior_score(
        self, phi: Annotated[Array, "... D"]
    ) -> tuple[Annotated[Array, "... D"], Annotated[Array, "... D"]]:
        """Gradient [..., D] and the diagonal [..., D] of the Hessian of :meth:`log_prior` at phi [..., D]."""
        with np.errstate(invalid="ignore"):
            first, second = central_difference(self.log_prior_terms, np.asarray(phi, float), STEP * self._spreads)
        return np.nan_to_num(first), np.nan_to_num(second)

    def slopes(self, j: int, z: Annotated[Array, "..."]) -> tuple[Annotated[Array, "..."], Annotated[Array, "..."]]:
        """dx/dphi and d2x/dphi2 of a coordinate with a prior of its own, at z [...]."""
        prior, kind, (_, width) = self._standard[j], self.kinds[j], self._frames[j]
        if kind == "identity":
            return np.full_like(z, width), np.zeros_like(z)
        if kind == "log":
            value = self.value_of(j, z)
            return value, value
        z = np.clip(z, -FARTHEST + 1e-2, FARTHEST - 1e-2)

        def log_density(z):
            return np.asarray(prior.log_prob(self._standard_value(j, z)), float)

        slope = np.nan_to_num(central_difference(log_density, z, STEP)[0])
        first = width * np.exp(-0.5 * z * z - 0.5 * LOG_2PI - log_density(z))
        return first, -first * (z + slope)

    def start(self) -> tuple[Annotated[Array, "D"], Annotated[Array, "D D"]]:
        """Mean [D] and covariance [D, D] of the prior on these scales; by quantiles where it has no moments."""
        return self._locations.copy(), np.diag(self._spreads**2)

    @cached_property
    def _locations(self):
        return np.array([self._start(j)[0] for j in range(self.dimension)])

    @cached_property
    def _spreads(self):
        return np.array([self._start(j)[1] for j in range(self.dimension)])

    def _start(self, j):
        """Location and width of one coordinate."""
        prior, kind, (centre, width) = self.priors[j], self.kinds[j], self._frames[j]
        if kind in ("normal", "drawn"):
            return 0.0, 1.0
        if kind == "identity":
            location, spread = _location_and_width(prior)
            return (location - centre) / width, spread / width
        low, middle, high = np.log(np.asarray(prior.value_for(ndtr(np.array([-1.0, 0.0, 1.0]))), float) / width)
        return middle, 0.5 * (high - low)


def _location_and_width(prior):
    """Mean and sd, or median and half the central 68 % where there are none."""
    mean, sd = (float(moment) for moment in prior.moments())
    if np.isfinite(mean) and np.isfinite(sd) and sd > 0:
        return mean, sd
    low, middle, high = np.asarray(prior.value_for(ndtr(np.array([-1.0, 0.0, 1.0]))), float)
    return float(middle), float(0.5 * (high - low))
