from dataclasses import dataclass

import numpy as np
import pytest

from cavity.search.identity import content_hash


class Data:
    def __init__(self, values, label="a"):
        self.values, self.label = values, label


@dataclass(slots=True)
class Slotted:
    x: float


def test_equal_content_has_an_equal_hash():
    assert content_hash(Data(np.arange(3.0))) == content_hash(Data(np.arange(3.0)))
    assert content_hash(Slotted(1.0)) == content_hash(Slotted(1.0))


@pytest.mark.parametrize(
    "one, other",
    [
        (Data(np.arange(3.0)), Data(np.arange(3.0) + 1e-15)),
        (Data(np.arange(3.0)), Data(np.arange(3.0), "b")),
        (np.zeros(4), np.zeros((2, 2))),
        (np.zeros(2, np.float32), np.zeros(2)),
        (1, 1.0),
        (1, True),
        ("a", b"a"),
        ([1, 2], [2, 1]),
        ([[1], 2], [1, [2]]),
        ({"a": 1}, {"a": 2}),
        (Slotted(1.0), Slotted(2.0)),
        (np.array(["a", None], object), np.array(["b", None], object)),
    ],
)
def test_other_content_has_another_hash(one, other):
    assert content_hash(one) != content_hash(other)


def test_sets_do_not_depend_on_their_order():
    assert content_hash({"a", "b", "c"}) == content_hash({"c", "b", "a"})


def test_an_object_that_holds_itself_ends():
    item = Data(np.zeros(1))
    item.label = item
    assert len(content_hash(item)) == 64


def test_the_source_of_a_function_is_content():
    assert content_hash(lambda x: x + 1) != content_hash(lambda x: x + 2)


def test_what_a_function_encloses_is_content():
    def adder(n):
        return lambda x: x + n

    assert content_hash(adder(1)) == content_hash(adder(1)) != content_hash(adder(2))


def test_a_class_made_anew_with_another_method_is_other_content():
    def made(likelihood):
        return type("Analysis", (), {"__module__": "notebook", "log_likelihood_function": likelihood})()

    assert content_hash(made(lambda self: 1.0)) != content_hash(made(lambda self: 2.0))
