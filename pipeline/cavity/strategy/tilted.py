"""A site's search as a unit-cube problem: the cavity (or the prior) times one dataset's likelihood."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from scipy.special import ndtr, ndtri

from cavity.errors import GraphError, ModelError
from cavity.graph import FactorView
from cavity.model import acceptance
from cavity.numerics.mixture import ALMOST_ONE, ALMOST_ZERO
from cavity.numerics.types import Array
from cavity.prior import GaussianPrior
from cavity.propagate.link import Link
from cavity.propagate.predictive import interim_prior
from cavity.propagate.transform import GlobalSpace
from cavity.rng import generator
from cavity.search.likelihood import likelihood_of
from cavity.search.problem import Problem

PILOT_DRAWS = 1024
NEAR = 1e-4  # of a standard normal coordinate: the step of a difference
BEYOND = 5.0  # robust sds of the prior: farther out a likelihood need not be finite
WIDER = 3.0  # a first look than the prior: data ten of its sds away lie inside the unit cube, which ends at 8


@dataclass(frozen=True, eq=False)
class Interim:
    """The interim prior of a site: what its search assumes about the parameters that others constrain too.

    Attributes
    ----------
    mean, sd
        (d,) of the independent Gaussians of the drawn variables (of log x for a log-Gaussian parent).
    shared
        (p,) the values, on the unconstrained scale, at which shared parameters are held; None: free.
    free
        What is assumed about free ones, on that scale; without, their prior.
    """

    mean: Annotated[Array, "d"]
    sd: Annotated[Array, "d"]
    shared: Annotated[Array, "p"] | None
    free: tuple[GaussianPrior, ...] = ()


def prior_interim(link: Link, space: GlobalSpace, seed: int = 0) -> Interim:
    """The population predictive under the hyperpriors: its median and three robust sds, for a first look.

    Heavy-tailed hyperpriors (half-Cauchy) have no moments, hence the 5 % and 95 % quantiles.
    """
    from cavity.numerics.sobol import sobol_normal

    d = len(link.spec["drawn"])
    z = sobol_normal(PILOT_DRAWS, space.dimension + d, seed)
    eta = link.eta(space.from_normal(z[:, : space.dimension]))
    theta = eta[:, :d] + link.sd(eta) * z[:, space.dimension :]
    low, middle, high = np.quantile(theta, [0.05, 0.5, 0.95], axis=0)
    return Interim(mean=middle, sd=WIDER * (high - low) / 3.29, shared=None if link.p else np.empty(0))


def predictive_interim(link: Link, mean: Annotated[Array, "D"], draws: Annotated[Array, "R D"]) -> Interim:
    """The population predictive given draws of phi; shared parameters held at their mean [D]."""
    centre, sd = interim_prior(link, draws)
    return Interim(mean=centre, sd=sd, shared=link.eta(mean)[2 * link.d :])


def far_interim(link: Link, far: Annotated[Array, "R D"]) -> Interim:
    """The population predictive of draws that the variances of phi rest on: where a share of a site's draws must be."""
    centre, sd = interim_prior(link, far, power=1.0)
    return Interim(mean=centre, sd=sd, shared=np.empty(0))


def wide_interim(link: Link, draws: Annotated[Array, "R D"]) -> Interim:
    """Predictive and posterior given draws of phi, but wider: for a look that starts from an earlier one."""
    centre, sd = interim_prior(link, draws)
    psi = link.eta(draws)[:, 2 * link.d :]
    free = tuple(GaussianPrior(float(m), float(WIDER * s)) for m, s in zip(psi.mean(0), psi.std(0)))
    return Interim(mean=centre, sd=WIDER * sd, shared=None, free=free)


def _pilot_priors(link, space):
    """What a pilot assumes about free shared parameters: Gaussians on psi's scale, by their prior's quantiles.

    Wider than the prior where it has no bounds: on the other scales its tails are long already.
    """
    from cavity.numerics.sobol import sobol_normal

    psi = link.eta(space.from_normal(sobol_normal(PILOT_DRAWS, space.dimension, 1)))[:, 2 * link.d :]
    low, middle, high = np.quantile(psi, [0.05, 0.5, 0.95], axis=0)
    wider = [WIDER if _is_unbounded(space, j) else 1.0 for j in link.shared_index]
    return [GaussianPrior(float(m), float(s)) for m, s in zip(middle, wider * (high - low) / 3.29)]


def _is_unbounded(space, j):
    law = space.laws[j]
    return space.kinds[j] == "identity" if law is None else not law.is_cut


def _acceptance(view):
    """The share of the local prior that the model's assertions accept: it is divided out of the evidence.

    Every dataset has a stream of its own, the same in all rounds: the errors of many do not add up with one sign.

    Raises
    ------
    GraphError
        If an assertion is about shared or drawn parameters (its share would depend on them), or is never true.
    """
    compiled = view.compiled
    about = {variable: None for assertion in compiled.assertions for variable in assertion.variables()}
    local = [prior for _, _, prior in view.local]
    for assertion in compiled.assertions:
        if any(variable not in local for variable in assertion.variables()):
            raise GraphError(
                f"dataset {view.dataset}: the assertion {compiled.described(assertion)} is about shared or drawn "
                "parameters; use inference: joint"
            )
    try:
        return acceptance(compiled, generator(0, "assertions", view.dataset), tuple(about))
    except ModelError as error:
        raise GraphError(f"dataset {view.dataset}: {error}; loosen it or the priors") from None


class Tilted:
    """One factor under an interim prior.

    Columns of a point: drawn variables (theta: log x under a log-Gaussian parent), then shared ones if they are free
    (in their own units), then local. The user's likelihood is called with the model's own vector.
    """

    def __init__(self, view: FactorView, link: Link, space: GlobalSpace, interim: Interim):
        self.view, self.link, self.space, self.interim = view, link, space, interim
        self.d, self.p, self.k = len(view.drawn), len(view.shared), len(view.local)
        self.free_shared = interim.shared is None and self.p > 0
        self._logarithmic = [entry["family"] == "LogGaussianPrior" for entry in link.spec["drawn"]]
        self._limits = [
            (-np.inf if e["lower"] is None else e["lower"], np.inf if e["upper"] is None else e["upper"])
            for e in link.spec["drawn"]
        ]
        self.acceptance = _acceptance(view)
        self.log_acceptance = self.acceptance.log_fraction
        self._likelihood = likelihood_of(view.model, view.compiled, view.analysis)
        if self.free_shared:
            self.shared_priors = interim.free or _pilot_priors(link, space)

    @property
    def names(self) -> tuple[str, ...]:
        shared = [name for _, name in self.view.shared] if self.free_shared else []
        return (*(drawn.name for drawn in self.view.drawn), *shared, *(path for _, path, _ in self.view.local))

    def shared_values(self, psi: Annotated[Array, "... p"]) -> Annotated[Array, "... p"]:
        """Unconstrained (..., p) -> physical (..., p)."""
        psi = np.asarray(psi, float)
        if not self.p:
            return psi
        return np.stack([self.space.value_of(j, psi[..., k]) for k, j in enumerate(self.link.shared_index)], axis=-1)

    def psi_from_normal(self, z: Annotated[Array, "Q p"]) -> Annotated[Array, "Q p"]:
        """Standard normal coordinates of free shared parameters (n, p) -> psi (n, p)."""
        return np.stack([prior.value_for(ndtr(z[:, k])) for k, prior in enumerate(self.shared_priors)], axis=-1)

    def local_values(self, z: Annotated[Array, "Q k"]) -> Annotated[Array, "Q k"]:
        """Standard normal coordinates (n, k) -> local parameters (n, k)."""
        unit = np.clip(ndtr(z), ALMOST_ZERO, ALMOST_ONE)
        columns = [np.asarray(prior.value_for(unit[:, j]), float) for j, (_, _, prior) in enumerate(self.view.local)]
        return np.stack(columns, axis=-1) if columns else np.empty((len(z), 0))

    def local_slopes(self, z: Annotated[Array, "Q k"]) -> Annotated[Array, "Q k"]:
        """Derivatives (n, k) of local parameters by their standard normal coordinates."""
        return (self.local_values(z + NEAR) - self.local_values(z - NEAR)) / (2 * NEAR)

    def vector(
        self, theta: Annotated[Array, "d"], shared: Annotated[Array, "p"], local: Annotated[Array, "k"]
    ) -> Annotated[Array, "d+p+k"]:
        """The model's own vector from theta (d,), physical shared values (p,) and local values (k,)."""
        out = np.empty(self.view.compiled.ndim)
        for drawn, value, logarithmic in zip(self.view.drawn, theta, self._logarithmic):
            out[drawn.index] = np.exp(value) if logarithmic else value
        for (index, _), value in zip(self.view.shared, shared):
            out[index] = value
        for (index, _, _), value in zip(self.view.local, local):
            out[index] = value
        return out

    def allowed(self, theta: Annotated[Array, "d"]) -> bool:
        """Whether drawn values lie inside their parents' limits."""
        return all(
            low <= (np.exp(value) if logarithmic else value) <= high
            for value, (low, high), logarithmic in zip(theta, self._limits, self._logarithmic)
        )

    def problem(self, dataset: str, identity: str = "", paths: Any = None) -> Problem:
        """The unit-cube problem a search solves.

        Parameters
        ----------
        dataset, identity
            As in :class:`~cavity.search.problem.Problem`.
        paths
            What the analysis' ``visualize`` gets; nothing is drawn without.

        Returns
        -------
        Problem
            d (+ p) + k dimensions; drawn columns have the interim Gaussian, the others their own prior.
        """
        d, q = self.d, self.d + (self.p if self.free_shared else 0)
        mean, sd = self.interim.mean, self.interim.sd
        priors = [*(self.shared_priors if self.free_shared else []), *(prior for _, _, prior in self.view.local)]
        held = None if self.free_shared else self.shared_values(self.interim.shared)

        def prior_transform(unit):
            out = np.empty(len(unit))
            out[:d] = mean + sd * ndtri(unit[:d])
            for i, prior in enumerate(priors, d):
                out[i] = prior.value_for(unit[i])
            if self.free_shared:
                out[d:q] = self.shared_values(out[d:q])
            return out

        def log_likelihood(point):
            shared = point[d:q] if self.free_shared else held
            return self._call(point[:d], shared, point[q:])

        def log_likelihood_batch(points):
            shared = points[:, d:q] if self.free_shared else np.broadcast_to(held, (len(points), self.p))
            return self._call_many(points[:, :d], shared, points[:, q:])

        def visualize(point):
            shared = point[d:q] if self.free_shared else held
            instance = self.view.compiled.instance(self.vector(point[:d], shared, point[q:]))
            self.view.analysis.visualize(paths, instance)

        def gradient(points):
            shared = points[:, d:q] if self.free_shared else np.broadcast_to(held, (len(points), self.p))
            return self._gradient(points[:, :d], shared, points[:, q:])

        def shown(point):
            return np.concatenate([np.where(self._logarithmic, np.exp(point[:d]), point[:d]), point[d:]])

        return Problem(
            names=self.names,
            prior_transform=prior_transform,
            log_likelihood=log_likelihood,
            log_likelihood_batch=log_likelihood_batch if self._likelihood.many is not None else None,
            gradient=gradient if self._likelihood.gradient is not None else None,
            dataset=dataset,
            identity=identity,
            on_best=visualize if paths is not None and hasattr(self.view.analysis, "visualize") else None,
            shown=shown if any(self._logarithmic) else None,
        )

    def design_problem(self, dataset: str) -> Problem:
        """The likelihood as a function of (theta, unconstrained psi, local): for a surrogate's design."""
        d, q = self.d, self.d + self.p

        def log_likelihood(point):
            return self._call(point[:d], self.shared_values(point[d:q]), point[q:])

        def log_likelihood_batch(points):
            return self._call_many(points[:, :d], self.shared_values(points[:, d:q]), points[:, q:])

        return Problem(
            names=(
                *(drawn.name for drawn in self.view.drawn),
                *(f"{name} (unconstrained)" for _, name in self.view.shared),
                *(path for _, path, _ in self.view.local),
            ),
            prior_transform=lambda unit: unit,
            log_likelihood=log_likelihood,
            log_likelihood_batch=log_likelihood_batch if self._likelihood.many is not None else None,
            dataset=dataset,
        )

    def _call(self, theta, shared, local):
        if not self.allowed(theta):
            return -np.inf
        vector = self.vector(theta, shared, local)
        if not self.view.compiled.satisfies(vector):
            return -np.inf
        try:
            value = self._likelihood.one(vector)
        except ArithmeticError:
            if self._is_beyond(theta, shared):
                return -np.inf
            raise
        if isinstance(value, float) and np.isnan(value) and self._is_beyond(theta, shared):
            return -np.inf
        return value - self.log_acceptance if self.log_acceptance else value

    def _is_beyond(self, theta, shared):
        """Whether the prior puts next to nothing at a point: it is there because an interim prior is wider."""
        low, high = self._prior_range
        point = np.concatenate([theta, shared])
        return bool(np.any((point < low) | (point > high)))

    @cached_property
    def _prior_range(self):
        first, priors = prior_interim(self.link, self.space), _pilot_priors(self.link, self.space)
        wider = [WIDER if _is_unbounded(self.space, j) else 1.0 for j in self.link.shared_index]
        shared = [[p.mean + sign * BEYOND * p.sigma / w for p, w in zip(priors, wider)] for sign in (-1, 1)]
        ends = np.sort(self.shared_values(np.array(shared)), axis=0)
        drawn = BEYOND * first.sd / WIDER
        return np.append(first.mean - drawn, ends[0]), np.append(first.mean + drawn, ends[1])

    def _call_many(self, theta, shared, local):
        vectors = np.array([self.vector(*rows) for rows in zip(theta, shared, local)])
        inside = np.array([self.allowed(t) and bool(self.view.compiled.satisfies(v)) for t, v in zip(theta, vectors)])
        values = np.full(len(vectors), -np.inf)
        if inside.any():
            values[inside] = self._likelihood.many(vectors[inside]) - self.log_acceptance
        for row in np.flatnonzero(np.isnan(values)):
            if self._is_beyond(theta[row], shared[row]):
                values[row] = -np.inf
        return values

    def _gradient(self, theta, shared, local):
        """Gradients (n, d (+ p) + k) of log L in theta, free shared and local parameters."""
        vectors = np.array([self.vector(*rows) for rows in zip(theta, shared, local)])
        found = self._likelihood.gradient(vectors)
        drawn = [entry.index for entry in self.view.drawn]
        scale = np.where(self._logarithmic, vectors[:, drawn], 1.0)
        free = [index for index, _ in self.view.shared] if self.free_shared else []
        others = [*free, *(index for index, _, _ in self.view.local)]
        return np.concatenate([found[:, drawn] * scale, found[:, others]], axis=1)
