"""Attribute queries as objects."""

import pytest

from cavity.database.attribute import Attribute
from cavity.errors import ResultError

SIGMA = Attribute(("gaussian",)).sigma


def test_paths_are_built_by_attribute_and_by_key():
    assert str(Attribute(("lens",)).bulge["centre"]) == "lens.bulge.centre"


def test_python_own_and_is_refused():
    with pytest.raises(ResultError, match="joins conditions with & and"):
        bool((SIGMA > 1) and (SIGMA < 2))
    with pytest.raises(ResultError, match="joins conditions with & and"):
        bool(1 < SIGMA < 2)


def test_what_cannot_be_compared_is_a_sentence():
    with pytest.raises(ResultError, match="gaussian.sigma == ...: compare it with a number"):
        SIGMA == {}  # noqa: B015
    with pytest.raises(ResultError, match="== and != only"):
        SIGMA > dict  # noqa: B015
    with pytest.raises(ResultError, match="such as agg.gaussian.sigma > 3, got 3"):
        (SIGMA > 1) & 3
