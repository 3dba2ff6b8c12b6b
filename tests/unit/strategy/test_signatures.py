"""Public functions of strategies and graphs say what goes in and what comes out."""

import inspect
from importlib import import_module
from pkgutil import iter_modules

import pytest

from cavity import graph, strategy

MODULES = [
    f"{package.__name__}.{item.name}" for package in (graph, strategy) for item in iter_modules(package.__path__)
]


def public_functions(module):
    """(name, function) of a module's own functions, and of its classes' methods and properties."""
    own = [(n, v) for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__ and n[0] != "_"]
    yield from ((name, value) for name, value in own if inspect.isfunction(value))
    for name, kind in own:
        for key, value in vars(kind).items() if inspect.isclass(kind) else ():
            function = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", value)
            written = inspect.isfunction(function) and function.__code__.co_filename == module.__file__
            if written and not key.startswith("_"):
                yield f"{name}.{key}", function


def bare(function):
    parameters = list(inspect.signature(function).parameters.values())
    unsaid = [p.name for p in parameters if p.annotation is p.empty and p.name not in ("self", "cls")]
    return unsaid + ([] if "return" in function.__annotations__ else ["return"])


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_is_annotated(name):
    functions = dict(public_functions(import_module(name)))
    assert {where: bare(function) for where, function in functions.items() if bare(function)} == {}


def test_the_same_check_finds_what_is_not():
    def unsaid(x, y: int):
        return x + y

    assert bare(unsaid) == ["x", "return"]
