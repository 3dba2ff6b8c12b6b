"""Plates: groups between datasets and population, such as a patient with several tumours."""

from dataclasses import replace

from cavity.errors import GraphError
from cavity.model import Collection, Model


class Plate:
    """A function that composes one group's parameters, called once for each group.

    Made by :func:`plate`; calling it with a group's key returns the same model every time, so datasets of one group
    share its parameters and datasets of another do not.
    """

    def __init__(self, column, function):
        self.column, self.function = column, function
        self._made = {}

    @property
    def members(self):
        """(key, model) of every group made so far."""
        return tuple(self._made.items())

    def __call__(self, key):
        """The group's model.

        Raises
        ------
        GraphError
            If the function does not return a Model or a Collection.
        """
        key = str(key)
        if key not in self._made:
            made = self.function(key)
            if not isinstance(made, (Model, Collection)):
                raise GraphError(
                    f"plate {self.column}, group {key}: it must return a Model or a Collection, got {made!r}"
                )
            self._made[key] = made
        return self._made[key]


def plate(column):
    """Decorate a function of study.py that composes the parameters of one group.

    Parameters
    ----------
    column
        The column of the table of datasets that says which group a dataset belongs to.
    """
    return lambda function: Plate(column, function)


def with_groups(names, keys):
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
        for key in keys[group.column]:
            model = group(key)
            for prior, path in zip(model.priors, model.parameter_names):
                priors.setdefault(prior, f"{group.column}.{key}.{path}")
    return replace(names, priors=priors)
