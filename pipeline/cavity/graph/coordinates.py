"""The coordinates that propagation works in: shared parameters, and standard normal ones for what groups draw."""

from dataclasses import dataclass
from typing import Any

from cavity.errors import GraphError
from cavity.prior import DrawnVariable, Expression, GaussianPrior

SIDES = ("lower_limit", "upper_limit")


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Shared parameters as independent coordinates.

    A parameter that a group draws from a parent depends on the parent's hyperparameters; its coordinate is the standard
    normal z of x = mean + sigma z (the non-centred form), and x is derived.

    Attributes
    ----------
    names, priors
        Of the coordinates.
    of_prior
        {shared prior: name of its coordinate}.
    derived
        {coordinate's name: JSON form of the parameter's value}, for those that groups draw.
    display
        {coordinate's name: the parameter's name}.
    """

    names: tuple[str, ...]
    priors: tuple[Any, ...]
    of_prior: dict
    derived: dict
    display: dict

    def form(self, value):
        """A number or an expression of shared parameters as JSON over the coordinates."""
        if not isinstance(value, Expression):
            return float(value)
        return substituted(value.to_dict(self._name), self.derived)

    def _name(self, prior):
        if prior not in self.of_prior:
            raise GraphError("a parent depends on a parameter without a name; assign it to a variable of study.py")
        return self.of_prior[prior]


def coordinates_of(names):
    """Coordinates of a study's shared parameters.

    Parameters
    ----------
    names
        {prior: name}, parents' hyperparameters before what is drawn from them.

    Raises
    ------
    GraphError
        If a group draws from a parent that is not Gaussian or log-Gaussian, or with limits.
    """
    found = Coordinates((), (), {}, {}, {})
    labels, priors = [], []
    for prior, name in names.items():
        drawn = isinstance(prior, DrawnVariable)
        label = f"{name} (standard)" if drawn else name
        found.of_prior[prior] = label
        found.display[label] = name
        labels.append(label)
        priors.append(GaussianPrior(0.0, 1.0) if drawn else prior)
        if drawn:
            found.derived[label] = _non_centred(found, prior, name, label)
    return Coordinates(tuple(labels), tuple(priors), found.of_prior, found.derived, found.display)


def _non_centred(coordinates, prior, name, label):
    """mean + sigma z, or its exponential."""
    parent = prior.parent
    family = parent.parent.__name__
    limits = [getattr(prior, side) for side in SIDES] + [parent.hyperpriors.get(side, float("inf")) for side in SIDES]
    if family not in ("GaussianPrior", "LogGaussianPrior") or any(abs(x) < float("inf") for x in limits):
        raise GraphError(
            f"{name}: a group's parameter can be drawn from a Gaussian or log-Gaussian parent without limits; "
            "use inference: joint for this one"
        )
    mean, sigma = (coordinates.form(parent.hyperpriors[key]) for key in ("mean", "sigma"))
    value = {"ufunc": "add", "args": [mean, {"ufunc": "multiply", "args": [sigma, {"variable": label}]}]}
    return {"ufunc": "exp", "args": [value]} if family == "LogGaussianPrior" else value


def substituted(form, derived):
    """A JSON form with derived variables replaced by their values."""
    if not isinstance(form, dict):
        return form
    if "variable" in form:
        return derived.get(form["variable"], form)
    return {**form, "args": [substituted(argument, derived) for argument in form["args"]]}
