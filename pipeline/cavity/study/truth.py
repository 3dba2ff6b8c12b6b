"""The true parameters of a simulated study, where it keeps them beside its config.yaml."""

import json


def truth_of(study):
    """{parameter: true value} of ``truth.json``, or an empty dict: for dashed lines in plots, never for a fit."""
    path = study.folder / "truth.json"
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {name: float(value) for name, value in content.items() if isinstance(value, (int, float))}
