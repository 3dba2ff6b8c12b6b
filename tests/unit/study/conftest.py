"""A tiny study in a temporary folder."""

import pytest

STUDY = """
import cavity as cv
from shapes import Point

population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 1.0), sigma=cv.HalfNormalPrior(1.0))


class Analysis(cv.Analysis):
    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * float(((self.y - instance.point.x) ** 2).sum())


def factor(dataset):
    point = cv.Model(Point, x=population.drawn_variable())
    return cv.AnalysisFactor(prior_model=cv.Collection(point=point), analysis=Analysis(**dataset.load()))
"""


@pytest.fixture
def folder(tmp_path):
    """The folder of a study with two datasets and a module beside study.py."""
    return write_points(tmp_path / "points")


@pytest.fixture(scope="session")
def fitted(tmp_path_factory):
    """(folder of the study, results folder) after a fit; not to be changed."""
    from cavity.study import Study

    root = tmp_path_factory.mktemp("fitted")
    Study.load(write_points(root / "points"), results=root / "results").fit()
    return root / "points", root / "results"


def write_points(folder):
    """Write the study."""
    folder.mkdir()
    (folder / "study.py").write_text(STUDY)
    (folder / "shapes.py").write_text("class Point:\n    def __init__(self, x=0.0):\n        self.x = x\n")
    (folder / "config.yaml").write_text("phases: [{name: main, search: {name: Laplace}}]\n")
    (folder / "datasets.tsv").write_text("dataset\tpath\ttime\tkind\na\ta.csv\t1\told\nb\tb.csv\t2.5\t\n")
    (folder / "a.csv").write_text("y\n1.0\n")
    (folder / "b.csv").write_text("y\n2.0\n3.0\n")
    return folder
