"""Composition of models, and the compiled map from parameter vectors to instances."""

from cavity.model.assertions import Acceptance, acceptance
from cavity.model.compiled import CompiledModel
from cavity.model.compose import Collection, DictParameter, ListParameter, Model, TupleParameter
from cavity.model.defaults import Settings, default_priors
from cavity.model.node import Instance, Node, NoSuchPart
from cavity.model.restored import class_named, model_from_dict

__all__ = [
    "Acceptance",
    "Collection",
    "CompiledModel",
    "DictParameter",
    "Instance",
    "ListParameter",
    "Model",
    "NoSuchPart",
    "Node",
    "Settings",
    "TupleParameter",
    "acceptance",
    "class_named",
    "default_priors",
    "model_from_dict",
]
