"""The JSON schema of a config.yaml, made from the models: editors and the workflow catalogue read it."""
from cavity.config.models import StudyConfig


def config_schema():
    """A JSON schema (draft 2020-12) as a dict; ``cavity schema`` writes it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **StudyConfig.model_json_schema(mode="validation"),
    }
