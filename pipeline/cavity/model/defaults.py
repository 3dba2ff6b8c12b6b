"""Default priors by class and argument, from a study's priors.yaml, with what prior passing and plots need.

Gaussian:                                   # a class, or module.Class; subclasses inherit
  centre:
    type: Uniform                           # any prior, with or without "Prior"; or Constant with a value
    lower_limit: 0.0
    upper_limit: 100.0
    width_modifier: {type: Absolute, value: 20.0}     # prior passing: sigma is never below; or Relative to the mean
    limits: {lower: 0.0, upper: 100.0}                # prior passing: where the new prior is cut
    label: x_0                                        # LaTeX
    unit: pixel
"""

import math
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from cavity.errors import ConfigError, PriorError, did_you_mean
from cavity.model.node import MISSING
from cavity.plain_yaml import load_yaml, plain_number
from cavity.prior import prior_from_dict

SETTINGS = ("width_modifier", "limits", "label", "unit")
_active = ContextVar("default_priors", default=())


@dataclass(frozen=True)
class Settings:
    """What is known of an argument besides its prior.

    Parameters
    ----------
    width, width_is_relative
        The least sigma of a passed prior; relative to the magnitude of its mean, or in the parameter's own unit.
    lower_limit, upper_limit
        Where a passed prior is cut; None keeps the limits of the prior that was fitted.
    label, unit
        LaTeX without dollars; text.
    """

    width: float = 0.0
    width_is_relative: bool = False
    lower_limit: float | None = None
    upper_limit: float | None = None
    label: str = ""
    unit: str = ""

    def least_sigma(self, mean):
        """The floor of a passed prior's sigma."""
        return self.width * abs(mean) if self.width_is_relative else self.width


class default_priors:
    """Give models composed from here on their default priors; in a ``with`` block, those composed in the block.

    Calls nest; the last that knows an argument decides.

    Parameters
    ----------
    source
        Path of a priors.yaml, or the mapping that such a file holds.

    Raises
    ------
    ConfigError
        If an entry has an unknown key or prior, naming the class and argument.
    """

    def __init__(self, source):
        self._token = _active.set((read_defaults(source), *_active.get()))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _active.reset(self._token)


def read_defaults(source):
    """``{class: {argument: entry}}`` from a path or a mapping, every entry checked."""
    where, table = ("default priors", source) if isinstance(source, Mapping) else (str(source), _read_yaml(source))
    for cls, arguments in (table or {}).items():
        if not isinstance(arguments, Mapping):
            raise ConfigError(f"{where}: {cls} must have its arguments beneath it")
        for argument, entry in arguments.items():
            _value_and_settings(entry, f"{where}: {cls}.{argument}")
    return dict(table or {})


def default_of(cls, argument):
    """(a new prior, a constant, or MISSING; the Settings) for one argument of a class.

    The enclosing ``default_priors`` are asked first, then the class's own ``default_priors`` attribute, each for the
    class itself and for its bases.
    """
    lineage = cls.__mro__ if isinstance(cls, type) else (cls,)
    tables = [table.get(key, {}) for table in _active.get() for base in lineage for key in _keys(base)]
    for table in (*tables, getattr(cls, "default_priors", {})):
        if argument in table:
            return _value_and_settings(table[argument], f"default prior of {cls.__name__}.{argument}")
    return MISSING, Settings()


def _keys(cls):
    return f"{cls.__module__}.{cls.__qualname__}", cls.__name__


def _value_and_settings(entry, where):
    if not isinstance(entry, Mapping) or "type" not in entry:
        raise ConfigError(f"{where}: needs a type, such as {{type: Uniform, lower_limit: 0.0, upper_limit: 1.0}}")
    prior = {key: value for key, value in entry.items() if key not in SETTINGS}
    try:
        _refuse_texts_of_digits(entry)
        value = float(prior["value"]) if prior["type"] == "Constant" else prior_from_dict(prior)
        return value, _settings(entry)
    except (PriorError, KeyError, TypeError, ValueError) as error:
        keys = [key for key in entry if key not in ("type", *SETTINGS)]
        hint = next(filter(None, (did_you_mean(key, SETTINGS) for key in keys)), "")
        raise ConfigError(f"{where}: {error}{'' if 'did you mean' in str(error) else hint}") from None


def _refuse_texts_of_digits(entry):
    """1_0 and 010 are texts, of which float() would make numbers."""
    for key, value in entry.items():
        if isinstance(value, Mapping):
            _refuse_texts_of_digits(value)
        elif (
            key not in ("label", "unit") and isinstance(plain_number(value), str) and value.lstrip("+-.")[:1].isdigit()
        ):
            raise ValueError(f"{key} is {value!r}, no plain decimal number")


def _settings(entry):
    width = entry.get("width_modifier", {"type": "Absolute", "value": 0.0})
    if width["type"] not in ("Absolute", "Relative"):
        raise ValueError(f"width_modifier.type is Absolute or Relative, got {width['type']}")
    limits = {side: float(value) for side, value in entry.get("limits", {}).items()}
    if set(limits) - {"lower", "upper"}:
        raise ValueError(f"limits has lower and upper, got {', '.join(limits)}")
    if not limits.get("lower", -math.inf) < limits.get("upper", math.inf):
        raise ValueError(f"limits needs lower < upper, got {limits['lower']} and {limits['upper']}")
    return Settings(
        float(width["value"]),
        width["type"] == "Relative",
        limits.get("lower"),
        limits.get("upper"),
        str(entry.get("label", "")),
        str(entry.get("unit", "")),
    )


def _read_yaml(path):
    import yaml

    path = Path(path)
    if not path.is_file():
        raise ConfigError(f"{path}: no such file of default priors")
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
