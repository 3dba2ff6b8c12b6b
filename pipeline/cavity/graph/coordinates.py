"""The coordinates that propagation works in: everything that stands above a dataset, as a graph."""

from dataclasses import dataclass
from typing import Any

from cavity.errors import GraphError
from cavity.graph.hierarchical import HierarchicalFactor, parents_of
from cavity.graph.naming import SharedNames
from cavity.prior import Expression, Prior

FAMILIES = ("GaussianPrior", "TruncatedGaussianPrior", "LogGaussianPrior")


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Everything that lies above a dataset.

    Attributes
    ----------
    names, priors
        Of the coordinates: hyperparameters, shared parameters, and drawn variables that several datasets use or that
        stand above a dataset.
    laws
        One a coordinate: None, or for a drawn one ``{"family", "mean", "sigma", "lower", "upper"}``.
    name_of, prior_of
        {prior: name} and {name: prior} of the study.
    groups
        {name of a group's parameter: the group, ``<plate>.<key>``}.
    """

    names: tuple[str, ...]
    priors: tuple[Any, ...]
    laws: tuple[dict | None, ...]
    name_of: dict
    prior_of: dict
    groups: dict

    def form(self, value: Any) -> dict | float:
        """A number, or an expression of coordinates, as JSON."""
        return form_of(value, self.name_of)


def coordinates_of(names: SharedNames) -> Coordinates:
    """Coordinates of a study's ``SharedNames``.

    Raises
    ------
    GraphError
        If a drawn coordinate's parent has a hyperparameter without a name, or is of a family without a closed form.
    """
    groups = {}
    for group in names.plates:
        for key, model in group.members:
            groups.update({names.priors[p]: f"{group.column}.{key}" for p in model.priors if p in names.priors})
    parent_of = parents_of(names.priors, names.parents)
    return Coordinates(
        names=tuple(names.priors.values()),
        priors=tuple(names.priors),
        laws=tuple(
            law_of(prior, parent_of[prior], names.priors, name) if prior in parent_of else None
            for prior, name in names.priors.items()
        ),
        name_of=dict(names.priors),
        prior_of={name: prior for prior, name in names.priors.items()},
        groups=groups,
    )


def form_of(value: Any, names: dict[Prior, str]) -> dict | float:
    """A number, or an expression of named parameters, as JSON."""

    def name_of(prior):
        if prior not in names:
            raise GraphError("a parent depends on a parameter without a name; assign it to a variable of study.py")
        return names[prior]

    return value.to_dict(name_of) if isinstance(value, Expression) else float(value)


def law_of(prior: Prior, parent: HierarchicalFactor, names: dict[Prior, str], label: str) -> dict:
    """How a variable is drawn, as plain data: its parent's family and arguments, and the tightest limits of both.

    Parameters
    ----------
    prior, parent
        The variable and the distribution it is drawn from.
    names
        {prior: name} of what the parent may depend on.
    label
        What an error calls the variable.

    Raises
    ------
    GraphError
        If the family is not one that propagation integrates in closed form, or a limit is a parameter.
    """
    family = parent.parent.__name__
    if family not in FAMILIES:
        raise GraphError(
            f"{label} is drawn from a {family}; expectation propagation integrates Gaussian, truncated Gaussian and "
            "log-Gaussian parents: use inference: joint for this one"
        )
    return {
        "family": "LogGaussianPrior" if family == "LogGaussianPrior" else "GaussianPrior",
        "mean": form_of(parent.hyperpriors["mean"], names),
        "sigma": form_of(parent.hyperpriors["sigma"], names),
        "lower": _limit(prior, parent, "lower_limit", max, label),
        "upper": _limit(prior, parent, "upper_limit", min, label),
    }


def _limit(prior, parent, side, tightest, label):
    """The tightest finite limit of the parent and of the variable, or None."""
    given = parent.hyperpriors.get(side)
    if isinstance(given, Expression):
        raise GraphError(f"{label}: a parent's {side} must be a number, not a parameter")
    found = [float(x) for x in (getattr(prior, side), given) if x is not None and abs(x) != float("inf")]
    return tightest(found) if found else None
