"""Strategies that join graphs, searches and propagation: one loop, driven by a notebook or by the workflow."""

from importlib import import_module

_HOMES = {
    "EPSettings": "phase_context",
    "ExpectationPropagation": "loop",
    "PhaseContext": "phase_context",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'cavity.strategy' has no attribute {name!r}")
    value = getattr(import_module(f"cavity.strategy.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
