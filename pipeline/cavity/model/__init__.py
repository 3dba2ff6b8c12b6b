"""Composition of models, and the compiled map from parameter vectors to instances."""
from cavity.model.compiled import CompiledModel
from cavity.model.compose import Collection, ListParameter, Model, TupleParameter
from cavity.model.defaults import Settings, default_priors
from cavity.model.instance import Instance
from cavity.model.node import Node, NoSuchPart

__all__ = [
    "Collection", "CompiledModel", "Instance", "ListParameter", "Model", "NoSuchPart", "Node", "Settings",
    "TupleParameter", "default_priors",
]
