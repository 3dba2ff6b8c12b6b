"""Reading a config.yaml: YAML, overrides, validation, and one sentence for the first thing that is wrong."""

from pathlib import Path

from pydantic import BaseModel, ValidationError

from cavity.config.models import StudyConfig
from cavity.errors import ConfigError, did_you_mean
from cavity.plain_yaml import load_yaml


def read_yaml(path):
    """The mapping in a YAML file; ConfigError where it cannot be read or is something else."""
    import yaml

    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"{path}: no such file; give the path of a config.yaml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    try:
        content = load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"{path}{where}: not YAML ({getattr(error, 'problem', None) or error})") from None
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: a mapping of keys to values is needed, found a {type(content).__name__}")
    return content


def read_config(path, overrides=None):
    """A validated :class:`StudyConfig`.

    Parameters
    ----------
    path
        A config.yaml.
    overrides
        Top-level keys that replace those of the file.

    Raises
    ------
    ConfigError
        One sentence: file, key, what is wrong, and the nearest key where a word is unknown.
    """
    content = {**read_yaml(path), **(overrides or {})}
    return validate(content, path)


def validate(content, path):
    """A mapping as a :class:`StudyConfig`; ``path`` is what errors name."""
    try:
        return StudyConfig.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_sentence(error.errors(include_url=False))}") from None


def _sentence(errors):
    """What pydantic found first, in this project's words: key, what is wrong, what to do."""
    first = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
    where = _key(first["loc"])
    kinds = [error for error in errors if _key(error["loc"]) == where]  # the branches of a union speak together
    return f"{where}: " * bool(where) + " or ".join(dict.fromkeys(_complaint(error) for error in kinds)) + _given(first)


def _complaint(error):
    """One error without its place."""
    kind = error["type"]
    if kind == "extra_forbidden":
        known = _fields(error["loc"][:-1])
        return "no such key" + (did_you_mean(error["loc"][-1], known) or f"; the keys are {', '.join(known)}")
    if kind == "missing":
        return "this key is needed"
    if kind == "literal_error":
        return f"must be {error['ctx']['expected']}".replace("'", "")
    if kind == "string_pattern_mismatch":
        return "must be letters, digits and underscores, a letter first"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    for theirs, ours in _THEIR_WORDS.items():
        error["msg"] = error["msg"].replace(theirs, ours)
    return error["msg"].removeprefix("Input ").split(" after validation")[0]


def _given(error):
    """', got x' with the nearest choice, where the value says more than the key."""
    if error["type"] in ("extra_forbidden", "missing", "value_error"):
        return ""
    choices = str(error.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    given = str(error["input"]).lower() if isinstance(error["input"], bool) else repr(error["input"])
    return f", got {given}" + did_you_mean(error["input"], choices)


_THEIR_WORDS = {
    "tuple": "list",
    "Tuple": "the list",
    "dictionary": "mapping",
    "Dictionary": "the mapping",
    " or instance of SearchConfig": "",
}
_BRANCHES = ("literal[", "constrained-", "function-", "list[")


def _key(location):
    """('phases', 1, 'ep', 'tolerance') -> 'phases[1].ep.tolerance'; the branches of a union are left out."""
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part}]"
        elif not part.startswith(_BRANCHES) and part not in ("int", "float"):
            key += f".{part}" if key else part
    return key


def _fields(location):
    """The keys that the model at ``location`` knows."""
    model = StudyConfig
    for part in location:
        if isinstance(part, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        annotation = model.model_fields[part].annotation
        inner = [kind for kind in (annotation, *getattr(annotation, "__args__", ())) if isinstance(kind, type)]
        model = next((kind for kind in inner if issubclass(kind, BaseModel)), model)
    return list(model.model_fields)
