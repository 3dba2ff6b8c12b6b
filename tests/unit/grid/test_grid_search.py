"""Grid searches on closed forms: cell by cell, and their sum."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from tests.unit.strategy.linear import Point, PointAnalysis, flat_mass, gaussian_mass

import cavity as cv
from cavity.errors import LikelihoodError, SearchError
from cavity.grid.grid_search import SearchGridSearch

DATA, NOISE = (4.2, 0.8), (0.9, 0.7)
SEARCH = cv.Laplace(n_draws=2000)


def point_model():
    return cv.Model(Point, x=cv.UniformPrior(0.0, 10.0), y=cv.GaussianPrior(0.0, 2.0))


@pytest.fixture(scope="module")
def grid():
    model = point_model()
    search = SearchGridSearch(search=SEARCH, number_of_steps=[4, [-6.0, 0.0, 1.0, 6.0]])
    return search.fit(model, PointAnalysis(DATA, NOISE), grid_priors=[model.x, model.y])


def test_every_cell_has_the_evidence_of_its_box(grid):
    assert grid.shape == (4, 3)
    for k, cell in enumerate(grid.cells):
        in_x = flat_mass(DATA[0], NOISE[0], *cell.boxes["x"]) / 10.0
        in_y = gaussian_mass(DATA[1], NOISE[1], 0.0, 2.0, *cell.boxes["y"])
        error = max(5.0 * grid.log_evidence_errors.flat[k], 1e-3)
        assert grid.log_share_values.flat[k] == pytest.approx(math.log(in_x * in_y), abs=error), cell.described()


def test_cell_evidences_sum_to_the_whole(grid):
    whole = flat_mass(DATA[0], NOISE[0], 0.0, 10.0) / 10.0 * gaussian_mass(DATA[1], NOISE[1], 0.0, 2.0, -6.0, 6.0)
    assert grid.log_evidence_error < 0.02
    assert grid.log_evidence == pytest.approx(math.log(whole), abs=5.0 * grid.log_evidence_error)
    single = SEARCH.fit(point_model(), PointAnalysis(DATA, NOISE))
    assert grid.log_evidence == pytest.approx(single.log_evidence, abs=0.03)


def test_the_sum_without_the_cells_share_of_the_prior_is_not_the_whole(grid):
    assert abs(np.logaddexp.reduce(grid.log_evidence_values.ravel()) - grid.log_evidence) > 1.0


def test_the_best_cell_holds_the_truth_and_starts_the_next_search(grid):
    assert dict(grid.best_cell.boxes) == {"x": (2.5, 5.0), "y": (0.0, 1.0)} and grid.best_index == (1, 1)
    assert grid.probabilities.sum() == pytest.approx(1.0)
    assert grid.best_model.x.mean == pytest.approx(grid.best_samples.mean[0])
    assert (grid.best_model.x.lower_limit, grid.best_model.x.upper_limit) == (2.5, 5.0)
    assert grid.medians["x"].shape == (4, 3) and 2.5 < grid.medians["x"][1, 1] < 5.0
    assert "x in [2.5, 5], y in [0, 1]" in grid.table.splitlines()[2]


def test_the_arrays_come_back_from_a_file(grid, tmp_path):
    from cavity.grid.cell_arrays import GridSearchResult
    from cavity.posterior.store import load_tree, save_tree

    save_tree(tmp_path / "grid.h5", grid.tree())
    back = GridSearchResult.from_tree(load_tree(tmp_path / "grid.h5"))
    assert back.axes == grid.axes
    np.testing.assert_array_equal(back.log_evidence_values, grid.log_evidence_values)
    assert back.log_evidence == grid.log_evidence
    assert back.best_samples == grid.best_samples


def test_two_cores_give_the_same_bits():
    model = point_model()
    fits = [
        SearchGridSearch(search=cv.Laplace(), number_of_steps=3, number_of_cores=cores).fit(
            model, PointAnalysis(DATA, NOISE), grid_priors=["x"]
        )
        for cores in (1, 2)
    ]
    np.testing.assert_array_equal(fits[0].log_evidence_values, fits[1].log_evidence_values)


def test_values_profile_the_evidence():
    model = point_model()
    values = {"values": [3.0, 4.2, 5.0]}
    grid = SearchGridSearch(search=SEARCH, number_of_steps=[values]).fit(
        model, PointAnalysis(DATA, NOISE), grid_priors=[model.x]
    )
    in_x = np.exp(-0.5 * ((np.array(values["values"]) - DATA[0]) / NOISE[0]) ** 2) / (NOISE[0] * np.sqrt(2.0 * np.pi))
    exact = np.log(in_x * gaussian_mass(DATA[1], NOISE[1], 0.0, 2.0))
    assert grid.log_evidence_values == pytest.approx(exact, abs=0.02)
    with pytest.raises(cv.errors.ResultError, match="fixes x to values"):
        assert grid.log_evidence


def test_assertions_are_counted_in_the_share_of_a_cell():
    model = point_model()
    model.add_assertion(model.y < model.x)
    analysis = PointAnalysis(DATA, NOISE)
    grid = SearchGridSearch(search=SEARCH, number_of_steps=2).fit(model, analysis, grid_priors=["x"])
    assert grid.log_evidence == pytest.approx(SEARCH.fit(model, analysis).log_evidence, abs=0.05)


BROKEN = {"now": True}  # no attribute of the analysis: what an analysis is belongs to a grid's identity


class SometimesBroken(PointAnalysis):
    """Not a number where x is large, until it is repaired."""

    def log_likelihood_function(self, instance):
        if BROKEN["now"] and instance.x > 7.5:
            return float("nan")
        return super().log_likelihood_function(instance)


@dataclass
class Counted:
    """A search that counts its runs."""

    search: object
    runs: int = 0

    def settings(self):
        return self.search.settings()

    def run(self, *args, **kwargs):
        self.runs += 1
        return self.search.run(*args, **kwargs)


def test_a_failed_cell_is_named_and_fitted_again_alone(monkeypatch):
    model, analysis, search = point_model(), SometimesBroken(DATA, NOISE), Counted(cv.Laplace())
    grid = SearchGridSearch(search=search, number_of_steps=4)
    first = grid.fit(model, analysis, grid_priors=["x"])
    assert list(first.failed) == ["3"] and "x in [7.5, 10]" in first.failed["3"] and "NaN" in first.failed["3"]
    assert np.isnan(first.log_evidence) and first.probabilities[3] == 0.0 and search.runs == 4
    monkeypatch.setitem(BROKEN, "now", False)
    second = grid.fit(model, analysis, grid_priors=["x"], resume=first)
    assert search.runs == 5 and not second.failed and np.isfinite(second.log_evidence)
    other = SometimesBroken((1.0, 1.0), NOISE)
    grid.fit(model, other, grid_priors=["x"], resume=first)
    assert search.runs == 9, "other data is another grid"


def test_a_grid_over_a_parents_parameter_sums_to_the_joint_evidence():
    mean = cv.GaussianPrior(0.0, 3.0)
    population = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=1.0)
    analyses = [PointAnalysis((datum, 0.0), (0.5, 1.0)) for datum in (0.4, 1.9)]
    factors = [
        cv.AnalysisFactor(cv.Model(Point, x=population.drawn_variable(), y=0.0), analysis, name=f"d{k}")
        for k, analysis in enumerate(analyses)
    ]
    graph = cv.FactorGraphModel(*factors, population)
    model = graph.global_prior_model
    grid = SearchGridSearch(search=SEARCH, number_of_steps=[[-9.0, 0.0, 1.0, 9.0]]).fit(
        model, graph, grid_priors=[mean]
    )
    whole = SEARCH.fit(model, graph)
    assert grid.log_evidence == pytest.approx(whole.log_evidence, abs=0.05)
    assert [axis.name for axis in grid.axes] == [graph.names[mean]]
    assert len(grid.best_result) == 2
    with pytest.raises(SearchError, match="drawn from a parent"):
        SearchGridSearch(search=SEARCH).fit(model, graph, grid_priors=["d0.x"])


@pytest.mark.parametrize(
    ("grid_priors", "steps", "sentence"),
    [
        ([3.0], 4, "grid_priors\\[0\\] is fixed to 3.0; choose among x, y"),
        ([cv.UniformPrior()], 4, "not a free parameter of the model; choose among x, y"),
        (["z"], 4, "z is not a free parameter of the model"),
        (["x", "x"], 4, "x is on two axes"),
        ([], 4, "grid_priors is empty"),
        (["x"], 0, "at least one step"),
        (["x"], [2, 2], "2 entries for 1 grid_priors"),
    ],
)
def test_bad_input_is_one_sentence(grid_priors, steps, sentence):
    with pytest.raises(SearchError, match=sentence):
        SearchGridSearch(search=SEARCH, number_of_steps=steps).fit(
            point_model(), PointAnalysis(DATA, NOISE), grid_priors=grid_priors
        )


def test_a_grid_where_every_cell_fails_is_an_error():
    class Broken(PointAnalysis):
        def log_likelihood_function(self, instance):
            raise ValueError("no data")

    with pytest.raises(SearchError, match="every cell failed; the first: cell x in \\[0, 5\\]"):
        SearchGridSearch(search=SEARCH, number_of_steps=2).fit(point_model(), Broken(DATA, NOISE), grid_priors=["x"])
    with pytest.raises(LikelihoodError):
        SEARCH.fit(point_model(), Broken(DATA, NOISE))
