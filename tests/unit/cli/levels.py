"""A study of two levels with a grid and an interpolation, and the verbs that make its parts."""

from cavity.cli import main

STUDY = """
import cavity as cv


class Level:
    def __init__(self, height=0.0):
        self.height = height


class Analysis(cv.Analysis):
    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * float(((self.y - instance.level.height) ** 2).sum())


def factor(dataset):
    model = cv.Collection(level=cv.Model(Level, height=cv.UniformPrior(0.0, 10.0)))
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))
"""
CONFIG = """
phases: [{name: main, inference: independent, search: {name: Laplace}}]
grid_searches: [{name: grid, phase: main, dataset: a, parameters: {level.height: 2}}]
interpolations: [{name: curve, phase: main, covariate: time}]
"""


def write_levels(folder):
    """Write the study and return its folder."""
    folder.mkdir()
    (folder / "study.py").write_text(STUDY)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "datasets.tsv").write_text("dataset\tpath\ttime\na\ta.csv\t1\nb\tb.csv\t2\n")
    (folder / "a.csv").write_text("y\n3.0\n3.2\n")
    (folder / "b.csv").write_text("y\n8.0\n8.1\n")
    return folder


def verb(name, folder, *arguments):
    """Run one verb on the study, its results beside it."""
    return main([name, str(folder), "--results", str(folder.parent / "results"), *map(str, arguments)])


def fit_cells(folder):
    """Every shard's file of the grid."""
    from cavity.study.shards import cell_shards

    files = []
    for shard in cell_shards(("a",), {"level.height": 2}):
        files.append(folder.parent / "cells" / f"{shard}.h5")
        assert verb("cells", folder, "--part", "grid", "--shard", shard, "--out", files[-1]) == 0
    return files
