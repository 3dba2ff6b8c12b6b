"""A study that can be spoilt, and the two ways to run it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

STUDY = """
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
"""


@dataclass
class Spoilt:
    """A study's folder in a working directory."""

    folder: Path

    def replace(self, name, old, new):
        """Spoil one file."""
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new))

    def snakemake(self, *arguments):
        """(exit code, everything printed) of a run of the workflow."""
        return self.workflow("--config", f"study={self.folder}", *arguments)

    def workflow(self, *arguments):
        """The same with the study named by the arguments."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"),
                *("--directory", str(self.folder.parent), *arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        return done.returncode, done.stdout


@pytest.fixture
def study(tmp_path):
    """Three datasets with nothing wrong."""
    folder = tmp_path / "work" / "effects"
    folder.mkdir(parents=True)
    (folder / "study.py").write_text(STUDY)
    (folder / "config.yaml").write_text("phases:\n  - {name: main, search: {name: Laplace}, ep: {max_rounds: 2}}\n")
    (folder / "datasets.tsv").write_text("dataset\tpath\na\ta.csv\nb\tb.csv\nc\tc.csv\n")
    for name, y in zip("abc", (1.0, 4.0, 9.0)):
        (folder / f"{name}.csv").write_text(f"y,sigma\n{y},2.0\n")
    return Spoilt(folder)
