"""Population plot: the parent's band is the average of its members."""

import dataclasses

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.plot.population import hyperparameter_draws, parent_bands, plot_population
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.prior import GaussianPrior


def hierarchy(n=6):
    rng = np.random.default_rng(1)
    shared = Samples(names=("population.mean", "population.sigma"), values=rng.normal([50.0, 5.0], 0.2, size=(400, 2)))
    values = {f"d{i}": rng.normal(45.0 + 2 * i, 1.0, size=(200, 1)) for i in range(n)}
    local = {dataset: Samples(names=("gaussian.centre",), values=column) for dataset, column in values.items()}
    return PhaseResult("study", "main", "ep", shared=shared, locals=local)


def test_the_band_is_the_density_of_the_draws():
    x = np.array([50.0])
    bands = parent_bands(GaussianPrior, {"mean": np.full(50, 50.0), "sigma": np.linspace(4.0, 6.0, 50)}, x)
    assert bands[2, 0] == pytest.approx(1.0 / (5.0 * np.sqrt(2.0 * np.pi)), rel=1e-3)
    assert bands[0, 0] < bands[1, 0] < bands[2, 0] < bands[3, 0] < bands[4, 0]


def test_hyperparameters_may_be_fixed_or_related():
    shared = hierarchy().shared
    free = hyperparameter_draws(shared, "population", n_draws=100)
    assert set(free) == {"mean", "sigma"} and free["mean"].mean() == pytest.approx(50.0, abs=0.1)
    double = {"ufunc": "multiply", "args": [{"variable": "population.sigma"}, 2.0]}
    related = hyperparameter_draws(shared, "population", {"mean": 3.0, "sigma": double}, n_draws=100)
    assert np.all(related["mean"] == 3.0)
    np.testing.assert_allclose(related["sigma"], 2.0 * free["sigma"])


def test_datasets_are_sorted_by_their_median():
    figure = plot_population(hierarchy(), "population", "gaussian.centre", truth={"mean": 50.0, "sigma": 5.0})
    top, bottom = figure.axes
    assert [tick.get_text() for tick in bottom.get_yticklabels()] == [f"d{i}" for i in range(6)]
    assert "truth" in [text.get_text() for text in top.get_legend().get_texts()]


def test_many_datasets_are_drawn_without_names():
    bottom = plot_population(hierarchy(60), "population", "gaussian.centre").axes[1]
    assert bottom.get_ylabel() == "60 datasets, by median"


def test_wrong_names_name_the_nearest():
    with pytest.raises(ResultError, match="did you mean gaussian.centre"):
        plot_population(hierarchy(), "population", "gaussian.center")
    with pytest.raises(ResultError, match="did you mean population"):
        plot_population(hierarchy(), "populaton", "gaussian.centre")


def test_a_dataset_is_called_by_its_label():
    result = dataclasses.replace(hierarchy(), covariates={"d1": {"label": "NGC 253"}, "d2": {"label": None}})
    bottom = plot_population(result, "population", "gaussian.centre").axes[1]
    assert [tick.get_text() for tick in bottom.get_yticklabels()] == ["d0", "NGC 253", "d2", "d3", "d4", "d5"]
