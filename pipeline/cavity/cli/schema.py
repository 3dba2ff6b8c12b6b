"""Write the JSON schemas of a config.yaml and of a table of datasets."""

import json
from pathlib import Path


def add_arguments(parser):
    parser.add_argument("--out", type=Path, help="a folder; the configuration's schema is printed without it")


def run(options):
    from cavity.config import config_schema, table_schema

    if options.out is None:
        print(json.dumps(config_schema(), indent=1))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    for name, schema in (("config", config_schema()), ("datasets", table_schema())):
        (options.out / f"{name}.schema.json").write_text(json.dumps(schema, indent=1) + "\n", encoding="utf-8")
