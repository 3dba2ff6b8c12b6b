"""Write simulated datasets: data files, datasets.tsv and truth.json."""

import json
from dataclasses import fields
from pathlib import Path

from cavity.errors import ConfigError, did_you_mean


def add_arguments(parser):
    parser.add_argument("simulator", help="its name, for example gaussian_hierarchical")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same files (default: 1)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting: datasets=50")


def run(options):
    from cavity.simulate import SIMULATORS, write_simulation

    if options.simulator not in SIMULATORS:
        hint = did_you_mean(options.simulator, SIMULATORS) or f"; there are {', '.join(SIMULATORS)}"
        raise ConfigError(f"there is no simulator {options.simulator}{hint}")
    if options.seed < 0:
        raise ConfigError(f"--seed {options.seed}: a seed is a whole number of at least 0")
    kind = SIMULATORS[options.simulator]
    simulation = kind(**_settings(kind, options.set)).simulate(options.seed)
    write_simulation(simulation, options.out)
    print(f"{len(simulation.data)} datasets in {options.out}")


def _settings(kind, entries):
    """The simulator's own fields from KEY=VALUE, of the type that their default has."""
    known = {field.name: type(field.default) for field in fields(kind)}
    settings = {}
    for entry in entries:
        key, _, value = entry.partition("=")
        if key not in known:
            raise ConfigError(f"--set {entry}: no such setting of {kind.__name__}{did_you_mean(key, known)}")
        try:
            settings[key] = known[key](json.loads(value))
        except (ValueError, TypeError):
            raise ConfigError(f"--set {entry}: {key} is a number ({known[key].__name__})") from None
    return settings
