"""Data, model and residuals."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.plot.dataset_fit import Fit, fit_of, plot_fit, plot_fits

CURVE = Fit(data=[1.0, 2.0, 3.0], noise=0.5, model=[1.0, 2.5, 2.0], draws=np.array([[1, 2, 2], [1, 3, 2.0]]))


def test_residuals_are_in_units_of_the_noise():
    np.testing.assert_allclose(CURVE.residuals, [0.0, -1.0, 2.0])
    assert CURVE.chi_squared == pytest.approx(5.0)
    assert CURVE.x.tolist() == [0, 1, 2]


def test_an_analysis_becomes_a_fit():
    class Analysis:
        data, noise_map, xvalues = np.ones(3), np.ones(3), np.array([0.0, 0.5, 1.0])

        def model_data(self, instance):
            return np.full(3, instance)

    fit = fit_of(Analysis(), 2.0, [1.0, 3.0])
    assert fit.draws.shape == (2, 3) and fit.x[1] == 0.5 and fit.residuals[0] == -1.0


def test_a_curve_has_data_model_band_and_residuals():
    figure = plot_fit(CURVE, "d07")
    top, bottom = figure.axes
    assert top.get_title(loc="left") == "d07" and "5.0 for 3 points" in top.get_title(loc="right")
    assert {text.get_text() for text in top.get_legend().get_texts()} == {"data", "model", "model, 95 %"}
    np.testing.assert_allclose(bottom.lines[-1].get_ydata(), CURVE.residuals)


def test_an_image_has_three_panels():
    image = Fit(data=np.arange(12.0).reshape(3, 4), noise=1.0, model=np.zeros((3, 4)))
    assert [ax.get_title(loc="left") for ax in plot_fit(image).axes[:3]] == ["data", "model", "residual / noise"]


def test_a_page_holds_twenty_five():
    figure = plot_fits({f"d{i}": CURVE for i in range(27)})
    assert len(figure.axes) == 50 and "the first 25 of 27 datasets" in figure.get_suptitle()


def test_single_numbers_stand_side_by_side():
    fits = {f"d{i}": Fit(data=[1.0 * i], noise=1.0, model=[0.5], draws=np.ones((4, 1))) for i in range(30)}
    (ax,) = plot_fits(fits).axes
    assert len(ax.get_yticklabels()) == 30
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"data", "model", "model, 95 %"}


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ResultError, match="model has shape"):
        Fit(data=np.ones(3), noise=1.0, model=np.ones(2))
    with pytest.raises(ResultError, match="curve or an image"):
        Fit(data=np.ones((2, 2, 2)), noise=1.0, model=1.0)
    with pytest.raises(ResultError, match="one or more curves"):
        plot_fits({})


def test_panels_and_rows_are_called_by_their_labels():
    point = Fit(data=np.ones(1), noise=1.0, model=np.zeros(1))
    assert plot_fits({"a": CURVE}, label=str.upper).axes[0].get_title(loc="left") == "A"
    ticks = plot_fits({"a": point, "b": point}, label=str.upper).axes[0].get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["A", "B"]
