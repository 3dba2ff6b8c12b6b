"""Which study a workflow's configuration means."""

from pathlib import Path

from cavity.config.models import StudyConfig
from cavity.config.read import read_yaml
from cavity.errors import ConfigError, did_you_mean, nearest


def resolve_study(config, folder, files=(), chosen=None):
    """The config.yaml that a workflow's configuration means, and the keys it overrides.

    Where there are ``files``, the study is the one in their folder, whatever keys they have: the first file is its
    config.yaml, and later ones override it. Otherwise ``study`` is the name of a folder under ``<folder>/config`` or
    the path of a config.yaml.

    Parameters
    ----------
    config
        The workflow's configuration, a mapping: the default one, the files and the command line's keys, merged.
    folder
        The root of the repository.
    files
        Configuration files of the command line, in the order they were read.
    chosen
        The key ``study`` of the command line, where it has one.

    Returns
    -------
    (Path, dict)

    Raises
    ------
    ConfigError
        Where no study is meant, or two are.
    """
    if files:
        if chosen is not None:
            raise ConfigError(f"--configfile {files[0]} is a study, --config study={chosen} another; give one of them")
        return _study_of_files(config, [Path(file) for file in files])
    if "datasets" in config:
        raise ConfigError("datasets: a study is a file; pass it with --configfile PATH or --config study=PATH")
    keys = [key for key in StudyConfig.model_fields if key not in ("study", "datasets")]
    choice = config.get("study")
    if isinstance(choice, (bool, int, float)):
        choice = _as_typed(choice, Path(folder))
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


def _as_typed(value, folder):
    """The folder of a study whose name Snakemake read as a number or truth value, where there is exactly one."""
    places = [entry.parent for place in (folder / "config", Path()) for entry in sorted(place.glob("*/config.yaml"))]
    found = {place.resolve(): place for place in places if repr(_snakemakes(place.name)) == repr(value)}
    if len(found) != 1:
        listed = ", ".join(f"{place}" for place in found.values())
        raise ConfigError(
            f"study: Snakemake read {value!r} where the name of a study's folder was typed; give its path, "
            f"--config study=./NAME{f' (there are {listed})' if found else ''}"
        )
    return str(*found.values())


def _snakemakes(text):
    """What Snakemake makes of a text behind --config KEY=."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"True": True, "False": False}.get(text, text)


def _study_of_files(config, files):
    """The first of the files, and what later ones and the command line override."""
    import yaml

    path, own, given, snakemakes = files[0], read_yaml(files[0]), {}, {}
    for file in files:
        if file.resolve().parent != path.resolve().parent:
            raise ConfigError(
                f"--configfile: {path} and {file} lie in two folders, and a study is one folder; "
                "keep the study's and replace its keys with --config KEY=VALUE"
            )
        given.update(read_yaml(file))
        snakemakes.update(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    module = given.get("study")
    if isinstance(module, str) and not (path.parent / module).is_file():
        raise ConfigError(
            f"{path}: study: there is no file {path.parent / module}; --configfile takes a study's own config.yaml, "
            "and --config study=NAME chooses a study by its name"
        )
    keys = list(StudyConfig.model_fields)
    unknown = [key for key in config if key not in keys and key not in own]
    if unknown:
        raise ConfigError(f"{unknown[0]}: no such key{did_you_mean(unknown[0], keys)}")
    said = {key: value for key, value in config.items() if key != "study"}  # the default configuration has a study too
    said |= {key: given[key] for key in said if key in given and said[key] == snakemakes[key]}  # not as YAML 1.1 has it
    said |= {"study": module} if "study" in given else {}
    return path, {key: said[key] for key in keys if key in said and said[key] != own.get(key)}
