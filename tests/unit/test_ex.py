"""The documents' example components."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from cavity import ex
from cavity.errors import AnalysisError
from cavity.model import Collection, Model


def test_profiles_integrate_to_their_normalization():
    gaussian = ex.Gaussian(centre=3.0, normalization=2.0, sigma=1.5)
    exponential = ex.Exponential(centre=3.0, normalization=2.0, rate=0.7)
    assert quad(gaussian.model_data_from, -30.0, 40.0, points=[3.0])[0] == pytest.approx(2.0)
    assert quad(exponential.model_data_from, -60.0, 60.0, points=[3.0])[0] == pytest.approx(4.0)


@pytest.mark.parametrize("cls", [ex.Gaussian, ex.Exponential])
def test_every_argument_has_a_default_prior(cls):
    assert Model(cls).prior_count == 3
    assert Model(cls).units[0] == "pixel"


def test_the_likelihood_is_the_density_of_the_data():
    data, noise = np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.3])
    analysis, instance = ex.Analysis(data=data, noise_map=noise), ex.Gaussian(1.0, 5.0, 1.0)
    expected = norm(instance.model_data_from(np.arange(3)), noise).logpdf(data).sum()
    assert analysis.log_likelihood_function(instance) == pytest.approx(expected, rel=1e-12)


def test_a_collection_is_the_sum_of_its_profiles():
    model = Collection(gaussian=ex.Gaussian, parts=[ex.Exponential, ex.Gaussian])
    instance = model.instance_from_prior_medians()
    analysis = ex.Analysis(data=np.zeros(5), noise_map=np.ones(5))
    parts = [instance.gaussian, *instance.parts]
    assert np.allclose(analysis.model_data(instance), sum(part.model_data_from(np.arange(5.0)) for part in parts))


def test_bad_data_are_refused():
    with pytest.raises(AnalysisError, match=r"one shape \(n_pixels,\), got \(3,\) and \(2,\)"):
        ex.Analysis(data=np.zeros(3), noise_map=np.ones(2))
    with pytest.raises(AnalysisError, match="noise of pixel 1 is not above 0"):
        ex.Analysis(data=np.zeros(3), noise_map=np.array([1.0, 0.0, 1.0]))


def test_plot_profile_1d_returns_axes():
    import matplotlib

    matplotlib.use("Agg")
    axes = ex.plot_profile_1d(xvalues=range(3), profile_1d=np.arange(3.0))
    assert axes.get_xlabel() == "x"
