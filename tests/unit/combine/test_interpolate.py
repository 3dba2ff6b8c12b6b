"""Interpolation over a covariate, uncertainty included."""

import types

import numpy as np
import pytest

from cavity.combine.interpolate import LinearInterpolator, SplineInterpolator
from cavity.errors import ResultError
from cavity.model import Collection, Model
from cavity.posterior.result import Result
from cavity.posterior.samples import Samples
from cavity.prior import UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre, self.normalization, self.sigma = centre, normalization, sigma


def model_of(**fixed):
    return Collection(
        gaussian=Model(Gaussian, centre=UniformPrior(-500.0, 500.0), normalization=2.0, sigma=UniformPrior(0.0, 500.0)),
        **fixed,
    )


def samples_of(centre, sd=1.0, seed=0, n=4000):
    z = np.random.default_rng(seed).normal(size=(n, 2))
    values = np.column_stack([centre + sd * z[:, 0], 10.0 + 0.5 * z[:, 0] + 0.1 * z[:, 1]])
    return Samples(names=("gaussian.centre", "gaussian.sigma"), values=values, log_likelihoods=-(z[:, 0] ** 2))


def fits(function, times=(0.0, 1.0, 2.0, 3.0), sd=1.0):
    return [
        Result(samples_of(function(time), sd, seed=k), model_of(), covariates={"time": time, "band": "red"})
        for k, time in enumerate(times)
    ]


def test_the_instance_is_the_users_class_between_the_fits():
    interpolator = LinearInterpolator(fits(lambda t: 10.0 * t, times=(2.0, 0.0, 1.0)))
    instance = interpolator[interpolator.time == 1.5]
    assert isinstance(instance.gaussian, Gaussian)
    assert instance.gaussian.centre == pytest.approx(15.0, abs=0.1) and instance.gaussian.normalization == 2.0


@pytest.mark.parametrize("kind", [LinearInterpolator, SplineInterpolator])
def test_at_a_fit_it_is_the_fit(kind):
    results = fits(lambda t: t**2)
    interpolator = kind(results)
    for result in results:
        at = interpolator.time == result.covariates["time"]
        median = result.samples.median_pdf_vector
        assert interpolator[at].gaussian.centre == pytest.approx(median[0], abs=1e-9)
        found = interpolator.samples(at)
        np.testing.assert_allclose(found.mean, result.samples.mean, atol=0.03)
        np.testing.assert_allclose(found.covariance, result.samples.covariance, atol=0.06)


def test_a_straight_line_carries_the_uncertainty_in_closed_form():
    interpolator = LinearInterpolator(fits(lambda t: 10.0 * t, sd=2.0), n_draws=4000)
    for share in (0.25, 0.5):
        sd = interpolator.samples(interpolator.time == 1.0 + share).sd[0]
        assert sd == pytest.approx(2.0 * np.hypot(share, 1.0 - share), rel=0.04)


def test_the_draws_keep_the_correlation_of_the_parameters():
    interpolator = LinearInterpolator(fits(lambda t: 10.0 * t), n_draws=4000)
    covariance = interpolator.samples(interpolator.time == 0.5).covariance
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert correlation == pytest.approx(0.5 / np.hypot(0.5, 0.1), abs=0.02)


def test_a_spline_follows_a_curve_that_lines_cut():
    times = np.linspace(0.0, np.pi, 7)
    results = fits(lambda t: 100.0 * np.sin(t), times=times, sd=1e-3)
    truth = 100.0 * np.sin(1.9)
    spline, line = SplineInterpolator(results), LinearInterpolator(results)
    assert spline[spline.time == 1.9].gaussian.centre == pytest.approx(truth, abs=0.1)
    assert abs(line[line.time == 1.9].gaussian.centre - truth) > 1.0


def test_a_band_along_the_covariate():
    interpolator = LinearInterpolator(fits(lambda t: 10.0 * t))
    band = interpolator.curve("gaussian.centre", "time", np.linspace(0.0, 3.0, 7))
    assert band.shape == (3, 7) and np.all(np.diff(band, axis=0) > 0.0)
    np.testing.assert_allclose(band[1], np.linspace(0.0, 30.0, 7), atol=0.15)


def test_a_value_fixed_in_the_model_is_a_covariate_and_is_interpolated_too():
    results = [Result(samples_of(10.0 * t, seed=k), model_of(time=t)) for k, t in enumerate((0.0, 1.0, 3.0))]
    interpolator = LinearInterpolator(results)
    instance = interpolator[interpolator.time == 2.0]
    assert instance.time == 2.0 and instance.gaussian.centre == pytest.approx(20.0, abs=0.1)
    assert results[0].instance.time == 0.0
    assert interpolator.samples(interpolator.time == 2.0).median_pdf_instance.time == 2.0


def test_instances_can_be_interpolated_without_uncertainty():
    def instance_at(t):
        return types.SimpleNamespace(gaussian=Gaussian(centre=10.0 * t, sigma=1.0), time=t, pair=(t, 2.0), name="x")

    instances = [instance_at(0.0), instance_at(2.0)]
    interpolator = LinearInterpolator(instances)
    instance = interpolator[interpolator.time == 0.5]
    assert isinstance(instance.gaussian, Gaussian) and instance.gaussian.centre == 5.0
    assert instance.pair == (0.5, 2.0) and instance.name == "x" and instances[0].gaussian.centre == 0.0
    assert interpolator[interpolator.gaussian.centre == 15.0].time == 1.5
    with pytest.raises(ResultError, match="no uncertainty"):
        interpolator.samples(interpolator.time == 0.5)


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        (lambda i: i.time == 3.5, "time = 3.5 is outside the fits, which cover 0 to 3"),
        (lambda i: i.tim == 1.5, "no covariate tim; did you mean time"),
        (lambda i: i.band == 1.5, "band of a fit is 'red', not a number"),
        (lambda i: 1.5, "at a point such as"),
    ],
)
def test_misuse_is_a_sentence(point, sentence):
    interpolator = LinearInterpolator(fits(lambda t: t))
    with pytest.raises(ResultError, match=sentence):
        interpolator[point(interpolator)]


def test_fits_that_cannot_be_joined_are_refused():
    two = fits(lambda t: t, times=(0.0, 1.0))
    with pytest.raises(ResultError, match="SplineInterpolator needs at least 3 fits, got 2"):
        SplineInterpolator(two)
    twice = LinearInterpolator(fits(lambda t: t, times=(0.0, 1.0, 1.0)))
    with pytest.raises(ResultError, match="two fits have time = 1"):
        twice[twice.time == 0.5]
    model = Collection(other=UniformPrior(0.0, 1.0))
    stranger = Result(Samples(names=("other",), values=np.ones((3, 1))), model)
    with pytest.raises(ResultError, match="different parameters"):
        LinearInterpolator([two[0], stranger])
