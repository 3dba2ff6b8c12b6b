"""A parent distribution: the prior that many datasets' parameters share, with unknown parameters of its own."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from cavity.errors import GraphError, did_you_mean
from cavity.prior import DrawnVariable, Expression, Prior


class HierarchicalFactor:
    """A parent distribution over drawn variables.

    Parameters
    ----------
    parent
        A prior's class, such as ``GaussianPrior``.
    name
        What a notebook's results call it; a study takes the name of the variable it is assigned to.
    hyperpriors
        One entry for each argument of the parent: a prior (free), a relation of priors, or a number (fixed).

    Raises
    ------
    GraphError
        If the parent has no such argument, or one without a value.
    """

    def __init__(self, parent: type[Prior], name: str | None = None, **hyperpriors: Expression | float):
        if not (isinstance(parent, type) and issubclass(parent, Prior)):
            raise GraphError(
                f"HierarchicalFactor: the parent must be a class of priors such as GaussianPrior, got {parent!r}"
            )
        arguments = inspect.signature(parent).parameters
        for key, value in hyperpriors.items():
            if key not in arguments:
                raise GraphError(
                    f"HierarchicalFactor({parent.__name__}): no argument {key}{did_you_mean(key, arguments)}"
                )
            if not isinstance(value, (Expression, int, float)):
                raise GraphError(
                    f"HierarchicalFactor({parent.__name__}): {key} must be a prior, a relation or number, got {value!r}"
                )
        missing = [n for n, a in arguments.items() if a.default is inspect.Parameter.empty and n not in hyperpriors]
        if missing:
            raise GraphError(f"HierarchicalFactor({parent.__name__}): {missing[0]} has no prior; give {missing[0]}=...")
        self.parent = parent
        self.name = name
        self.hyperpriors = dict(hyperpriors)
        self._added = []

    def drawn_variable(self, lower_limit: float = float("-inf"), upper_limit: float = float("inf")) -> DrawnVariable:
        """A new variable drawn from this parent: use it as one parameter of one dataset's model.

        Finite limits truncate the parent for this variable, its normaliser included.
        """
        return DrawnVariable(parent=self, lower_limit=lower_limit, upper_limit=upper_limit)

    def add_drawn_variable(self, prior: Prior) -> Prior:
        """Make an existing parameter a draw from this parent.

        The parent's density replaces the prior's own; the prior's finite limits truncate the parent.

        Raises
        ------
        GraphError
            If it is not a prior, or is drawn already.
        """
        if not isinstance(prior, Prior):
            raise GraphError(f"add_drawn_variable needs a model's parameter, got {prior!r}")
        if isinstance(prior, DrawnVariable) or any(prior is other for other in self._added):
            raise GraphError("add_drawn_variable: this parameter is drawn from a parent already")
        self._added.append(prior)
        return prior

    @property
    def added(self) -> tuple[Prior, ...]:
        """The parameters given to :meth:`add_drawn_variable`, in order."""
        return tuple(self._added)

    @property
    def variables(self) -> tuple[Prior, ...]:
        """The hyperparameters: every prior the arguments contain, in order of first appearance."""
        found = {}
        for value in self.hyperpriors.values():
            if isinstance(value, Expression):
                found.update(dict.fromkeys(value.variables()))
        return tuple(found)

    def arguments(self, values: Mapping[Prior, Any]) -> dict[str, Any]:
        """The parent's arguments as numbers or arrays, given {hyperparameter: value}."""
        return {
            key: value.evaluate(values) if isinstance(value, Expression) else value
            for key, value in self.hyperpriors.items()
        }


def parents_of(priors: Iterable[Prior], parents: Iterable[HierarchicalFactor]) -> dict[Prior, HierarchicalFactor]:
    """{drawn prior: its parent} for the priors that are drawn, by either way of drawing.

    Raises
    ------
    GraphError
        If one parameter has two parents.
    """
    found = {prior: prior.parent for prior in priors if isinstance(prior, DrawnVariable)}
    wanted = set(priors)
    for parent in parents:
        for prior in parent.added:
            if prior in wanted:
                if found.get(prior, parent) is not parent:
                    raise GraphError("a parameter is drawn from two parents; draw it from one")
                found[prior] = parent
    return found
