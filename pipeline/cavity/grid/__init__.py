"""Grids of cells over some parameters, a fit or two in each: grid searches and sensitivity maps."""

from importlib import import_module

_HOMES = {"SearchGridSearch": "grid_search", "Sensitivity": "sensitivity"}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'cavity.grid' has no attribute {name!r}")
    return getattr(import_module(f"cavity.grid.{_HOMES[name]}"), name)
