"""A small study with a grid search, a sensitivity map, a comparison and an interpolation."""

import re

import yaml

STUDY = '''
"""Levels and slopes of three short series."""
from pathlib import Path

import numpy as np

import cavity as cv


class Level:
    def __init__(self, height=0.0):
        self.height = height

    def values(self, x):
        return np.full(len(x), self.height)


class Slope:
    def __init__(self, steepness=0.0):
        self.steepness = steepness

    def values(self, x):
        return self.steepness * x


class Analysis(cv.Analysis):
    def __init__(self, x, y):
        self.x, self.y = x, y

    def log_likelihood_function(self, instance):
        parts = list(instance)
        if Path(__file__).with_name("broken").exists() and parts[0].height > 5.0:
            raise RuntimeError("a detector is off")
        return -0.5 * float(np.sum((self.y - sum(part.values(self.x) for part in parts)) ** 2))


def level(dataset):
    model = cv.Collection(level=cv.Model(Level, height=cv.UniformPrior(0.0, 10.0)))
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


def sloped(dataset):
    model = cv.Collection(level=cv.Model(Level, height=cv.UniformPrior(0.0, 10.0)),
                          slope=cv.Model(Slope, steepness=cv.GaussianPrior(0.0, 2.0)))
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


def last(dataset, previous):
    model = previous["heights"].model_within(sds=8.0)
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


def perturbation(dataset):
    return cv.Model(Slope, steepness=cv.GaussianPrior(0.0, 2.0))


def simulate(instance, dataset, rng):
    x = dataset.load()["x"]
    return {"x": x, "y": sum(part.values(x) for part in instance) + rng.normal(0.0, 1.0, len(x))}
'''

LAST = {"name": "last", "factor": "last", "inference": "independent", "search": {"name": "Laplace"}}
CONFIG = {
    "study": "study.py",
    "datasets": "datasets.tsv",
    "seed": 1,
    "phases": [
        {"name": "flat", "factor": "level", "inference": "independent", "search": {"name": "Laplace"}},
        {"name": "tilted", "factor": "sloped", "inference": "independent", "search": {"name": "Laplace"}, "after": []},
        {**LAST, "after": ["heights"]},
    ],
    "grid_searches": [{"name": "heights", "phase": "tilted", "parameters": {"level.height": [0, 2.5, 5, 10]}}],
    "sensitivity_maps": [
        {"name": "map", "phase": "flat", "dataset": "s1", "parameters": {"steepness": {"values": [0.0, 1.0, 2.0]}}}
    ],
    "comparisons": [{"name": "models", "phases": ["flat", "tilted"]}],
    "interpolations": [{"name": "over_time", "phase": "tilted", "covariate": "time"}],
}
SERIES = {"s1": (0.0, 4.0, 0.5), "s2": (1.0, 6.0, 0.0), "s3": (2.0, 3.0, -0.4)}


def write_series(study, name, height, slope):
    """The file of one dataset."""
    rows = [f"{x},{height + slope * x + 0.3 * (-1) ** x}" for x in range(-3, 4)]
    (study / f"{name}.csv").write_text("x,y\n" + "\n".join(rows) + "\n")


def write_study(workspace):
    """Put this study in place of the workspace's own."""
    study = workspace.study
    (study / "study.py").write_text(STUDY)
    configure(workspace, CONFIG)
    lines = ["dataset\tpath\ttime"]
    for name, (time, height, slope) in SERIES.items():
        write_series(study, name, height, slope)
        lines.append(f"{name}\t{name}.csv\t{time}")
    (study / "datasets.tsv").write_text("\n".join(lines) + "\n")


def configure(workspace, config):
    """Write a configuration."""
    (workspace.study / "config.yaml").write_text(yaml.safe_dump(config))


def fitted(run, part):
    """dataset:cell of every cell that was fitted, not found again."""
    lines = re.findall(rf"{part}: fitted (.*)", run.output)
    return sorted(name for line in lines for name in line.split(", "))
