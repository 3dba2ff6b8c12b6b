"""Levels of a config.yaml: strict, and not changed after reading."""

import pytest
from pydantic import ValidationError

from cavity.config.section import FunctionName, PhaseName, Section


class Level(Section):
    """Two names."""

    name: PhaseName = "main"
    function: FunctionName = "factor"


def test_unknown_keys_and_changes_are_refused():
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Level(nmae="a")
    with pytest.raises(ValidationError, match="frozen"):
        Level().name = "b"


@pytest.mark.parametrize("content", [{"name": "1a"}, {"name": "a/b"}, {"name": "a-b"}, {"function": "f()"}])
def test_names_are_letters_digits_and_underscores(content):
    with pytest.raises(ValidationError, match="string_pattern_mismatch"):
        Level(**content)
