"""Which study a workflow's configuration means."""

from pathlib import Path

from cavity.config.models import StudyConfig
from cavity.config.read import read_yaml
from cavity.errors import ConfigError, did_you_mean, nearest


def resolve_study(config, folder, files=()):
    """The config.yaml that a workflow's configuration means, and the keys it overrides.

    A configuration with ``datasets`` is a study itself and comes from the last of ``files``; otherwise ``study`` is the
    name of a folder under ``<folder>/config`` or the path of a config.yaml.

    Parameters
    ----------
    config
        The workflow's configuration, a mapping.
    folder
        The root of the repository.
    files
        Configuration files, in the order they were read.

    Returns
    -------
    (Path, dict)
    """
    keys = [key for key in StudyConfig.model_fields if key not in ("study", "datasets")]
    if "datasets" in config:
        if not files:
            raise ConfigError("datasets: a study is a file; pass it with --configfile PATH or --config study=PATH")
        path, own = Path(files[-1]), read_yaml(files[-1])
        return path, {key: config[key] for key in keys if key in config and config[key] != own.get(key)}
    choice = config.get("study")
    if not isinstance(choice, str) or not choice:
        raise ConfigError("study: name a folder under config/ or the path of a config.yaml")
    unknown = [key for key in config if key not in (*keys, "study")]
    if unknown:
        raise ConfigError(f"{unknown[0]}: no such key{did_you_mean(unknown[0], [*keys, 'study'])}")
    named = Path(folder) / "config" / choice / "config.yaml"
    path = named if named.is_file() else Path(choice)
    if path.is_dir():
        path = path / "config.yaml"
    if not path.is_file():
        known = sorted(entry.parent.name for entry in (Path(folder) / "config").glob("*/config.yaml"))
        near = nearest(choice, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}, or give the path of a config.yaml"
        raise ConfigError(f"study {choice}: no such study; {hint}")
    return path, {key: config[key] for key in keys if key in config}
