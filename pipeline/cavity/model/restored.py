"""A model from the JSON form of :mod:`cavity.model.stored`."""

import importlib

import numpy as np

from cavity.errors import ModelError
from cavity.model.arguments import constructor_arguments
from cavity.model.compose import Collection, DictParameter, ListParameter, Model, TupleParameter
from cavity.model.defaults import Settings
from cavity.model.node import MISSING, Instance, Node
from cavity.prior import expression_from_dict, prior_from_dict

NODES = {cls.__name__: cls for cls in (Model, Collection, DictParameter, ListParameter, TupleParameter)}


def model_from_dict(stored, classes=None):
    """The inverse of ``Node.to_dict``.

    Parameters
    ----------
    stored
        What ``to_dict`` gave, also after a trip through JSON.
    classes
        ``{"module:qualname": class}`` for classes that cannot be imported.

    Raises
    ------
    ModelError
        If a class cannot be found.
    """
    priors = {name: prior_from_dict(prior) for name, prior in stored["priors"].items()}
    return _restored(stored["root"], priors, classes or {})


def class_named(name, classes=None):
    """The class or function with a ``module:qualname``."""
    if name in (classes or {}):
        return classes[name]
    module, _, qualname = name.partition(":")
    try:
        found = importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError):
        raise ModelError(
            f"the class {name} cannot be imported; define it at the top of a module on the path, or pass "
            f"classes={{'{name}': ...}}"
        ) from None
    return found


def _restored(stored, priors, classes):
    if not isinstance(stored, dict):
        return stored
    if "node" in stored:
        return _restored_node(stored, priors, classes)
    if "prior" in stored:
        return priors[stored["prior"]]
    if "relation" in stored:
        return expression_from_dict(stored["relation"], priors.__getitem__)
    if "missing" in stored or "default" in stored:
        return MISSING
    if "float" in stored:
        return float(stored["float"])
    if "array" in stored:
        flat = [_restored(item, priors, classes) for item in stored["array"]]
        return np.array(flat, dtype=stored["dtype"]).reshape(stored["shape"])
    if "list" in stored:
        return [_restored(item, priors, classes) for item in stored["list"]]
    if "tuple" in stored:
        return tuple(_restored(item, priors, classes) for item in stored["tuple"])
    if "items" in stored:
        names, items = stored["order"], stored["items"]
        return Instance(names, [_restored(items[name], priors, classes) for name in names])
    if "arguments" in stored:
        arguments = {name: _restored(item, priors, classes) for name, item in stored["arguments"].items()}
        return class_named(stored["class"], classes)(**arguments)
    return class_named(stored["class"], classes)


def _restored_node(stored, priors, classes):
    cls = NODES[stored["node"]]
    node = object.__new__(cls)
    children = {name: _restored(stored["children"][name], priors, classes) for name in stored["order"]}
    if cls is Model:
        node._cls = class_named(stored["class"], classes)
        node._arguments = constructor_arguments(node._cls)
        defaults = [name for name, child in stored["children"].items() if child == {"default": True}]
        children.update({name: node._arguments[name].default for name in defaults})
    Node.__init__(node, children, {name: Settings(**value) for name, value in stored["settings"].items()})
    for assertion in stored["assertions"]:
        node.add_assertion(expression_from_dict(assertion, priors.__getitem__))
    return node
