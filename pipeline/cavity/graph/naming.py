"""Names of shared parameters and parents, read off a study's module after it has run, and of groups: plates."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Collection as Container
from dataclasses import dataclass, replace
from weakref import WeakSet

from cavity.errors import GraphError
from cavity.graph.hierarchical import HierarchicalFactor
from cavity.model import Collection, Model
from cavity.prior import DrawnVariable, Expression, Prior

_PLATES = WeakSet()  # every plate that is still in use: a graph finds its own by the groups' parameters


class Plate:
    """A function that composes one group's parameters, called once for each group.

    Made by :func:`plate`; calling it with a group's key returns the same model every time, so datasets of one group
    share its parameters and datasets of another do not.
    """

    def __init__(self, column: str, function: Callable[[str], Model | Collection]):
        self.column, self.function = column, function
        self._made = {}
        _PLATES.add(self)

    @property
    def members(self) -> tuple[tuple[str, Model | Collection], ...]:
        """(key, model) of every group made so far."""
        return tuple(self._made.items())

    def names(self, keys: Iterable[str]) -> dict[Prior, str]:
        """{prior: ``<plate>.<key>.<path>``} of the groups with these keys."""
        found = {}
        for key in keys:
            model = self(key)
            for prior, path in zip(model.priors, model.parameter_names):
                found.setdefault(prior, f"{self.column}.{key}.{path}")
        return found

    def __call__(self, key: object) -> Model | Collection:
        """The group's model.

        Raises
        ------
        GraphError
            If the key is empty, or the function does not return a Model or a Collection.
        """
        key = str(key)
        if not key:
            raise GraphError(f"plate {self.column}: a dataset has no {self.column}; write one into the table")
        if key not in self._made:
            made = self.function(key)
            if not isinstance(made, (Model, Collection)):
                raise GraphError(
                    f"plate {self.column}, group {key}: it must return a Model or a Collection, got {made!r}"
                )
            self._made[key] = made
        return self._made[key]


def plate(column: str) -> Callable[[Callable], Plate]:
    """Decorate a function that composes the parameters of one group, given the group's key.

    A graph in a notebook finds the plates of its groups by itself, as long as they are in use where it is made.

    Parameters
    ----------
    column
        Its name: in a study the column of the table of datasets that says which group a dataset belongs to.
    """
    return lambda function: Plate(column, function)


def plates_of(priors: Container[Prior]) -> tuple[Plate, ...]:
    """The plates that own some of these parameters, by name."""
    owners = [
        plate for plate in _PLATES if any(prior in priors for _, model in plate.members for prior in model.priors)
    ]
    return tuple(sorted(owners, key=lambda plate: plate.column))


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
        The :class:`Plate` objects that own groups' parameters.
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


def with_groups(names: SharedNames, keys: Mapping[str, tuple[str, ...]]) -> SharedNames:
    """A study's names with those of every group's parameters, ``<plate>.<key>.<path>``.

    Parameters
    ----------
    names
        ``SharedNames`` of the module, its plates included.
    keys
        {column: the groups' keys, in the order of the table}.

    Raises
    ------
    GraphError
        If the table has no such column.
    """
    priors = dict(names.priors)
    for group in names.plates:
        if group.column not in keys:
            raise GraphError(f"plate {group.column}: the table of datasets has no column {group.column}; add it")
        for prior, name in group.names(keys[group.column]).items():
            priors.setdefault(prior, name)
    return replace(names, priors=priors)


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
