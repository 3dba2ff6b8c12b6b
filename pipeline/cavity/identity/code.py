"""The user's own code that a likelihood depends on: what its functions read from their modules."""

import inspect
import site
import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType

import numpy as np

CONSTANTS = (int, float, complex, str, bytes, tuple, list, dict, set, frozenset, np.ndarray, np.generic, Path)


def code_behind(*roots):
    """Functions, classes and constants that the code of ``roots`` reads, directly or through other functions.

    Classes and functions of installed packages and of this one are taken as given and not looked into. Instances of
    installed packages' classes (a table, a spline) are content; those of this one's are not.

    Parameters
    ----------
    roots
        Classes, functions and instances of classes.

    Returns
    -------
    tuple
        Each once, the roots of the user's own first, in the order in which they are come across.
    """
    found, waiting = {}, list(roots)
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, type) and is_library(type(item).__module__):
            item = getattr(item, "__wrapped__", item)  # compiled or cached: the function behind it
        if id(item) not in found and _is_own(item):
            found[id(item)] = item
            waiting += _read_by(item)
    return tuple(found.values())


def _read_by(item):
    """What an item's own code names, and what it holds."""
    if isinstance(item, FunctionType):
        return _read_by_function(item)
    if isinstance(item, type):
        members = (inspect.unwrap(_function(value)) for base in item.__mro__ for value in vars(base).values())
        return [*item.__mro__[1:], *(member for member in members if isinstance(member, (FunctionType, type)))]
    if isinstance(item, CONSTANTS):
        return [value for value in _items(item) if not isinstance(value, CONSTANTS)]
    if is_library(type(item).__module__):
        return []
    held = getattr(item, "__dict__", {}).values()
    return [type(item), *(value for value in held if not isinstance(value, np.ndarray))]  # data are no code


def _read_by_function(function):
    names, spaces = dict.fromkeys(_names(function.__code__)), function.__globals__
    read = [spaces[name] for name in names if name in spaces]
    modules = [value for value in read if isinstance(value, ModuleType) and not is_library(value.__name__)]
    read += [getattr(module, name) for module in modules for name in names if hasattr(module, name)]
    read += [value for value in map(_content, function.__closure__ or ()) if not isinstance(value, CONSTANTS)]
    return [value for value in read if not isinstance(value, ModuleType)]


def _names(code):
    """The names that a code object and those inside it use."""
    inner = [name for constant in code.co_consts if hasattr(constant, "co_names") for name in _names(constant)]
    return [*code.co_names, *inner]


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # a cell that is not filled yet
        return None


def _function(value):
    """The function of a method, a property or a decorated one."""
    return getattr(value, "__func__", None) or getattr(value, "fget", None) or value


def _items(container):
    if isinstance(container, dict):
        return container.values()
    return container if isinstance(container, (tuple, list, set, frozenset)) else ()


def _is_own(item):
    """Whether an item is part of what the user wrote."""
    if item is None or isinstance(item, (ModuleType, bool)):
        return False
    if isinstance(item, CONSTANTS):
        return True
    if isinstance(item, (FunctionType, type)):
        return not is_library(item.__module__ or "")
    return type(item).__module__.partition(".")[0] not in ("builtins", "cavity") and not isinstance(item, np.ufunc)


def is_library(module):
    """Whether a module is Python's, this package's, or an installed one: it lies in a folder that is installed into."""
    root = module.partition(".")[0]
    if root == "__main__":
        return False
    if root in ("cavity", "builtins") or root in sys.stdlib_module_names:
        return True
    top = sys.modules.get(root)
    places = [*getattr(top, "__path__", ()), getattr(top, "__file__", None)]
    return bool(places[0]) and _is_installed_into(Path(places[0]).parent)


@cache
def _is_installed_into(folder):
    """Whether a folder is one of this Python's own for packages, or holds records of what pip put there."""
    own = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    return str(folder) in {*own, site.getusersitepackages()} or any(folder.glob("*.dist-info"))
