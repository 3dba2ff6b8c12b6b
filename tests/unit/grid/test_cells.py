"""Axes and cells: how a parameter is cut, and how much of the prior each box holds."""

import numpy as np
import pytest

import cavity as cv
from cavity.errors import SearchError
from cavity.grid.cells import cell_keys, in_cell, make_axis, make_cells


def test_steps_over_a_flat_prior_are_boxes_of_equal_width():
    axis = make_axis("centre", cv.UniformPrior(0.0, 100.0), 5)
    assert axis.lower == (0.0, 20.0, 40.0, 60.0, 80.0)
    assert axis.upper == (20.0, 40.0, 60.0, 80.0, 100.0)
    assert axis.centres.tolist() == [10.0, 30.0, 50.0, 70.0, 90.0]


@pytest.mark.parametrize(
    "prior",
    [cv.GaussianPrior(1.0, 2.0), cv.LogUniformPrior(0.1, 10.0), cv.HalfNormalPrior(3.0), cv.GammaPrior(2.0, 1.0)],
)
@pytest.mark.parametrize("cut", [4, [0.5, 1.0, 2.0, 4.0]])
def test_masses_of_the_cells_add_up_to_that_of_the_region(prior, cut):
    axis = make_axis("x", prior, cut)
    masses = [np.exp(in_cell(cell, {"x": prior})[1]) for cell in make_cells([axis])]
    assert sum(masses) == pytest.approx(np.exp(prior.log_mass(axis.lower[0], axis.upper[-1])), rel=1e-12)
    if cut == 4:
        assert masses == pytest.approx([0.25] * 4, rel=1e-9)


def test_a_cell_keeps_the_priors_own_density_inside_its_box():
    prior = cv.GaussianPrior(0.0, 1.0)
    (cell,) = make_cells([make_axis("x", prior, [0.5, 2.0])])
    replacements, log_mass = in_cell(cell, {"x": prior})
    x = np.linspace(0.6, 1.9, 5)
    assert replacements[prior].log_prob(x) + log_mass == pytest.approx(prior.log_prob(x), abs=1e-12)
    assert replacements[prior].log_prob(2.1) == -np.inf


def test_values_fix_the_parameter_and_weigh_it_by_its_density():
    prior = cv.GaussianPrior(0.0, 1.0)
    axis = make_axis("x", prior, {"values": [0.0, 1.0]})
    assert axis.fixed
    replacements, log_mass = in_cell(make_cells([axis])[1], {"x": prior})
    assert replacements == {prior: 1.0}
    assert log_mass == pytest.approx(prior.log_prob(1.0))


def test_cells_of_two_axes_run_with_the_last_axis_fastest():
    axes = [make_axis("a", cv.UniformPrior(), 2), make_axis("b", cv.UniformPrior(), 3)]
    assert [cell.name for cell in make_cells(axes)] == ["0-0", "0-1", "0-2", "1-0", "1-1", "1-2"]
    assert make_cells(axes)[1].described() == "a in [0, 0.5], b in [0.333333, 0.666667]"


@pytest.mark.parametrize(
    ("cut", "sentence"),
    [
        (0, "grid search over x: at least one step is needed, got 0"),
        (1.5, "the number of steps must be a whole number, got 1.5"),
        ([0.0, 0.0, 1.0], "do not increase"),
        ([0.5], "at least 2 numbers are needed"),
        ([0.0, 2.0], "2 is outside its prior's limits 0 and 1"),
        (["a", "b"], "are not numbers"),
        ({"value": [1.0]}, "or {values: \\[...\\]}"),
        ({"values": []}, "at least 1 numbers are needed"),
    ],
)
def test_a_bad_cut_is_one_sentence(cut, sentence):
    with pytest.raises(SearchError, match=sentence):
        make_axis("x", cv.UniformPrior(0.0, 1.0), cut)


def test_a_drawn_variable_cannot_be_an_axis():
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 1.0), sigma=1.0)
    with pytest.raises(SearchError, match="drawn from a parent"):
        make_axis("x", population.drawn_variable(), 3)


def test_a_cell_that_stays_keeps_its_key():
    before = cell_keys({"x": [0, 20, 40], "y": 2})
    after = cell_keys({"x": [0, 10, 20, 40], "y": 2})
    assert before["1-0"] == after["2-0"] and before["0-0"] not in after.values()
    assert list(before) == ["0-0", "0-1", "1-0", "1-1"] and len(set(before.values())) == 4
    values = cell_keys({"x": {"values": [1.0, 2.0]}})
    assert values["1"] == cell_keys({"x": {"values": [2.0]}})["0"]
