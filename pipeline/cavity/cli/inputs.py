"""Arguments that several verbs share, and what is read from them."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from cavity.errors import ConfigError, ResultError, did_you_mean

_EARLIER = "posterior.h5 of each phase that this one comes after, then cells.h5 of each grid search"


def add_study(parser):
    """The study itself: config.yaml, results folder, overrides."""
    parser.add_argument("config", type=Path, help="a config.yaml, or its folder")
    parser.add_argument("--code", help="the digest of the code that the workflow began with")
    parser.add_argument("--results", type=Path, default=Path("results"), help="where results land (default: results)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a top-level key of config.yaml with another value (JSON), for example seed=2",
    )


def add_phase(parser):
    """One phase of the study, and the results it sees."""
    add_study(parser)
    parser.add_argument("--phase", required=True, help="the phase's name")
    parser.add_argument("--earlier", type=Path, nargs="*", default=[], help=_EARLIER)


def add_part(parser):
    """One grid search, sensitivity map, comparison or interpolation, and the results it comes after."""
    add_study(parser)
    parser.add_argument("--part", required=True, help="its name")
    parser.add_argument("--earlier", type=Path, nargs="*", default=[], help=_EARLIER)


def read_part(options):
    """(study, configuration of the part, {name: result} of what it comes after) of :func:`add_part`."""
    study = read_study(options)
    if options.part not in study.config.derived:
        hint = did_you_mean(options.part, study.config.derived)
        raise ConfigError(f"{study.path}: no grid, map, comparison or interpolation is called {options.part}{hint}")
    part = study.config.derived[options.part]
    return study, part, read_earlier(study, part.name, options.earlier)


def read_study(options):
    """The study of :func:`add_study`."""
    from cavity.study import Study
    from cavity.study.identity import CHANGED

    study = Study.load(options.config, results=options.results, overrides=dict(map(_override, options.set)))
    if options.code not in (None, study.code_digest):
        raise ResultError(CHANGED.format(study.path))
    return study


def add_data(parser):
    """What the workflow knew of the data when it began."""
    parser.add_argument("--data", default="", help="the digest of the data that the workflow began with")


def check_data(options, study, datasets):
    """ResultError where the data are not those of :func:`add_data`."""
    from cavity.study.identity import CHANGED

    if options.data and study.data_digest(datasets) != options.data:
        raise ResultError(CHANGED.format(study.path))


def read_phase(options, data=""):
    """(study, phase, context) of :func:`add_phase`; ``data`` is the digest of all data where it is known."""
    study = replace(read_study(options), known_data=data)
    return study, *phase_context(study, options.phase, options.earlier)


def phase_context(study, name, earlier):
    """(phase, context) of the phase called ``name``; ``earlier`` has the posterior.h5 of each phase that it sees."""
    from cavity.study import context

    try:
        phase = study.config.phase(name)
    except KeyError as error:
        raise ConfigError(f"{study.path}: {error.args[0]}") from None
    return phase, context.phase_context(study, phase, read_earlier(study, phase.name, earlier))


def read_earlier(study, name, paths):
    """{phase or grid search: result} of everything that ``name`` comes after, from one file each."""
    from cavity.posterior.phase import PhaseResult
    from cavity.study.derived import read_cells

    phases, grids = study.config.earlier(name), study.config.earlier_grids(name)
    if len(phases) + len(grids) != len(paths):
        listed = ", ".join((*phases, *grids)) or "none"
        raise ResultError(
            f"{name} comes after: {listed}; give with --earlier the posterior.h5 of each phase, then the cells.h5 of "
            "each grid search"
        )
    results = {earlier: PhaseResult.read(path.parent) for earlier, path in zip(phases, paths)}
    return results | {grid: read_cells(path) for grid, path in zip(grids, paths[len(phases) :], strict=True)}


def tell(line):
    """A line on standard output in one write: jobs share it, and print's own newline may come after another's line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def read_sites(paths):
    """Dataset -> Searched, from the files of several shards."""
    from cavity.posterior.store import load_tree, readable
    from cavity.strategy.round import Searched, from_tree

    sites = {}
    for path in paths or ():
        with readable(path):
            sites |= {name: from_tree(Searched, tree) for name, tree in load_tree(path).items()}
    return sites


def read_state(path):
    """The round in a global.h5, or None without one."""
    from cavity.posterior.store import load_tree, readable
    from cavity.strategy.round import Round, from_tree

    if path is None:
        return None
    with readable(path):
        return from_tree(Round, load_tree(path))


def _override(entry):
    key, equals, value = entry.partition("=")
    if not equals:
        raise ConfigError(f"--set {entry}: write KEY=VALUE")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value
