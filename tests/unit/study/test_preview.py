"""A look at a study before it runs."""

import sys

import numpy as np
import pytest

from cavity.cli.main import main
from cavity.errors import CavityError, GraphError, LikelihoodError
from cavity.study import Study
from cavity.study.context import phase_context
from cavity.study.look import middle
from cavity.study.preview import check_phase

from .test_derived import write_levels

GROUPS = """
import cavity as cv


class Analysis(cv.Analysis):
    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * (self.y - instance.theta) ** 2


population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(7.0, 9.0), sigma=cv.HalfNormalPrior(5.0))
within = cv.HalfNormalPrior(1.0)


@cv.plate("patient")
def patient(key):
    rate = population.drawn_variable(upper_limit=4.0 if key == "p2" else float("inf"))
    organ = cv.HierarchicalFactor(cv.GaussianPrior, mean=rate, sigma=within)
    return cv.Collection(rate=rate, organ=organ.drawn_variable())


def factor(dataset):
    organ = patient(dataset.patient).organ
    group = cv.HierarchicalFactor(cv.GaussianPrior, mean=organ + dataset.shift, sigma=within)
    return cv.AnalysisFactor(cv.Collection(theta=group.drawn_variable(), organ=organ), Analysis(dataset.y))
"""


@pytest.fixture
def groups(tmp_path):
    """A study whose datasets are drawn from what is drawn in a group, itself drawn from what is drawn."""
    (tmp_path / "study.py").write_text(GROUPS)
    (tmp_path / "config.yaml").write_text("phases: [{name: main, search: {name: Laplace}}]\n")
    (tmp_path / "datasets.tsv").write_text("dataset\tpatient\tshift\ty\na\tp1\t1\t6.5\nb\tp2\t2\t5.5\n")
    return tmp_path


@pytest.fixture
def levels(tmp_path):
    """A study with a grid search and a sensitivity map."""
    return write_levels(tmp_path / "levels")


def check(folder):
    study = Study.load(folder)
    return check_phase(study, phase_context(study, study.config.phase("main")))


def test_it_says_what_is_shared_drawn_and_what_it_costs(folder):
    text = check(folder)
    assert text.startswith("points, phase main: 2 datasets, ep")
    for part in ("shared   population.mean", "drawn    point.x", "in 2 datasets", " ms"):
        assert part in text


def test_a_likelihood_that_is_not_a_number_names_the_dataset(folder):
    (folder / "b.csv").write_text("y\nnan\n")
    with pytest.raises(LikelihoodError, match="dataset b: .*point.x"):
        check(folder)


def test_a_shared_parameter_that_no_dataset_uses(folder):
    path = folder / "study.py"
    path.write_text(path.read_text().replace("population = ", "spare = cv.UniformPrior(0.0, 1.0)\npopulation = "))
    with pytest.raises(GraphError, match="shared parameter spare is used by no dataset"):
        check(folder)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("level.height: [0, 5, 10]", "level.hight: 2", "grid: level.hight is not a free parameter of the model; did"),
        ("level.height: [0, 5, 10]", "level.height: [0, 50]", "grid: grid search over level.height: 50 is outside"),
        ("height: 2}", "hight: 2}", "map: hight is not a free parameter of the model; did you mean height?"),
        ("dataset: a,", "dataset: a, simulate: made,", "map needs a function made"),
        (
            "dataset: a,",
            "dataset: a, simulate: factor,",
            r"map calls factor\(instance, dataset, rng\), and factor takes",
        ),
    ],
)
def test_an_axis_that_cannot_be_cut_names_its_grid_or_map(levels, old, new, sentence):
    check(levels)
    path = levels / "config.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CavityError, match=sentence) as caught:
        check(levels)
    assert "config.yaml: " in str(caught.value)


def test_the_middle_of_a_drawn_variable_is_its_parents(folder):
    study = Study.load(folder)
    view = phase_context(study, study.config.phase("main")).view("a")
    assert np.allclose(middle(view), [0.0])


def test_the_middle_of_a_groups_parameter_is_its_parents_all_the_way_up(groups):
    study = Study.load(groups)
    context = phase_context(study, study.config.phase("main"))
    for dataset, expected in (("a", {"theta": 8.0, "organ": 7.0}), ("b", {"theta": 6.0, "organ": 4.0})):
        view = context.view(dataset)
        assert dict(zip(view.compiled.names, middle(view), strict=True)) == pytest.approx(expected)


def test_a_study_of_groups_is_looked_at_and_says_where_they_are_drawn_from(groups, capsys):
    assert main(["check", str(groups)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for line in (
        "shared patient.p1.rate drawn from population",
        "shared patient.p1.organ drawn from a parent of its own",
        "drawn theta from a parent of its own, in 2 datasets",
    ):
        assert line in text


@pytest.mark.parametrize("phase", ["main", "later"])
def test_a_search_whose_library_is_not_there_in_any_phase(folder, monkeypatch, capsys, phase):
    settings = {"main": "{name: Laplace}", "later": "{name: Laplace}", phase: "{name: Emcee}"}
    phases = "".join(f"  - {{name: {name}, search: {settings[name]}}}\n" for name in ("main", "later"))
    (folder / "config.yaml").write_text(f"phases:\n{phases}")
    assert main(["check", str(folder)]) == 0
    monkeypatch.setitem(sys.modules, "emcee", None)
    assert main(["check", str(folder)]) == 2
    assert capsys.readouterr().err == "Emcee needs the package emcee: pip install 'cavity[emcee]'\n"


def test_a_hook_that_a_fit_could_not_call(folder, capsys):
    path = folder / "study.py"
    path.write_text(path.read_text().replace("    def log_l", "    def visualize(self, paths): ...\n\n    def log_l"))
    assert main(["check", str(folder)]) == 2
    assert "study.py, line 20: factor for dataset a: Analysis.visualize takes (paths)" in capsys.readouterr().err
