"""Plates: groups between datasets and population, such as a patient with several tumours."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Collection as Container
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakSet

from cavity.errors import GraphError
from cavity.model import Collection, Model
from cavity.prior import Prior

if TYPE_CHECKING:
    from cavity.graph.naming import SharedNames

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


def with_groups(names: "SharedNames", keys: Mapping[str, tuple[str, ...]]) -> "SharedNames":
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
