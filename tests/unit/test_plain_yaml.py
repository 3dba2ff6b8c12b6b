"""Numbers of a YAML file are plain decimals; a key that is there twice is an error."""

from math import inf

import pytest
import yaml

from cavity.errors import ConfigError
from cavity.model.defaults import read_defaults
from cavity.plain_yaml import load_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-1", 0.1),
        ("1E5", 1e5),
        ("1.e-3", 1e-3),
        (".5", 0.5),
        ("-2", -2),
        ("3.0", 3.0),
        ("+1.5e+2", 150.0),
        ("-.inf", -inf),
    ],
)
def test_a_plain_decimal_is_a_number(text, value):
    found = load_yaml(f"[{text}]")[0]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("text", ["010", "1_0", "0x1f", "1:30", "0b1", "007", "1_000.5", "1e", "e5", "."])
def test_anything_else_stays_text(text):
    assert load_yaml(f"a: {text}") == {"a": text}


def test_what_is_no_number_is_read_as_ever():
    assert load_yaml("a: true\nb: null\nc: [x, 'y']\nd: {e: f}\n") == yaml.safe_load(
        "a: true\nb: null\nc: [x, 'y']\nd: {e: f}"
    )


def test_a_key_twice_is_an_error_with_its_line():
    with pytest.raises(yaml.YAMLError, match="the key a is there twice"):
        load_yaml("a: 1\na: 2\n")


def test_default_priors_are_read_alike(tmp_path):
    path = tmp_path / "priors.yaml"
    path.write_text("Point:\n  x: {type: Gaussian, mean: 0, sigma: 1e-1}\n")
    read_defaults(path)
    path.write_text("Point:\n  x: {type: Gaussian, mean: 0, sigma: 1_0}\n")
    with pytest.raises(ConfigError, match="priors.yaml: Point.x: sigma is '1_0', no plain decimal number"):
        read_defaults(path)
