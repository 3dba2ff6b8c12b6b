"""Composition: ``Model`` of a class, ``Collection`` of models, lists, dicts and tuples within them."""

import difflib
import math

from cavity.errors import ModelError, did_you_mean
from cavity.model.arguments import NOTHING, constructor_arguments, is_number
from cavity.model.compiled import CompiledModel
from cavity.model.defaults import Settings, default_of
from cavity.model.info import describe, labels_of, units_of
from cavity.model.node import MISSING, Instance, Node
from cavity.model.stored import model_to_dict
from cavity.prior import Comparison, Expression, as_prior, is_frozen_distribution


class Part(Node):
    """What every part of a model can do: name its parameters, show them, be stored, become an instance."""

    def settings_at(self, path):
        """The ``Settings`` (passing, label, unit) of the argument at a path."""
        *parents, name = path
        owner = node = self
        for part in parents:
            node = node.children.get(part)
            if not isinstance(node, Node):
                return Settings()
            owner = owner if node.is_part_of_argument else node
        return owner._settings.get(name, Settings())

    @property
    def labels(self):
        """A LaTeX label for each free parameter, ``$\\sigma^{\\mathrm{gaussian}}$``."""
        return labels_of(self)

    @property
    def units(self):
        """The unit of each free parameter, from priors.yaml; empty where none is known."""
        return units_of(self)

    @property
    def info(self):
        """Text: the components, then every parameter and value, equal list items folded as ``0 - 2``."""
        return describe(self)

    def to_dict(self):
        """JSON form; ``model_from_dict`` gives an equal model to the last bit.

        Raises
        ------
        ModelError
            If a fixed value cannot be stored.
        """
        return model_to_dict(self)

    def compile(self):
        """The map between vectors and instances, for many calls."""
        return CompiledModel(self)

    def instance_from_vector(self, vector):
        """The instance at parameter values in the order of ``priors``."""
        return self.compile().instance(vector)

    def instance_from_unit_vector(self, unit):
        """The instance at quantiles in [0, 1] of the priors."""
        compiled = self.compile()
        return compiled.instance(compiled.vector(unit))

    def instance_from_prior_medians(self):
        """The instance at the median of every prior."""
        return self.instance_from_unit_vector([0.5] * self.prior_count)

    def instance_from_arguments(self, values):
        """The instance at ``{parameter: value}``."""
        compiled = self.compile()
        lacking = [name for name, prior in zip(compiled.names, compiled.priors, strict=True) if prior not in values]
        if lacking:
            raise ModelError(f"instance_from_arguments has no value for {', '.join(lacking)}")
        return compiled.instance([values[prior] for prior in compiled.priors])


class Model(Part):
    """A class whose constructor arguments are parameters.

    Parameters
    ----------
    cls
        Any class.
    arguments
        By name: a prior (a free parameter), a number (fixed), a relation, another model, a class (which becomes a
        model of it), a list, tuple or dict of these, or any other object (passed on). What is not given gets its
        default prior.
        A component under a name that the constructor does not have becomes an attribute of the instance.

    Raises
    ------
    ModelError
        If a prior or value is given for an argument that the class does not have.
    """

    def __init__(self, cls, /, **arguments):
        self._cls = cls
        self._arguments = constructor_arguments(cls)
        super().__init__({})
        for name, argument in self._arguments.items():
            self._children[name] = self._default(argument)
        for name, value in arguments.items():
            self[name] = value

    def _default(self, argument):
        """The child for an argument that nobody has set."""
        if argument.tuple_length:
            names = tuple_names(argument.name, argument.tuple_length)
            return TupleParameter(names, [self._default_number(name) for name in names])
        if argument.default is NOTHING or is_number(argument.default):
            return self._default_number(argument.name)
        return argument.default

    def _default_number(self, name):
        value, self._settings[name] = default_of(self._cls, name)
        return value

    @property
    def cls(self):
        """The class that instances are made of."""
        return self._cls

    @property
    def title(self):
        return getattr(self._cls, "__name__", type(self._cls).__name__)

    def __setitem__(self, name, value):
        if isinstance(self._children.get(name), TupleParameter) and isinstance(value, tuple):
            child = TupleParameter(tuple_names(name, len(value)), [child_from(item, name) for item in value])
        else:
            child = child_from(value, name)
        misspelt = difflib.get_close_matches(name, self._arguments, n=1, cutoff=0.85)
        if name not in self._arguments and (misspelt or not isinstance(child, Node)):
            hint = did_you_mean(name, self._arguments) or f"; its arguments are {', '.join(self._arguments) or 'none'}"
            raise ModelError(f"{self.title} has no argument {name}{hint}")
        self._children[name] = child

    def build(self):
        cls, names = self._cls, list(self._children)
        if names == [name for name, argument in self._arguments.items() if not argument.keyword_only]:
            return cls
        n_arguments = len(self._arguments)

        def make(*values):
            instance = cls(**dict(zip(names[:n_arguments], values)))
            for name, value in zip(names[n_arguments:], values[n_arguments:]):
                setattr(instance, name, value)
            return instance

        return make


class Collection(Part):
    """Models, parameters and values under names, or in order.

    Parameters
    ----------
    items
        Models, classes, priors, numbers, collections; positional ones are named ``0``, ``1``, ... A single list is
        taken as its items, a single dict as named items.
    """

    def __init__(self, /, *items, **named):
        super().__init__({})
        if len(items) == 1 and isinstance(items[0], (list, tuple)):
            items = items[0]
        elif len(items) == 1 and isinstance(items[0], dict):
            items, named = (), {**items[0], **named}
        for name, value in {**{str(index): item for index, item in enumerate(items)}, **named}.items():
            self[name] = value

    def __setitem__(self, name, value):
        name = str(name)
        if hasattr(type(self), name):
            raise ModelError(f"an item of a {self.title} cannot be called {name}, which is one of its methods")
        self._children[name] = child_from(value, name)

    def __len__(self):
        return len(self._children)

    def __iter__(self):
        return iter(self._children.values())

    def build(self):
        names = tuple(self._children)

        def make(*values):
            instance = object.__new__(Instance)  # half the time of the constructor, in every likelihood call
            instance.__dict__.update(zip(names, values))
            return instance

        return make


class ListParameter(Collection):
    """A list of components inside a component; its instance is a list."""

    title = "list"

    def build(self):
        return lambda *values: list(values)


class DictParameter(Collection):
    """A dict of components inside a component; its instance is a dict."""

    title = "dict"

    def build(self):
        names = tuple(self._children)
        return lambda *values: dict(zip(names, values))


class TupleParameter(Collection):
    """The numbers of a tuple argument, ``centre.centre_0`` and ``centre.centre_1``; its instance is a tuple."""

    is_part_of_argument = True
    title = "tuple"

    def __init__(self, names, values):
        Node.__init__(self, zip(names, values, strict=True))

    def __setitem__(self, name, value):
        if name not in self._children:
            raise ModelError(f"the tuple has no part {name}{did_you_mean(name, self._children)}")
        self._children[name] = child_from(value, name)

    def build(self):
        return lambda *values: values


def child_from(value, name):
    """A value as a model holds it: classes become models, lists with components lists of them, numbers floats."""
    if isinstance(value, Comparison):
        raise ModelError(f"{name} is set to a comparison, {value!r}; use add_assertion")
    if isinstance(value, (Expression, Node)) or value is MISSING:
        return value
    if is_number(value):
        if math.isnan(value):
            raise ModelError(f"{name} is set to NaN; a fixed value is a number")
        return value if isinstance(value, int) else float(value)
    if is_frozen_distribution(value):
        return as_prior(value)
    if not _has_component(value):
        return value
    if isinstance(value, type):
        return Model(value)
    if isinstance(value, list):
        return ListParameter(value)
    if isinstance(value, dict):
        return DictParameter(value)
    return TupleParameter(tuple_names(name, len(value)), [child_from(item, name) for item in value])


def tuple_names(name, length):
    """``centre`` -> ``centre_0``, ``centre_1``."""
    return [f"{name}_{index}" for index in range(length)]


def _has_component(value):
    """Whether a value is or holds something with parameters; Python's and numpy's own types are plain values."""
    if isinstance(value, type):
        return value.__module__ not in ("builtins", "numpy")
    if isinstance(value, (list, tuple)):
        return any(_has_component(item) for item in value)
    if isinstance(value, dict):
        return any(_has_component(item) for item in value.values())
    return isinstance(value, (Expression, Node)) or is_frozen_distribution(value)
