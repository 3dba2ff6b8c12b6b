"""Grids, maps, comparisons and interpolations in a config.yaml, and the chain they form with the phases."""

import pytest
from pydantic import ValidationError

from cavity.config.part_keys import FunctionName, PhaseName, Section
from cavity.config.read import validate
from cavity.errors import ConfigError


def grid(**changes):
    return {"name": "g", "phase": "main", "parameters": {"x": 2}, **changes}


@pytest.mark.parametrize("cut", [1, 5, [0.0, 1.0], [0, 1, 3.5], {"values": [1.0]}])
def test_what_a_cut_may_be(cut):
    config = validate({"grid_searches": [grid(parameters={"x": cut})]}, "c.yaml")
    assert config.grid_searches[0].parameters == {"x": cut}
    assert config.derived["g"].cells_per_job == "auto"


WRONG = [0, -1, 1.5, True, "a", [1.0], [1.0, 1.0], [2.0, 1.0], {"values": []}, {"value": [1]}]


@pytest.mark.parametrize("cut", WRONG)
def test_a_wrong_cut_is_one_sentence(cut):
    with pytest.raises(ConfigError, match=r"^c.yaml: grid_searches\[0\].parameters.x: give a") as caught:
        validate({"grid_searches": [grid(parameters={"x": cut})]}, "c.yaml")
    assert "\n" not in str(caught.value) and f"got {cut!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"grid_searches": [grid(phase="mian")]}, "grid_searches[0].phase: there is no phase mian; there are main"),
        ({"grid_searches": [grid(name="main")]}, "grid_searches[0].name: there is a main already"),
        ({"grid_searches": [grid(parametrs={})]}, "grid_searches[0].parametrs: no such key; did you mean parameters?"),
        ({"grid_searches": [grid(parameters={})]}, "parameters: the mapping should have at least 1 item"),
        ({"sensitivity_maps": [grid(simulate="2")]}, "sensitivity_maps[0].simulate: must be letters"),
        ({"comparisons": [{"name": "c", "phases": ["main"]}]}, "phases: the list should have at least 2"),
        ({"comparisons": [{"name": "c", "phases": ["main", "b"]}]}, "comparisons[0].phases: there is no phase b"),
        ({"interpolations": [{"name": "i", "phase": "main"}]}, "interpolations[0].covariate: this key is needed"),
        (
            {"interpolations": [{"name": "i", "phase": "main", "covariate": "t", "kind": "cubic"}]},
            "interpolations[0].kind: must be linear or spline, got 'cubic'",
        ),
        ({"phases": [{"name": "main", "after": ["g"]}], "grid_searches": [grid()]}, "a cycle cannot run"),
        ({"phases": [{"name": "main", "after": ["main"]}]}, "phases[0].after: main names itself"),
        (
            {"phases": [{"name": "main"}, {"name": "b", "after": ["h"]}], "grid_searches": [grid()]},
            "phases[1].after: there is no phase or grid search h; there are main, b, g",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(content, sentence):
    with pytest.raises(ConfigError) as caught:
        validate(content, "c.yaml")
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_what_comes_before_what():
    phases = [{"name": "a"}, {"name": "b"}, {"name": "c", "after": ["g"]}, {"name": "d", "after": ["c"]}]
    config = validate(
        {
            "phases": phases,
            "grid_searches": [grid(phase="b")],
            "comparisons": [{"name": "m", "phases": ["b", "d"]}],
            "sensitivity_maps": [grid(name="s", phase="a")],
        },
        "c.yaml",
    )
    assert config.earlier("g") == ("a",) and config.earlier("c") == ("a",), "a grid sees what its phase sees"
    assert config.earlier("d") == ("a", "c") and config.earlier_grids("d") == ("g",)
    assert config.earlier("m") == ("a", "b", "c", "d") and config.earlier("s") == ("a",)
    assert config.earlier_grids("b") == ()


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
