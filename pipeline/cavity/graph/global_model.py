"""The model of a whole graph: every factor's parameters at once, drawn variables after their parents."""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from scipy.special import ndtr, ndtri

from cavity.errors import ModelError
from cavity.graph.hierarchical import HierarchicalFactor
from cavity.model import Collection, acceptance
from cavity.numerics.types import Array
from cavity.prior import Expression, Prior


class GlobalPriorModel(Collection):
    """A collection of the factors' models and of the parents' hyperparameters.

    It composes, prints and makes instances as any collection does; its unit cube puts a drawn variable at its
    parent's quantile, so a joint fit samples the hierarchy itself.
    """

    def of_graph(self, parent_of: Mapping[Prior, HierarchicalFactor], names: Mapping[Prior, str]) -> "GlobalPriorModel":
        """Attach what the hierarchy needs: {drawn prior: parent} and {prior: global name}."""
        object.__setattr__(self, "_parent_of", dict(parent_of))
        object.__setattr__(self, "_global_names", dict(names))
        return self

    def compile(self) -> "CompiledGlobal":
        """The compiled map of the whole graph; see :class:`CompiledGlobal`."""
        compiled = super().compile()
        return CompiledGlobal(compiled, self._parent_of, self._global_names)


class CompiledGlobal:
    """The compiled model of a graph, the same interface as a compiled model.

    Parameters
    ----------
    compiled
        The collection's own compiled model: order of parameters, instances and assertions.
    parent_of
        {drawn prior: its parent}.
    names
        {prior: global name}; a path of the collection where a prior has none.

    Raises
    ------
    ModelError
        If a parent depends on a parameter that is not in the graph.
    """

    def __init__(self, compiled: Any, parent_of: Mapping[Prior, HierarchicalFactor], names: Mapping[Prior, str]):
        self.base = compiled
        self.priors = compiled.priors
        self.names = tuple(names.get(prior, path) for prior, path in zip(compiled.priors, compiled.names))
        self.ndim = compiled.ndim
        self.instance = compiled.instance
        self.instance_of = compiled.instance_of
        self.assertions = compiled.assertions
        self.satisfies = compiled.satisfies
        self.satisfied = compiled.satisfied
        index = {prior: i for i, prior in enumerate(self.priors)}
        self._free = [(i, prior) for i, prior in enumerate(self.priors) if prior not in parent_of]
        groups = {}
        for i, prior in enumerate(self.priors):
            if prior in parent_of:
                limits = (prior.lower_limit, prior.upper_limit)
                groups.setdefault((parent_of[prior], limits), []).append(i)
        self._families = []
        for parent, limits in _parents_first(groups, parent_of):
            missing = [v for v in parent.variables if v not in index]
            if missing:
                raise ModelError("a parent's hyperparameter is not in the graph; pass its HierarchicalFactor too")
            where = [(v, index[v]) for v in parent.variables]
            self._families.append(_Family(parent, limits, np.array(groups[parent, limits]), where))

    def vector(self, unit: Annotated[Array, "D"]) -> Annotated[Array, "D"]:
        """Unit cube (ndim,) -> parameters (ndim,): parents first, then what is drawn from them."""
        if not self._families:
            return self.base.vector(unit)
        unit = np.asarray(unit, float)
        units, out = unit.tolist(), np.empty(self.ndim)  # Python's floats: half the time of numpy's
        for i, prior in self._free:
            out[i] = prior.value_for(units[i])
        for family in self._families:
            out[family.members] = family.value_for(unit[family.members], out)
        return out

    def unit(self, vector: Annotated[Array, "D"]) -> Annotated[Array, "D"]:
        """Parameters (ndim,) -> unit cube (ndim,)."""
        out = np.empty(self.ndim)
        for i, prior in self._free:
            out[i] = prior.cdf(vector[i])
        for family in self._families:
            out[family.members] = family.cdf(vector[family.members], vector)
        return out

    def vectors(self, units: Annotated[Array, "Q D"]) -> Annotated[Array, "Q D"]:
        """Unit cube (n, ndim) -> parameters (n, ndim)."""
        units = self._points(units)
        out = np.empty(units.shape)
        for i, prior in self._free:
            out[:, i] = prior.value_for(units[:, i])
        for family in self._families:
            out[:, family.members] = family.values_for(units[:, family.members], out)
        return out

    def units(self, vectors: Annotated[Array, "Q D"]) -> Annotated[Array, "Q D"]:
        """Parameters (n, ndim) -> unit cube (n, ndim)."""
        vectors = self._points(vectors)
        out = np.empty(vectors.shape)
        for i, prior in self._free:
            out[:, i] = prior.cdf(vectors[:, i])
        for family in self._families:
            out[:, family.members] = family.cdfs(vectors[:, family.members], vectors)
        return out

    def acceptance(self, rng: np.random.Generator) -> Any:
        """The fraction of the hierarchy's prior that the assertions leave, an ``Acceptance``."""
        return acceptance(self, rng)

    def described(self, expression: Expression) -> str:
        """A relation or assertion with the graph's names of its parameters."""
        return expression.described(dict(zip(self.priors, self.names)).__getitem__)

    def _points(self, points):
        points = np.asarray(points, float)
        if points.ndim != 2 or points.shape[1] != self.ndim:
            raise ModelError(f"expected points of shape (n, {self.ndim}), got {points.shape}")
        return points

    def log_prior(self, vector: Annotated[Array, "D"]) -> float:
        """Log density of the hierarchy's prior at one vector, normalised."""
        free = sum(float(prior.log_prob(vector[i])) for i, prior in self._free)
        return free + sum(family.log_prob(vector[family.members], vector) for family in self._families)


def _parents_first(groups, parent_of):
    """The (parent, limits) in an order in which a parent's own drawn hyperparameters come before it."""

    def depth(parent):
        return 1 + max((depth(parent_of[v]) for v in parent.variables if v in parent_of), default=0)

    return sorted(groups, key=lambda entry: depth(entry[0]))


class _Family:
    """All variables of one parent with the same limits."""

    def __init__(self, parent, limits, members, where):
        self.parent, self.members, self.where = parent, members, where
        self.lower, self.upper = limits
        self.plain = parent.parent.__name__ == "GaussianPrior" and not {"lower_limit", "upper_limit"} & set(
            parent.hyperpriors
        )

    def _arguments(self, vectors):
        """The parent's arguments at one vector (ndim,), or arrays (n, 1) of them at many (n, ndim)."""
        columns = vectors if vectors.ndim == 1 else vectors.T[:, :, None]
        arguments = self.parent.arguments({prior: columns[i] for prior, i in self.where})
        if not all(np.isfinite(x).all() or name.endswith("limit") for name, x in arguments.items()):
            raise ModelError(f"a parent's arguments are not finite: {arguments}; narrow the hyperpriors")
        return arguments

    def _box(self, mean, sigma):
        return ndtr((self.lower - mean) / sigma), ndtr((self.upper - mean) / sigma)

    def _prior(self, vector):
        prior = self.parent.parent(**self._arguments(vector))
        if self.lower > -np.inf or self.upper < np.inf:
            prior = prior.confined(max(self.lower, prior.lower_limit), min(self.upper, prior.upper_limit))
        return prior

    def value_for(self, unit, vector):
        if self.plain:
            a = self._arguments(vector)
            low, high = self._box(a["mean"], a["sigma"])
            x = a["mean"] + a["sigma"] * ndtri(low + unit * (high - low))
            return np.clip(x, self.lower, self.upper)
        return self._prior(vector).value_for(unit)

    def values_for(self, units, vectors):
        if self.plain:
            return self.value_for(units, vectors)
        return np.array([self.value_for(unit, vector) for unit, vector in zip(units, vectors)])

    def cdf(self, x, vector):
        if self.plain:
            a = self._arguments(vector)
            low, high = self._box(a["mean"], a["sigma"])
            return (ndtr((x - a["mean"]) / a["sigma"]) - low) / (high - low)
        return self._prior(vector).cdf(x)

    def cdfs(self, points, vectors):
        if self.plain:
            return self.cdf(points, vectors)
        return np.array([self.cdf(x, vector) for x, vector in zip(points, vectors)])

    def log_prob(self, x, vector):
        if self.plain and self.lower == -np.inf and self.upper == np.inf:
            a = self._arguments(vector)
            if a["sigma"] <= 0:
                return -np.inf
            r = (x - a["mean"]) / a["sigma"]
            return float(-0.5 * np.sum(r * r) - len(x) * (np.log(a["sigma"]) + 0.5 * np.log(2 * np.pi)))
        return float(np.sum(self._prior(vector).log_prob(x)))
