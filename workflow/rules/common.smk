"""The study of this run, resolved once, and the functions that rules take their inputs from."""

import json
import re
import shlex
import sys
from pathlib import Path

ROOT = Path(workflow.current_basedir).parents[1]
sys.path.insert(0, str(ROOT / "pipeline"))  # the package of this repository; an installed one where there is none

from snakemake.logging import logger

from cavity.errors import CavityError, DamagedError
from cavity.inference import GOES_ON
from cavity.posterior.store import load_json
from cavity.study.damaged import put_aside
from cavity.study.layout import open_layout, prepare_jobs
from cavity.study.layout_parts import PartLayout

GIVEN = workflow.config_settings  # of the command line; a module may have a configuration that is not made of it
FILES = GIVEN.configfiles if all(config.get(key) == value for key, value in GIVEN.overwrite_config.items()) else ()

try:
    LAYOUT, OVERRIDES = open_layout(config, ROOT, FILES, GIVEN.config.get("study"))
    PARTS = PartLayout(LAYOUT)
    CELL_SHARDS = PARTS.shard_pattern
except CavityError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
prepare_jobs(ROOT / "pipeline")
CODE = ancient(LAYOUT.code())  # content decides, in the params of the rules: times of the user's own files do not
STUDY = shlex.join([str(LAYOUT.study.path), *(f"--set={key}={json.dumps(value)}" for key, value in OVERRIDES.items())])


# jobs say in a line what they did; "Select jobs" and "Execute 1 jobs" after each of them would drown that
logger.addFilter(lambda record: not str(record.msg).startswith(("Select jobs to", "Execute ")))


wildcard_constraints:
    study=re.escape(LAYOUT.study.name),
    run=LAYOUT.run_pattern("independent", "sequential", "joint", "ep"),
    round=r"\d{3}",
    shard=LAYOUT.shard_pattern,
    cells=CELL_SHARDS,


def phase_of(wildcards):
    """The phase of a run, for the verbs."""
    return wildcards.run.partition("/")[0]


def study_of(wildcards, output):
    """The study for the verbs; a function of output as well, so that where it lies is no reason to run again."""
    return f"{STUDY} --code={LAYOUT.study.code_digest}"


def data_of(wildcards):
    """The data files of a shard, or of all datasets; their content is in the params, as their times decide nothing."""
    return ancient(LAYOUT.data(wildcards.run, wildcards.get("shard")))


def data_digest(identifiers=None):
    """The digest of the data of some datasets, or of all; one sentence and the end where a file cannot be read."""
    try:
        return LAYOUT.data_digest(identifiers)
    except CavityError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def results_of(wildcards, output):
    """The results folder that an output lies in: a module's prefix is part of it."""
    return LAYOUT.results_of(output[0])


def before(wildcards):
    """The number of the round before this one."""
    return int(wildcards.round) - 1


def ending(wildcards):
    """How the rounds of a phase end: the tolerance and the largest number of rounds."""
    return LAYOUT.study.config.phase(phase_of(wildcards)).ep


def memory(wildcards, attempt):
    """Megabytes, twice as many after each failed attempt."""
    return 1000 * 2 ** (attempt - 1)


def minutes(wildcards, attempt):
    """Minutes, twice as many after each failed attempt."""
    return 120 * 2 ** (attempt - 1)


def last_rounds(phase):
    """Phase -> last round of a phase and of those it sees, asking the checkpoint of one round after the other."""
    last = {}
    for name in (*LAYOUT.study.config.earlier(phase), phase):
        run, number = LAYOUT.run_after(name, last), 0
        while decision(run, number) in GOES_ON:
            number += 1
        last[name] = number
    return last


def decision(run, number):
    """What the checkpoint decided after a round."""
    done = checkpoints.decide.get(study=LAYOUT.study.name, run=run, round=f"{number:03d}")
    try:
        return load_json(done.output[0])["decision"]
    except DamagedError as error:
        print(put_aside(error), file=sys.stderr)
        sys.exit(1)


def part_files(part):
    """An input function for the files of a grid search, map, comparison or interpolation."""

    def files(wildcards):
        last = {}
        for phase in LAYOUT.study.config.earlier(part):
            last.update(last_rounds(phase))
        return PARTS.published(part, last)

    return files


def last_round_files(phase):
    """An input function for the files of a phase's last round."""

    def files(wildcards):
        last = last_rounds(phase)
        return LAYOUT.published(LAYOUT.run_after(phase, last), last[phase])

    return files
