"""One sentence for the first thing that is wrong in a config.yaml."""

import pytest

from cavity.config.read import read_config, read_yaml, validate
from cavity.errors import ConfigError


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"sead": 1}, "sead: no such key; did you mean seed?"),
        ({"phases": [{"name": "a", "serch": {}}]}, r"phases\[0\].serch: no such key; did you mean search?"),
        ({"phases": [{"name": "a", "ep": {"tolerence": 1}}]}, "ep.tolerence: no such key; did you mean tolerance?"),
        ({"phases": [{"name": "a", "inference": "epp"}]}, r"phases\[0\].inference: must be .*; did you mean ep?"),
        ({"phases": [{"name": "a", "ep": {"datasets_per_job": 0}}]}, "should be greater than or equal to 1"),
        ({"phases": [{"name": "a"}, {"name": "a"}]}, "two phases have the name a"),
        ({"phases": [{"name": "a", "after": ["a"]}]}, r"phases\[0\].after: a names itself"),
        ({"phases": [{"name": "a", "after": ["b"]}, {"name": "b"}]}, "b does not come before a"),
        ({"phases": [{"name": "a/b"}]}, r"phases\[0\].name: must be letters"),
        ({"phases": [{}]}, r"phases\[0\].name: this key is needed"),
        ({"seed": -1}, "seed: should be greater than or equal to 0, got -1"),
    ],
)
def test_the_sentence_names_file_and_key_and_what_to_do(content, sentence):
    with pytest.raises(ConfigError, match=f"^config.yaml: .*{sentence}"):
        validate(content, "config.yaml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere.yaml: no such file"):
        read_config(tmp_path / "nowhere.yaml")


def test_a_line_that_is_not_yaml_is_named(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\nphases: [\n")
    with pytest.raises(ConfigError, match=r"config.yaml, line 3: not YAML"):
        read_yaml(path)


def test_a_key_that_is_a_list_is_an_error(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\n? [a, b]\n: 2\n")
    with pytest.raises(ConfigError, match="line 2: .*a key is a list or a mapping; keys are words"):
        read_yaml(path)


def test_merge_keys_give_what_they_merge_and_what_is_replaced(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: &a {name: x, n: 1}\nb: &b\n  <<: *a\n  n: 2\nc:\n  <<: *b\n  n: 3\n")
    assert read_yaml(path) == {"a": {"name": "x", "n": 1}, "b": {"name": "x", "n": 2}, "c": {"name": "x", "n": 3}}
    path.write_text("a: &a {n: 1}\nb: {<<: *a, n: 2, n: 3}\n")
    with pytest.raises(ConfigError, match="line 2: .*the key n is there twice"):
        read_yaml(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"seed": True}, "seed: should be a valid integer, got true"),
        ({"phases": [{"name": "a", "ep": {"tolerance": float("inf")}}]}, r"phases\[0\].ep.tolerance: .*finite"),
        ({"phases": [{"name": "a", "ep": {"tolerance": float("nan")}}]}, r"phases\[0\].ep.tolerance: .*got nan"),
        ({"phases": [{"name": "a", "ep": {"tolerance": True}}]}, r".*tolerance: should be a valid number, got true"),
        ({"phases": [{"name": "a", "ep": {"max_rounds": True}}]}, r".*max_rounds: should be a valid integer, got true"),
        (
            {"phases": [{"name": "a", "max_calls": True}]},
            r".*max_calls: .* or must be auto, got true",
        ),
    ],
)
def test_truth_values_and_infinities_are_no_numbers(content, sentence):
    with pytest.raises(ConfigError, match=f"^config.yaml: {sentence}"):
        validate(content, "config.yaml")


def test_numbers_as_yaml_reads_them_stay_numbers():
    config = validate(
        {"seed": 3, "phases": [{"name": "a", "ep": {"tolerance": "1e-4", "max_rounds": 2}}]}, "config.yaml"
    )
    assert (config.seed, config.phases[0].ep.tolerance, config.phases[0].ep.max_rounds) == (3, 1e-4, 2)


def test_a_key_given_twice_is_an_error(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\nseed: 2\n")
    with pytest.raises(ConfigError, match="line 2: .*seed is there twice"):
        read_yaml(path)


def test_a_list_is_no_configuration(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("- 1\n")
    with pytest.raises(ConfigError, match="a mapping of keys to values is needed"):
        read_yaml(path)


def test_overrides_replace_top_level_keys(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\n")
    assert read_config(path, {"seed": 5}).seed == 5
    assert read_config(path).seed == 1


@pytest.mark.parametrize("text", ["010", "1_0", "'7'", "true", "1.0"])
def test_a_seed_is_a_whole_number(tmp_path, text):
    (tmp_path / "c.yaml").write_text(f"seed: {text}\n")
    with pytest.raises(ConfigError, match="c.yaml: seed: should be a valid integer, got "):
        read_config(tmp_path / "c.yaml")
