"""A model as a result stores it: a dict, turned into the model itself when somebody needs instances or priors."""

from functools import cached_property

import numpy as np

from cavity.errors import ModelError, ResultError
from cavity.numerics.weights import quantiles


class StoredModel:
    """The JSON form of a model; everything a model can do is passed on to the model made of it.

    Parameters
    ----------
    stored
        What ``model.to_dict()`` returned.
    names
        The parameters' names, known without importing the user's classes.
    classes
        Classes to use for those of the same qualified name, where the module they came from cannot be imported: a
        notebook's own, or a study's.
    """

    def __init__(self, stored, names, classes=()):
        self.stored = stored
        self.parameter_names = tuple(names)
        self.classes = tuple(classes)

    def to_dict(self):
        """The stored form itself."""
        return self.stored

    @property
    def prior_count(self):
        """Number of free parameters."""
        return len(self.parameter_names)

    @cached_property
    def loaded(self):
        """The model.

        Raises
        ------
        ResultError
            If a class of the model cannot be imported.
        """
        from cavity.model import model_from_dict

        try:
            return model_from_dict(self.stored, classes=_known(self.stored, self.classes))
        except (ModelError, ImportError, AttributeError) as error:
            reason = str(error).split(";")[0]
            raise ResultError(f"the stored model cannot be made again: {reason}; pass classes=[...]") from error

    def instance_from_vector(self, vector):
        """An instance of the user's class."""
        return self.loaded.instance_from_vector(vector)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.loaded, name)


def model_dict(model):
    """The stored form of a model, as JSON gives it back."""
    from cavity.posterior.samples import jsonable

    return jsonable(model.to_dict())


def classes_of(stored):
    """{path of a component: "module:qualname" of its class}; the path of the model itself is empty."""
    found = {}

    def visit(part, path):
        if isinstance(part, dict) and "node" in part:
            if "class" in part:
                found[path] = part["class"]
            for name in part["order"]:
                visit(part["children"][name], f"{path}.{name}" if path else name)

    visit(stored["root"], "")
    return found


def parameter_paths(stored):
    """The dotted paths of a stored model's free parameters, in the order in which they first appear."""
    own, related = {}, {}
    for path, leaf in leaves_of(stored):
        if isinstance(leaf, dict) and "prior" in leaf:
            own.setdefault(leaf["prior"], path)
            related.setdefault(leaf["prior"], path)
        elif isinstance(leaf, dict) and "relation" in leaf:
            for number, variable in enumerate(_variables(leaf["relation"])):
                related.setdefault(variable, f"{path}.{number}")
    return tuple(own.get(prior, path) for prior, path in related.items())


def values_of(stored, samples):
    """{path: number} of all that is a number in a model: fixed values, and posterior medians of priors and relations.

    Parameters
    ----------
    samples
        Of the model's parameters, by their paths; what they lack is left out.
    """
    from cavity.prior import compile_expression

    paths = parameter_paths(stored)
    leaves = list(leaves_of(stored))
    columns = {}
    for _, leaf in leaves:
        for variable in _variables(leaf.get("relation", leaf)) if isinstance(leaf, dict) else ():
            columns.setdefault(variable, None)
    columns = {variable: path for variable, path in zip(columns, paths, strict=True) if path in samples.names}
    found = {}
    for path, leaf in leaves:
        if isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
            found[path] = float(leaf)
        elif isinstance(leaf, dict) and set(leaf) & {"prior", "relation"}:
            form = leaf.get("relation", {"variable": leaf.get("prior")})
            if all(variable in columns for variable in _variables(form)):
                values = compile_expression(form)({key: samples[name] for key, name in columns.items()})
                found[path] = float(quantiles(np.reshape(values, (-1, 1)), samples.weights, 0.5)[0])
    return found


def leaves_of(stored):
    """(dotted path, stored value) of everything in a stored model that is not a component."""

    def visit(part, path):
        if isinstance(part, dict) and "node" in part:
            for name in part["order"]:  # JSON may have sorted the children
                yield from visit(part["children"][name], f"{path}.{name}" if path else name)
        else:
            yield path, part

    return visit(stored["root"], "")


def _variables(form):
    """The variables of an expression's stored form, each once, in order; a prior is a variable itself."""
    if not isinstance(form, dict):
        return ()
    if "prior" in form:
        return (form["prior"],)
    if "variable" in form:
        return (form["variable"],)
    return tuple(dict.fromkeys(name for arg in form.get("args", ()) for name in _variables(arg)))


def _known(stored, classes):
    """{"module:qualname" as stored: the given class of the same qualified name}"""
    by_qualname = {cls.__qualname__: cls for cls in classes}
    names = set(classes_of(stored).values())
    return {name: by_qualname[name.split(":")[-1]] for name in names if name.split(":")[-1] in by_qualname}
