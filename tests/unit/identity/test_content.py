import copy
import re
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial, update_wrapper

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import CubicSpline
from scipy.sparse import csr_matrix
from scipy.stats import norm

from cavity.identity.content import _warn_of_unknown, content_hash


class Data:
    def __init__(self, values, label="a"):
        self.values, self.label = values, label


@dataclass(slots=True)
class Slotted:
    x: float


class InMetres(np.ndarray):
    pass


class InKilometres(np.ndarray):
    pass


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


SPLINE_X = np.linspace(0.0, 1.0, 8)


@pytest.mark.parametrize(
    "one, other",
    [
        (pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, 3.0]})),
        (pd.Series([1, 2]), pd.Series([1, 3])),
        (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 0])),
        (datetime(2020, 1, 1), datetime(2021, 1, 1)),
        (partial(max, 1), partial(max, 2)),
        (deque([1]), deque([2])),
        (range(3), range(4)),
        (Decimal("1.5"), Decimal("1.6")),
        (re.compile("a"), re.compile("b")),
        (CubicSpline(SPLINE_X, SPLINE_X), CubicSpline(SPLINE_X, SPLINE_X**2)),
        (norm(0.0, 1.0), norm(0.0, 2.0)),
        (csr_matrix(np.eye(2)), csr_matrix(2.0 * np.eye(2))),
        (np.random.default_rng(1), np.random.default_rng(2)),
        (lru_cache(lambda v: v + 1), lru_cache(lambda v: v + 2)),
        (Data(1).__init__, Data(2).__init__),
        (jnp.ones(2), jnp.zeros(2)),
        (np.zeros(2).view(InKilometres), np.zeros(2).view(InMetres)),
    ],
    ids=lambda item: type(item).__name__,
)
def test_what_a_type_keeps_to_itself_is_content(one, other):
    assert content_hash(Data(one)) != content_hash(Data(other))
    assert content_hash(Data(one)) == content_hash(Data(one))


class Scaled:
    """A decorator with a setting of its own."""

    def __init__(self, function, scale):
        update_wrapper(self, function)
        self.scale = scale


def test_a_decorator_s_own_settings_are_content():
    assert content_hash(Scaled(len, 1.0)) != content_hash(Scaled(len, 2.0))


def test_a_copy_of_a_table_has_an_equal_hash():
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})
    assert content_hash(Data(table)) == content_hash(Data(copy.deepcopy(table)))


def test_what_cannot_be_told_is_equal_to_nothing_and_said_once(caplog):
    _warn_of_unknown.cache_clear()
    lock = threading.Lock()
    assert content_hash(Data(lock)) != content_hash(Data(lock))
    assert caplog.text.count("the content of a _thread.lock cannot be told") == 1


class Forgetful(Data):
    """Leaves its values out of its copies."""

    def __getstate__(self):
        return {"label": self.label}


def test_attributes_that_copies_lack_are_content_all_the_same():
    assert content_hash(Forgetful(np.zeros(2))) != content_hash(Forgetful(np.ones(2)))


def test_draws_from_the_global_generator_change_nothing():
    before = content_hash(norm(0.0, 1.0))
    np.random.random()  # noqa: NPY002
    assert content_hash(norm(0.0, 1.0)) == before
