"""A graph or a phase with some parameters confined or fixed: factors and parents made anew around the new priors."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cavity.errors import SearchError
from cavity.graph import FactorGraphModel, HierarchicalFactor, SharedNames
from cavity.prior import DrawnVariable, Prior
from cavity.prior.expression import substituted
from cavity.strategy.phase_context import PhaseContext


class ReplacedParents:
    """Parents whose hyperparameters are replaced, and the way to put them into a factor.

    Parameters
    ----------
    parents
        The graph's HierarchicalFactor objects.
    replacements
        {prior: prior or value} of hyperparameters and shared parameters.
    """

    def __init__(self, parents: Iterable[HierarchicalFactor], replacements: Mapping):
        self.replacements = dict(replacements)
        self.new = {}
        for parent in parents:
            self.new[parent] = self._replaced(parent)

    def _replaced(self, parent):
        if not set(parent.variables) & set(self.replacements):
            return parent
        arguments = {name: substituted(value, self.replacements) for name, value in parent.hyperpriors.items()}
        new = HierarchicalFactor(parent.parent, name=parent.name, **arguments)
        for prior in parent.added:
            new.add_drawn_variable(prior)
        return new

    def model(self, model: Any, own: Mapping | None = None) -> Any:
        """A factor's model with the replacements and its ``own``; its drawn variables get the new parents."""
        replacements = {**self.replacements, **(own or {})}
        for prior in model.priors:
            if isinstance(prior, DrawnVariable) and self.new.get(prior.parent, prior.parent) is not prior.parent:
                replacements[prior] = self.new[prior.parent].drawn_variable(prior.lower_limit, prior.upper_limit)
        return model.replacing(replacements)

    def names(self, names: SharedNames) -> SharedNames:
        """The shared names of the new priors and parents; a parameter fixed to a value has none."""
        priors = {self.replacements.get(prior, prior): name for prior, name in names.priors.items()}
        return SharedNames(
            priors={prior: name for prior, name in priors.items() if isinstance(prior, Prior)},
            parents={self.new.get(parent, parent): name for parent, name in names.parents.items()},
        )


def graph_with(graph: FactorGraphModel, replacements: Mapping) -> FactorGraphModel:
    """A factor graph with some parameters replaced by another prior or a value; names stay as they are.

    Raises
    ------
    SearchError
        If one is a drawn variable: its prior is its parent.
    """
    drawn = [prior for prior in replacements if prior in graph.parent_of]
    if drawn:
        raise SearchError(f"{graph.names[drawn[0]]} is drawn from a parent; grid over the parent's own parameters")
    parents = ReplacedParents(graph.parents, replacements)
    names = parents.names(SharedNames(priors=graph.shared_names, parents=graph.parent_names))
    factors = [
        replace(factor, prior_model=parents.model(factor.prior_model), name=dataset)
        for dataset, factor in zip(graph.datasets, graph.factors, strict=True)
    ]
    return FactorGraphModel(*factors, *parents.new.values(), names=names)


def confined_context(context: PhaseContext, replacements: Mapping[str, Any]) -> PhaseContext:
    """The phase with shared or local parameters replaced.

    Parameters
    ----------
    replacements
        Name as in the results -> a prior or a value.
    """
    shared = {name: prior for prior, name in context.names.priors.items()}
    parents = ReplacedParents(
        context.names.parents, {shared[name]: new for name, new in replacements.items() if name in shared}
    )
    local = {name: new for name, new in replacements.items() if name not in shared}

    def factor(dataset):
        found = context.factor(dataset)
        model = found.prior_model
        own = {}
        for path, prior in zip(model.parameter_names, model.priors, strict=True):
            if f"{dataset}.{path}" in local:
                own[prior] = local[f"{dataset}.{path}"]
        return replace(found, prior_model=parents.model(model, own))

    return replace(context, factor=factor, names=parents.names(context.names), _seen={})
