"""Names of shared parameters and parents, read off a study's module after it has run."""

from collections.abc import Mapping
from dataclasses import dataclass

from cavity.errors import GraphError
from cavity.graph.hierarchical import HierarchicalFactor
from cavity.graph.plate import Plate
from cavity.model import Collection, Model
from cavity.prior import DrawnVariable, Expression, Prior


@dataclass(frozen=True)
class SharedNames:
    """What a study shares between its datasets.

    Attributes
    ----------
    priors
        {prior: name} of every shared parameter, hyperparameters included, in the order of the module.
    parents
        {parent: name}, in the order of the module.
    plates
        The :class:`~cavity.graph.plate.Plate` objects that own groups' parameters.
    """

    priors: Mapping[Prior, str]
    parents: Mapping[HierarchicalFactor, str]
    plates: tuple = ()

    def parameter(self, name: str) -> Prior:
        """The prior called ``name``."""
        return next(prior for prior, other in self.priors.items() if other == name)


def name_shared(namespace: Mapping[str, object]) -> SharedNames:
    """Names of all priors and parents reachable from a module's namespace.

    A prior has the name of its variable, a list's items are ``name.0``, a module-level model's parameters are
    ``name.path``, a parent's hyperparameters ``name.argument``; the first name wins.

    Parameters
    ----------
    namespace
        The module's dictionary, after it has run.

    Raises
    ------
    GraphError
        If a parent's hyperparameter is a relation of priors that have no name of their own, or two get the same name.
    """
    items = [(name, value) for name, value in namespace.items() if not name.startswith("__")]
    priors, parents = {}, {}
    for name, value in items:
        _collect(name, value, priors, parents)
    for name, value in items:
        _collect_models(name, value, priors)
    for parent, name in parents.items():
        for argument, value in parent.hyperpriors.items():
            if isinstance(value, Prior):
                priors.setdefault(value, f"{name}.{argument}")
            elif isinstance(value, Expression):
                for prior in value.variables():
                    if prior not in priors:
                        raise GraphError(
                            f"{name}.{argument}: a relation of a prior without a name; assign the prior to a variable"
                        )
    _refuse_equal_names(priors)
    plates = tuple(dict.fromkeys(value for _, value in items if isinstance(value, Plate)))
    return SharedNames(priors=priors, parents=parents, plates=plates)


def _collect(name, value, priors, parents):
    if isinstance(value, DrawnVariable):
        raise GraphError(f"{name}: a drawn variable at module level would be one value for all; draw it inside factor")
    if isinstance(value, Prior):
        priors.setdefault(value, name)
    elif isinstance(value, HierarchicalFactor):
        parents.setdefault(value, name)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _collect(f"{name}.{index}", item, priors, parents)
    elif isinstance(value, dict):
        for key, item in value.items():
            _collect(f"{name}.{key}", item, priors, parents)


def _collect_models(name, value, priors):
    if isinstance(value, (Model, Collection)):
        for prior, path in zip(value.priors, value.parameter_names):
            if not isinstance(prior, DrawnVariable):
                priors.setdefault(prior, f"{name}.{path}")


def _refuse_equal_names(priors):
    seen = set()
    for name in priors.values():
        if name in seen:
            raise GraphError(f"two shared parameters would both be called {name}; rename one")
        seen.add(name)
