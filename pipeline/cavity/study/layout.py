"""Files of a study's rounds as the workflow names them: what each job reads, as pure functions of its wildcards."""

import os
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cavity.config import resolve_study
from cavity.errors import ConfigError
from cavity.inference import SEQUENTIAL
from cavity.study.identity import dataset_digest, digest, drawing_digest, settings_of
from cavity.study.shards import shards_of_phase
from cavity.study.study import Study


@dataclass(frozen=True)
class Run:
    """A phase together with the rounds in which the phases it sees ended: ``full/after-0-3``.

    Attributes
    ----------
    phase
        Its name.
    after
        The last round of each phase that it sees, in the order of the configuration.
    """

    phase: str
    after: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text):
        """The run that a folder below ``results/<study>`` means."""
        phase, _, after = text.partition("/after-")
        return cls(phase, tuple(int(number) for number in after.split("-")) if after else ())


@dataclass(frozen=True, eq=False)
class Layout:
    """Paths and inputs of a study's jobs, relative to the working directory."""

    study: Study

    @property
    def paths(self):
        """Where results land."""
        return self.study.paths

    @property
    def phases(self):
        """Names of the phases, in their order."""
        return tuple(phase.name for phase in self.study.config.phases)

    def run_pattern(self, *inferences):
        """A regular expression for the runs of phases with one of these inferences; of none where there are none."""
        phases = [phase for phase in self.study.config.phases if phase.inference in inferences]
        patterns = []
        for phase in phases:
            count = len(self.study.config.earlier(phase.name))
            after = "/after-" + "-".join([r"\d+"] * count) if count else ""
            patterns.append(re.escape(phase.name) + after)
        return "|".join(patterns) or r"no-such-phase"

    @cached_property
    def _shards(self):
        ids = [dataset.id for dataset in self.study.datasets]
        return {phase.name: shards_of_phase(phase, ids) for phase in self.study.config.phases}

    def shards(self, run):
        """Shard -> dataset ids, of a run's phase."""
        return self._shards[Run.parse(run).phase]

    @property
    def shard_pattern(self):
        """A regular expression for the names of all shards."""
        return "|".join(sorted({re.escape(name) for shards in self._shards.values() for name in shards}))

    # --- what jobs read -------------------------------------------------------------------------------------------

    def code(self):
        """study.py, the modules beside it, and the other files that it reads."""
        return [str(path) for path in self.study.sources]

    def data(self, run, shard=None):
        """The data files of a shard, or of all datasets."""
        ids = [dataset.id for dataset in self.study.datasets] if shard is None else self.shards(run)[shard]
        files = [self.study.dataset(name).path for name in ids]
        return [str(path) for path in dict.fromkeys(files) if path is not None]

    def data_digest(self, identifiers=None):
        """``Study.data_digest`` as it was when first asked for: the whole run is held to it."""
        if identifiers is None:
            identifiers = [dataset.id for dataset in self.study.datasets]
        digests = self._digests
        for name in identifiers:
            if name not in digests:
                digests[name] = dataset_digest(self.study.dataset(name))
        return digest([digests[name] for name in identifiers])

    @cached_property
    def _digests(self):
        return {}

    def drawing(self):
        """A digest of the code that draws, the study's included."""
        return digest(self.study.code_digest, drawing_digest())

    def settings(self, run):
        """What of the configuration changes a search of this run."""
        return settings_of(self.study.config, self.study.config.phase(Run.parse(run).phase))

    def sites(self, run, number):
        """The files of sites of one round, all shards; none for a joint phase."""
        run = Run.parse(run)
        if self.study.config.phase(run.phase).inference == "joint":
            return []
        return [str(self.paths.sites(run.phase, number, shard, run.after)) for shard in self._shards[run.phase]]

    def site(self, run, number, shard):
        """One shard's file of sites."""
        run = Run.parse(run)
        return str(self.paths.sites(run.phase, number, shard, run.after))

    def before(self, run, number, shard):
        """The file of the dataset before a shard's, of a sequential phase; none for the first and for other phases."""
        if self.study.config.phase(Run.parse(run).phase).inference != SEQUENTIAL:
            return []
        before = self.study.before(self.shards(run)[shard][0])
        return [] if before is None else [self.site(run, number, before)]

    def state(self, run, number):
        """The aggregate of a round."""
        run = Run.parse(run)
        return str(self.paths.state(run.phase, number, run.after))

    def states(self, run, number):
        """The aggregates of all rounds up to this one."""
        return [self.state(run, k) for k in range(int(number) + 1)]

    def round(self, run, number):
        """The folder of a round."""
        run = Run.parse(run)
        return self.paths.round(run.phase, number, run.after)

    def earlier(self, run):
        """posterior.h5 of the last round of every phase that this run sees, then cells.h5 of every grid search."""
        run = Run.parse(run)
        last = dict(zip(self.study.config.earlier(run.phase), run.after, strict=True))
        grids = self.study.config.earlier_grids(run.phase)
        return [
            *(str(self.paths.round(name, last[name], self._after(name, last)) / "posterior.h5") for name in last),
            *(str(self.paths.run(name, self._after(name, last)) / "cells.h5") for name in grids),
        ]

    def results_of(self, path):
        """The results folder that a round's file lies in, a module's prefix included."""
        return str(path).rpartition(f"results/{self.study.name}/")[0] + "results"

    # --- where the target finds the end --------------------------------------------------------------------------

    def run_after(self, phase, last):
        """The run of a phase, given phase -> last round of those before it."""
        return str(self.paths.run(phase, self._after(phase, last)).relative_to(self.paths.folder))

    def published(self, run, number):
        """What a round leaves for publishing."""
        folder = self.round(run, number)
        return [str(folder / name) for name in ("summary.json", "posterior.h5", "plots")]

    def _after(self, phase, last):
        return tuple(last[name] for name in self.study.config.earlier(phase))


def open_layout(config, root, files=(), chosen=None):
    """The study that a workflow's configuration means, for the workflow.

    Parameters
    ----------
    config
        The workflow's configuration.
    root
        The folder of the repository: studies are found by name in its ``config``.
    files
        Configuration files of the command line.
    chosen
        The key ``study`` of the command line, where it has one.

    Returns
    -------
    (Layout, dict)
        Paths relative to the working directory where they can be, and the keys that the configuration overrides.

    Raises
    ------
    ConfigError
        Where no study is meant, or two are, or a name has braces.
    """
    path, overrides = resolve_study(config, root, files, chosen)
    path = path.absolute()
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    layout = Layout(Study.load(path, overrides=overrides))
    for name in (layout.study.name, *layout.data("")):
        if set(name) & set("{}"):
            raise ConfigError(f"{path}: {name}: braces mean a pattern to Snakemake; rename it, or fit with cavity run")
    return layout, overrides


def prepare_jobs(pipeline):
    """Let jobs find the Python that runs the workflow, and the package of its repository where there is one."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if pipeline.is_dir():
        known = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(pipeline), known] if known else [str(pipeline)])
