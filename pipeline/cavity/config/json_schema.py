"""JSON schemas of a study's files, made from the models: editors and the workflow catalogue read them."""

from cavity.config.models import DATASET_ID, StudyConfig


def config_schema():
    """A JSON schema (draft 2020-12) as a dict; ``cavity schema`` writes it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **StudyConfig.model_json_schema(mode="validation"),
    }


def table_schema():
    """A JSON schema of one row of the table of datasets, as a dict."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "DatasetRow",
        "description": "one row of datasets.tsv; every other column is a covariate",
        "type": "object",
        "properties": {
            "dataset": {"type": "string", "pattern": f"^{DATASET_ID}$", "description": "the id, used once"},
            "path": {"type": "string", "description": "the data file, relative to the table"},
        },
        "required": ["dataset"],
    }
