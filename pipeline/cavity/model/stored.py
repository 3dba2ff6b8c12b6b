"""A model as JSON and back, equal to the last bit: classes by name, parameters by identity, no pickle.

{"priors": {"0": {"type": "UniformPrior", ...}}, "root": node}
node    {"node": "Model", "class": "module:qualname", "children": {...}, "order": [...], "assertions": [...],
         "settings": {...}}; parameters have the order of the children, which JSON may sort
child   number, text, null, true | {"prior": "0"} | {"relation": expression} | {"missing": true} | {"default": true}
        | {"float": "inf"} | {"array": ...} | {"tuple": [...]} | {"list": [...]} | {"items": {...}, "order": [...]}
        | node
        | {"class": name} | {"class": name, "arguments": {...}} for an object kept as it is
"""

import dataclasses
import importlib
import math

import numpy as np

from cavity.errors import ModelError
from cavity.model.arguments import constructor_arguments
from cavity.model.compose import Collection, DictParameter, ListParameter, Model, TupleParameter
from cavity.model.defaults import Settings
from cavity.model.instance import Instance
from cavity.model.node import MISSING, Node
from cavity.prior import Comparison, Expression, Prior, expression_from_dict, prior_from_dict

NODES = {cls.__name__: cls for cls in (Model, Collection, DictParameter, ListParameter, TupleParameter)}


def model_to_dict(model):
    """The JSON form of a model; see ``Node.to_dict``."""
    names = {}
    for value in (*(value for _, value in model.leaves()), *model.assertions):
        for prior in value.variables() if isinstance(value, (Expression, Comparison)) else ():
            names.setdefault(prior, str(len(names)))
    return {"priors": {name: prior.to_dict() for prior, name in names.items()}, "root": _stored(model, names, "model")}


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


def class_name(cls):
    """``module:qualname``."""
    return f"{cls.__module__}:{cls.__qualname__}"


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


def _stored(value, names, path):
    if isinstance(value, Node):
        return _stored_node(value, names, path)
    if isinstance(value, Prior):
        return {"prior": names[value]}
    if isinstance(value, Expression):
        return {"relation": value.to_dict(names.__getitem__)}
    if value is MISSING:
        return {"missing": True}
    return _stored_value(value, path)


def _stored_node(node, names, path):
    kind = next(cls.__name__ for cls in type(node).__mro__ if cls.__name__ in NODES)
    arguments = node._arguments if kind == "Model" else {}
    children = {
        name: _stored_child(child, arguments.get(name), names, f"{path}.{name}")
        for name, child in node.children.items()
    }
    settings = {name: dataclasses.asdict(value) for name, value in node._settings.items() if value != Settings()}
    return {
        "node": kind,
        **({"class": class_name(node.cls)} if kind == "Model" else {}),
        "children": children,
        "order": list(children),
        "assertions": [assertion.to_dict(names.__getitem__) for assertion in node._assertions],
        "settings": settings,
    }


def _stored_child(child, argument, names, path):
    """A child; an argument's own default is not taken apart."""
    is_plain = child is None or isinstance(child, (bool, str, int, float))
    if argument is not None and child is argument.default and not is_plain:
        return {"default": True}
    return _stored(child, names, path)


def _stored_value(value, path):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return {
            "array": [_stored_value(item, path) for item in value.ravel().tolist()],
            "shape": list(value.shape),
            "dtype": value.dtype.str,
        }
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_stored_value(item, path) for item in value]}
    if isinstance(value, type):
        return {"class": class_name(value)}
    if isinstance(value, Instance):
        items = {name: _stored_value(item, f"{path}.{name}") for name, item in vars(value).items()}
        return {"items": items, "order": list(items)}
    return _stored_instance(value, path)


def _stored_instance(value, path):
    """An object by its class and the attributes that its constructor's arguments became."""
    cls = type(value)
    try:
        arguments = constructor_arguments(cls)
    except ModelError:
        arguments = None
    if not arguments or not all(hasattr(value, name) for name in arguments):
        raise ModelError(
            f"{path} is a {cls.__name__}, which cannot be stored: a fixed value is a number, text, array, "
            f"list, or an object that keeps its constructor's arguments as attributes"
        )
    fixed = {name: _stored_value(getattr(value, name), f"{path}.{name}") for name in arguments}
    return {"class": class_name(cls), "arguments": fixed}


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
