"""The coordinates that propagation works in: shared parameters, and those of groups as datasets see them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cavity.errors import GraphError
from cavity.graph.naming import SharedNames
from cavity.prior import DrawnVariable, Expression, GaussianPrior

PREDICTIVE_DRAWS = 400


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Everything that lies above a dataset.

    Attributes
    ----------
    names, priors
        Of the coordinates. What a group draws from a parent has a Gaussian with the median and width of its prior
        predictive here: good for a first look; its own prior, given the parent, is the business of the group's site.
    name_of, prior_of
        {prior: name} and {name: prior} of the study.
    groups
        {name of a group's parameter: the group, ``<plate>.<key>``}.
    """

    names: tuple[str, ...]
    priors: tuple[Any, ...]
    name_of: dict
    prior_of: dict
    groups: dict

    def form(self, value: Any) -> dict | float:
        """A number, or an expression of coordinates, as JSON."""
        return value.to_dict(self._name) if isinstance(value, Expression) else float(value)

    def _name(self, prior):
        if prior not in self.name_of:
            raise GraphError("a parent depends on a parameter without a name; assign it to a variable of study.py")
        return self.name_of[prior]


def coordinates_of(names: "SharedNames") -> Coordinates:
    """Coordinates of a study's ``SharedNames``.

    Raises
    ------
    GraphError
        If a group's parameter is drawn from a parent whose hyperparameters have no name.
    """
    groups = {}
    for group in names.plates:
        for key, model in group.members:
            groups.update({names.priors[p]: f"{group.column}.{key}" for p in model.priors if p in names.priors})
    priors = tuple(
        _predictive(prior, names.priors) if isinstance(prior, DrawnVariable) else prior for prior in names.priors
    )
    return Coordinates(
        names=tuple(names.priors.values()),
        priors=tuple(priors),
        name_of=dict(names.priors),
        prior_of={name: prior for prior, name in names.priors.items()},
        groups=groups,
    )


def _predictive(prior, names):
    """A Gaussian with the median and the width (5 to 95 %) of a drawn variable's prior predictive."""
    rng = np.random.default_rng(0)
    levels = (np.arange(PREDICTIVE_DRAWS) + 0.5) / PREDICTIVE_DRAWS

    def draw(variable):
        if not isinstance(variable, DrawnVariable):
            return variable.value_for(rng.permutation(levels))
        if any(v not in names for v in variable.parent.variables):
            raise GraphError("a group draws from a parent whose hyperparameter has no name; make it at module level")
        arguments = variable.parent.arguments({v: draw(v) for v in variable.parent.variables})
        rows = np.broadcast_arrays(*arguments.values(), rng.permutation(levels))
        family = variable.parent.parent
        return np.array([family(**dict(zip(arguments, map(float, row[:-1])))).value_for(row[-1]) for row in zip(*rows)])

    low, middle, high = np.quantile(draw(prior), [0.05, 0.5, 0.95])
    return GaussianPrior(float(middle), float((high - low) / 3.29))
