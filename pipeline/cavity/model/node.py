"""A model is a tree: what every node of it can do, and what a collection becomes when its parameters have values."""

from cavity.errors import ModelError, did_you_mean
from cavity.prior import Comparison, Expression, Prior
from cavity.prior.expression import substituted


class NoSuchPart(ModelError, AttributeError):
    """A model was asked for a part that it does not have."""


class Missing:
    """An argument with neither prior, value nor default prior."""

    def __repr__(self):
        return "no prior"


MISSING = Missing()


class Node:
    """Named children: parameters, relations, values, and nodes.

    A child is an attribute (``model.gaussian.centre``), also by key or position (``model["gaussian"]``, ``model[0]``):
    an argument called like one of the methods here is reached by key.
    """

    is_part_of_argument = False  # True of the tuple that one argument of a component is

    def __init__(self, children, settings=None):
        self._children = dict(children)
        self._settings = dict(settings or {})
        self._assertions = []

    @property
    def children(self):
        """Name -> child, in order; a copy."""
        return dict(self._children)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key):
        if isinstance(key, int):
            key = list(self._children)[key]
        if key not in self._children:
            raise NoSuchPart(f"{self.title} has no part {key}{did_you_mean(key, self._children)}")
        if self._children[key] is MISSING:
            raise NoSuchPart(_missing_sentence(self, (key,)))
        return self._children[key]

    def __dir__(self):
        return [*super().__dir__(), *self._children]

    def __repr__(self):
        return f"<{type(self).__name__} {self.title}: {', '.join(self._children)}>"

    def __setattr__(self, name, value):
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __setitem__(self, key, value):
        raise NotImplementedError

    @property
    def title(self):
        """What this node is called in ``info``: the name of its class."""
        return type(self).__name__

    def build(self):
        """A function of the children's values that makes the instance."""
        raise NotImplementedError

    # -- parameters ---------------------------------------------------------------------------------------------

    def leaves(self):
        """(path, value) of everything that is not a node, depth first; a path is a tuple of names."""
        for name, child in self._children.items():
            if isinstance(child, Node):
                for path, value in child.leaves():
                    yield (name, *path), value
            else:
                yield (name,), child

    def nodes(self):
        """(path, node) of every node, this one first."""
        yield (), self
        for name, child in self._children.items():
            if isinstance(child, Node):
                for path, node in child.nodes():
                    yield (name, *path), node

    @property
    def priors(self):
        """The free parameters, each once, in the order of first appearance.

        Raises
        ------
        ModelError
            If an argument has neither prior, value nor default prior.
        """
        return tuple(self.paths_by_prior())

    @property
    def prior_count(self):
        """The number of free parameters."""
        return len(self.priors)

    @property
    def paths(self):
        """The path of each free parameter, a tuple of names."""
        return list(self.paths_by_prior().values())

    @property
    def parameter_names(self):
        """The dotted path of each free parameter: ``gaussian.centre``, ``0.centre``."""
        return tuple(".".join(path) for path in self.paths)

    def paths_by_prior(self):
        """Free parameter -> path.

        The path is the parameter's first own place in the model; a parameter that occurs in relations only has the path
        of the first relation and its number there (``gaussian.sigma.0``).
        """
        own, related = {}, {}
        for path, value in self.leaves():
            if value is MISSING:
                raise ModelError(_missing_sentence(self, path))
            if isinstance(value, Prior):
                own.setdefault(value, path)
                related.setdefault(value, path)
            elif isinstance(value, Expression):
                for number, prior in enumerate(value.variables()):
                    related.setdefault(prior, (*path, str(number)))
        return {prior: own.get(prior, path) for prior, path in related.items()}

    # -- assertions ---------------------------------------------------------------------------------------------

    def add_assertion(self, comparison):
        """Cut the prior to where ``comparison`` holds, as in ``model.add_assertion(model.sigma > 5.0)``.

        Raises
        ------
        ModelError
            If it is not a comparison of parameters, or compares fixed values and is False.
        """
        if isinstance(comparison, Comparison):
            self._assertions.append(comparison)
        elif comparison is False:
            raise ModelError("the assertion compares fixed values and is never true")
        elif comparison is not True:
            raise ModelError(
                f"add_assertion takes a comparison of parameters such as model.sigma > 5.0, got {comparison!r}"
            )

    @property
    def assertions(self):
        """Every assertion of this node and those below it."""
        return tuple(assertion for _, node in self.nodes() for assertion in node._assertions)

    # -- other models of the same structure ---------------------------------------------------------------------

    def copy(self):
        """The same parameters in a new tree: parts set on the copy leave the original as it is."""
        return self.replacing({})

    def replacing(self, replacements):
        """A new model of the same structure with parameters exchanged.

        Parameters
        ----------
        replacements
            Parameter -> another parameter, an expression or a number; in relations and assertions too.
        """
        children = {
            name: child.replacing(replacements) if isinstance(child, Node) else substituted(child, replacements)
            for name, child in self._children.items()
        }
        node = object.__new__(type(self))
        node.__dict__.update(self.__dict__)
        node._children, node._settings, node._assertions = children, dict(self._settings), []
        for assertion in self._assertions:
            node.add_assertion(assertion.substituted(replacements))
        return node


class Instance:
    """Parts as attributes (``instance.gaussian.centre``), by position (``instance[0]``) and in a loop."""

    def __init__(self, names, values):
        self.__dict__.update(zip(names, values, strict=True))

    def __getitem__(self, key):
        return list(self.__dict__.values())[key] if isinstance(key, (int, slice)) else self.__dict__[key]

    def __iter__(self):
        return iter(self.__dict__.values())

    def __len__(self):
        return len(self.__dict__)

    def __repr__(self):
        return f"Instance({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


def _missing_sentence(node, path):
    *parents, name = path
    owner = node
    for parent in parents:
        node = node[parent]
        owner = owner if node.is_part_of_argument else node
    dotted = ".".join(path)
    return (
        f"{dotted} has neither prior, value nor default prior: set it, for instance model.{dotted} = "
        f"UniformPrior(0.0, 1.0), or give {owner.title} a default for {name} in priors.yaml"
    )
