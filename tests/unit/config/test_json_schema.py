"""The JSON schema is the models': the file in the repository is what `cavity schema` writes, and it judges alike."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from cavity.config import config_schema, table_schema
from cavity.config.read import validate
from cavity.errors import ConfigError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("name", "schema"), [("config", config_schema()), ("datasets", table_schema())])
def test_the_file_in_the_repository_is_the_schema(name, schema):
    assert json.loads((ROOT / "workflow" / "schemas" / f"{name}.schema.json").read_text()) == schema


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*/config.yaml")), ids=lambda path: path.parent.name)
def test_every_study_of_the_repository_holds_to_it(path):
    content = yaml.safe_load(path.read_text())
    jsonschema.validate(content, config_schema())
    validate(content, path)


@pytest.mark.parametrize(
    "content",
    [{"sead": 1}, {"seed": -1}, {"phases": []}, {"phases": [{"name": "a b"}]}, {"phases": [{"name": "a", "ep": 3}]}],
)
def test_what_the_models_refuse_the_schema_refuses(content):
    with pytest.raises(ConfigError):
        validate(content, "config.yaml")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, config_schema())
