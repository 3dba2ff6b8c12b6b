"""Constructor arguments."""

import functools
import typing
from dataclasses import dataclass, field

import pytest

from cavity.errors import ModelError
from cavity.model.arguments import NOTHING, constructor_arguments, is_number


class Base:
    def __init__(self, centre=0.0, sigma=1.0):
        self.centre, self.sigma = centre, sigma


class Derived(Base):
    def __init__(self, kurtosis, *, scale=2.0, **rest):
        super().__init__(**rest)
        self.kurtosis, self.scale = kurtosis, scale


@dataclass
class Data:
    centre: tuple[float, float]
    angle: float = 0.0
    parts: list = field(default_factory=list)


def test_names_and_defaults_in_order():
    arguments = constructor_arguments(Base)
    assert list(arguments) == ["centre", "sigma"]
    assert arguments["sigma"].default == 1.0 and not arguments["sigma"].keyword_only


def test_passed_on_keywords_bring_the_bases_arguments():
    arguments = constructor_arguments(Derived)
    assert list(arguments) == ["kurtosis", "scale", "centre", "sigma"]
    assert arguments["kurtosis"].default is NOTHING
    assert arguments["scale"].keyword_only and arguments["centre"].keyword_only


def test_tuples_are_told_by_default_or_annotation():
    assert constructor_arguments(Data)["centre"].tuple_length == 2
    assert constructor_arguments(Data)["angle"].tuple_length is None

    class Old:
        def __init__(self, centre=(0.0, 0.0, 0.0), names=("a", "b"), pair: typing.Tuple[float, float] = None): ...  # noqa: UP006

    lengths = {name: argument.tuple_length for name, argument in constructor_arguments(Old).items()}
    assert lengths == {"centre": 3, "names": None, "pair": None}


def test_a_function_is_read_too():
    assert list(constructor_arguments(functools.partial(Base, centre=1.0))) == ["centre", "sigma"]


@pytest.mark.parametrize("wrong", [3.0, "Gaussian", None])
def test_what_cannot_be_called_is_refused(wrong):
    with pytest.raises(ModelError, match="Model takes a class"):
        constructor_arguments(wrong)


def test_true_is_not_a_number():
    assert is_number(1) and is_number(2.0) and not is_number(True) and not is_number("1")
