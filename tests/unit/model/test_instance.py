"""Instances of collections."""

import pytest

from cavity.model import Instance


def test_parts_by_attribute_position_and_loop():
    instance = Instance(("gaussian", "1"), (3.0, "x"))
    assert instance.gaussian == instance[0] == instance["gaussian"] == 3.0
    assert list(instance) == [3.0, "x"] and len(instance) == 2 and instance[-1] == "x"
    assert repr(instance) == "Instance(gaussian=3.0, 1='x')"


def test_a_part_that_does_not_exist():
    with pytest.raises(AttributeError):
        Instance((), ()).gaussian  # noqa: B018
