"""A look at a study before it runs."""

import numpy as np
import pytest

from cavity.errors import CavityError, GraphError, LikelihoodError
from cavity.study import Study
from cavity.study.check import check_phase, middle
from cavity.study.context import phase_context

from .test_many import write_levels


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
