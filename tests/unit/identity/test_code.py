"""What code a likelihood depends on."""

import sys

import numpy as np
import pytest

from cavity.identity.code import code_behind, is_library

SHAPES = """
WIDTH = 2.0

def narrow(x):
    return x / WIDTH

class Base:
    def scaled(self, x):
        return narrow(x)
"""
USER = """
import numpy as np
import shapes_of_test
from shapes_of_test import Base

TABLE = {"a": 1.0}

def unused():
    return 3.0

def helper(x):
    return np.sum(x) + TABLE["a"]

class Analysis(Base):
    @property
    def total(self):
        return [helper(x) for x in (1.0, 2.0)]

    @staticmethod
    def other():
        return shapes_of_test.narrow(1.0)
"""


@pytest.fixture
def user(tmp_path, monkeypatch):
    (tmp_path / "shapes_of_test.py").write_text(SHAPES)
    (tmp_path / "user_of_test.py").write_text(USER)
    monkeypatch.syspath_prepend(tmp_path)
    import user_of_test

    yield user_of_test
    for name in ("user_of_test", "shapes_of_test"):
        del sys.modules[name]


def test_functions_classes_and_constants_are_followed(user):
    found = code_behind(user.Analysis)
    shapes = sys.modules["shapes_of_test"]
    for item in (user.Analysis, user.helper, user.TABLE, shapes.Base, shapes.narrow, shapes.WIDTH):
        assert any(item is other for other in found)
    assert not any(other is user.unused for other in found)
    assert len({id(item) for item in found}) == len(found)


def test_what_is_installed_is_not_looked_into():
    def function(x):
        return np.linalg.norm(x) + pytest.approx(1.0)

    assert code_behind(function, np.linalg.norm, pytest.raises, dict) == (function,)


def test_an_instance_brings_its_class_and_what_it_holds(user):
    analysis = user.Analysis()
    analysis.inner = user.unused
    found = code_behind(analysis)
    assert found[0] is analysis and user.Analysis in found and any(item is user.unused for item in found)


def test_functions_that_call_each_other_end():
    def one(x):
        return two(x)

    def two(x):
        return one(x)

    assert set(code_behind(one)) == {one, two}


def test_tables_and_compiled_functions_of_a_module_are_code(tmp_path, monkeypatch):
    (tmp_path / "tabled.py").write_text(
        "import functools\nimport pandas as pd\n\nTABLE = pd.DataFrame({'a': [1.0]})\n\n"
        "@functools.lru_cache\ndef cached(x):\n    return x\n\n"
        "def likelihood(x):\n    return cached(x) + TABLE.a.sum()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import tabled

    found = code_behind(tabled.likelihood)
    assert any(item is tabled.TABLE for item in found)
    assert any(item is tabled.cached.__wrapped__ for item in found)


@pytest.mark.parametrize(("record", "installed"), [(None, False), ("shapes-1.0.dist-info", True)])
def test_a_module_is_installed_where_pip_put_it_whatever_the_folder_is_called(tmp_path, monkeypatch, record, installed):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "shapes_in_a_folder.py").write_text(SHAPES)
    if record:
        (folder / record).mkdir()
    monkeypatch.syspath_prepend(folder)
    import shapes_in_a_folder

    assert is_library("shapes_in_a_folder") is installed
    assert bool(code_behind(shapes_in_a_folder.Base)) is not installed
    del sys.modules["shapes_in_a_folder"]


def test_what_this_python_has_installed_is_a_library_and_a_test_is_not():
    assert is_library("numpy.linalg") and is_library("pytest") and is_library("json")
    assert not is_library("__main__") and not is_library(__name__)
