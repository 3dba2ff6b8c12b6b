"""A small study in a temporary folder, and Snakemake runs on it whose jobs are counted."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

STUDY = '''
"""Effects drawn from one population, each measured with known noise."""
import numpy as np

import cavity as cv


class Effect:
    def __init__(self, size=0.0):
        self.size = size


class Analysis(cv.Analysis):
    def __init__(self, y, sigma):
        self.y, self.sigma = y, sigma

    def log_likelihood_function(self, instance):
        return -0.5 * float(np.sum(((self.y - instance.effect.size) / self.sigma) ** 2))


population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 10.0), sigma=cv.HalfNormalPrior(10.0))


def factor(dataset):
    effect = cv.Model(Effect, size=population.drawn_variable())
    return cv.AnalysisFactor(prior_model=cv.Collection(effect=effect), analysis=Analysis(**dataset.load()))
'''

CONFIG = {
    "study": "study.py",
    "datasets": "datasets.tsv",
    "seed": 1,
    "phases": [
        {"name": "main", "inference": "ep", "search": {"name": "Laplace"}, "ep": {"tolerance": 1e-4, "max_rounds": 2}}
    ],
}


@dataclass
class Run:
    """A finished Snakemake run."""

    returncode: int
    output: str

    @property
    def jobs(self):
        """Rule -> jobs that were run."""
        return dict(Counter(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", self.output)))

    @property
    def searched(self):
        """(round, dataset) of every search that was made, not found again."""
        lines = re.findall(r"round (\d+): \d+ of \d+ searches, searched (.*)", self.output)
        return sorted((int(number), name) for number, names in lines for name in names.split(", "))


@dataclass
class Workspace:
    """A working directory with a study in it."""

    folder: Path
    root: Path = ROOT  # of the repository whose workflow runs

    @property
    def study(self):
        return self.folder / "study"

    def configure(self, **changes):
        """Change keys of the only phase, or of its ep section."""
        path = self.study / "config.yaml"
        config = yaml.safe_load(path.read_text())
        for key, value in changes.items():
            phase = config["phases"][0]
            (phase["ep"] if key in phase["ep"] else phase)[key] = value
        path.write_text(yaml.safe_dump(config))

    def add_dataset(self, name, y):
        """A row and its file."""
        (self.study / f"{name}.csv").write_text(f"y,sigma\n{y},5.0\n")
        with (self.study / "datasets.tsv").open("a") as table:
            table.write(f"{name}\t{name}.csv\n")

    def command(self, *arguments):
        own = ["--config", "study=study/config.yaml"] if "--configfile" not in arguments else []
        return [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(self.root / "Snakefile")),
            *("--directory", str(self.folder)),
            *(
                "--workflow-profile",
                str(self.root / "profiles" / "default"),
                "--cores",
                "2",
                "--quiet",
                "host",
                "reason",
            ),
            *own,
            *arguments,
        ]

    def run(self, *arguments, check=True):
        """Run the workflow to its end."""
        done = subprocess.run(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **ONE_THREAD},
        )
        assert not check or done.returncode == 0, done.stdout
        return Run(done.returncode, done.stdout)

    def interrupt(self, marker, how):
        """Start the workflow and send its process group a signal once a line contains ``marker``."""
        process = self._started()

        def end():
            os.killpg(process.pid, how) if how != signal.SIGTERM else process.send_signal(how)

        return self._watched(process, marker, end).returncode

    def while_running(self, marker, action):
        """Start the workflow and do something once a line contains ``marker``."""
        return self._watched(self._started(), marker, action)

    def _started(self):
        return subprocess.Popen(
            self.command(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, **ONE_THREAD},
        )

    def _watched(self, process, marker, action):
        lines = []
        for line in process.stdout:
            lines.append(line)
            if marker in line:
                action()
                break
        lines.append(process.stdout.read())
        return Run(process.wait(), "".join(lines))

    def published(self, phase="main"):
        """The bytes of every published file."""
        folder = self.folder / "results" / "study" / phase
        files = [folder / "summary.json", folder / "posterior.h5", *(folder / "plots").glob("*.png")]
        return {file.name: file.read_bytes() for file in files}


def make_study(folder, datasets=6, seed=3):
    """Write the study."""
    folder.mkdir(parents=True)
    (folder / "study.py").write_text(STUDY)
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    (folder / "datasets.tsv").write_text("dataset\tpath\n")
    workspace = Workspace(folder.parent)
    for index, y in enumerate(np.random.default_rng(seed).normal(4.0, 8.0, datasets)):
        workspace.add_dataset(f"d{index}", round(float(y), 3))
    return workspace


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A workspace whose two rounds are done: it stopped at the largest number of rounds."""
    workspace = make_study(tmp_path_factory.mktemp("finished") / "work" / "study")
    workspace.run()
    return workspace


@pytest.fixture
def workspace(finished, tmp_path):
    """A copy of the finished workspace, times of files included."""
    shutil.copytree(finished.folder, tmp_path / "work", symlinks=True)
    return Workspace(tmp_path / "work")


@pytest.fixture
def fresh(tmp_path):
    """The same study with nothing done."""
    return make_study(tmp_path / "work" / "study")
