"""A model as JSON, equal to the last bit when it is restored: classes by name, parameters by identity, no pickle.

{"priors": {"0": {"type": "UniformPrior", ...}}, "root": node}
node    {"node": "Model", "class": "module:qualname", "children": {...}, "order": [...], "assertions": [...],
         "settings": {...}}; parameters have the order of the children, which JSON may sort
child   number, text, null, true | {"prior": "0"} | {"relation": expression} | {"missing": true} | {"default": true}
        | {"float": "inf"} | {"array": ...} | {"tuple": [...]} | {"list": [...]} | {"items": {...}, "order": [...]}
        | node
        | {"class": name} | {"class": name, "arguments": {...}} for an object kept as it is
"""

import dataclasses
import math

import numpy as np

from cavity.errors import ModelError
from cavity.model.arguments import constructor_arguments
from cavity.model.defaults import Settings
from cavity.model.node import MISSING, Instance, Node
from cavity.prior import Comparison, Expression, Prior

KINDS = ("Model", "Collection", "DictParameter", "ListParameter", "TupleParameter")


def model_to_dict(model):
    """The JSON form of a model; see ``Node.to_dict``."""
    names = {}
    for value in (*(value for _, value in model.leaves()), *model.assertions):
        for prior in value.variables() if isinstance(value, (Expression, Comparison)) else ():
            names.setdefault(prior, str(len(names)))
    return {"priors": {name: prior.to_dict() for prior, name in names.items()}, "root": _stored(model, names, "model")}


def class_name(cls):
    """``module:qualname``."""
    return f"{cls.__module__}:{cls.__qualname__}"


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
    kind = next(cls.__name__ for cls in type(node).__mro__ if cls.__name__ in KINDS)
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
