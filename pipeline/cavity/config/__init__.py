"""What a config.yaml may say: models, defaults, reading, and the JSON schema made from them."""

from cavity.config.json_schema import config_schema, table_schema
from cavity.config.models import DATASET_ID, PhaseConfig, SearchConfig, StudyConfig
from cavity.config.read import read_config
from cavity.config.resolve import resolve_study

__all__ = [
    "DATASET_ID",
    "PhaseConfig",
    "SearchConfig",
    "StudyConfig",
    "config_schema",
    "read_config",
    "resolve_study",
    "table_schema",
]
