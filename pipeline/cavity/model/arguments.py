"""What a class's constructor takes: the arguments that become parameters of a model."""

import inspect
import typing
from dataclasses import dataclass
from numbers import Real

from cavity.errors import ModelError

NOTHING = inspect.Parameter.empty


@dataclass(frozen=True)
class Argument:
    """One constructor argument.

    Parameters
    ----------
    name
        As written in the constructor.
    default
        Its Python default, or ``NOTHING``.
    annotation
        Its type annotation, or ``NOTHING``.
    keyword_only
        Whether it stands behind a ``*``.
    """

    name: str
    default: object
    annotation: object
    keyword_only: bool

    @property
    def tuple_length(self):
        """How many numbers it takes where its default or annotation is a tuple of numbers, else None."""
        if isinstance(self.default, tuple) and self.default and all(is_number(value) for value in self.default):
            return len(self.default)
        members = typing.get_args(self.annotation) if typing.get_origin(self.annotation) is tuple else ()
        if self.default is NOTHING and members and all(member in (float, int) for member in members):
            return len(members)
        return None


def constructor_arguments(cls):
    """The arguments of ``cls(...)`` by name, in order.

    A constructor that passes ``**kwargs`` on has the arguments of its base classes too.

    Raises
    ------
    ModelError
        If ``cls`` cannot be called or its constructor cannot be read.
    """
    if not callable(cls):
        raise ModelError(f"Model takes a class, got {cls!r}; to compose several components use Collection")
    try:
        signature = inspect.signature(cls)
    except (TypeError, ValueError):
        raise ModelError(
            f"the constructor of {cls.__name__} cannot be read; wrap it in a Python class whose __init__ "
            f"names its arguments"
        ) from None
    found = _named(signature.parameters.values())
    passes_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.parameters.values())
    for base in cls.__mro__[1:] if passes_on and isinstance(cls, type) else ():
        if "__init__" in vars(base) and base is not object:
            parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
            for name, argument in _named(parameters).items():
                found.setdefault(name, Argument(name, argument.default, argument.annotation, True))
            if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
                break
    return found


def is_number(value):
    """Whether a value is a number that could have been a parameter; True and False are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _named(parameters):
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {
        parameter.name: Argument(
            parameter.name, parameter.default, parameter.annotation, parameter.kind is parameter.KEYWORD_ONLY
        )
        for parameter in parameters
        if parameter.kind not in variadic
    }
