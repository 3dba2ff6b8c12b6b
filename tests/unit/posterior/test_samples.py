"""Samples: validation, moments, the vocabulary of single fits."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.posterior.samples import Samples


class Line:
    """The least a model needs to turn a vector into an instance."""

    def instance_from_vector(self, vector):
        return {"slope": float(vector[0]), "offset": float(vector[1])}


def weighted(n=4000, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 2)) * 2.0
    log_weights = -0.5 * np.sum((values - [1.0, 0.5]) ** 2, axis=1) + np.sum(values**2, axis=1) / 8.0
    return Samples(
        names=("slope", "offset"),
        values=values,
        log_weights=log_weights,
        log_likelihoods=-np.sum((values - [1.0, 0.5]) ** 2, axis=1),
        log_priors=np.zeros(n),
        log_evidence=-3.25,
        log_evidence_error=0.1,
        calls=n,
        units=("m", ""),
        model=Line(),
    )


def test_weights_are_normalised_and_moments_are_weighted():
    samples = weighted()
    assert samples.weights.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(samples.mean, [1.0, 0.5], atol=0.1)
    np.testing.assert_allclose(samples.covariance, np.eye(2), atol=0.12)
    np.testing.assert_allclose(samples.sd, np.sqrt(np.diag(samples.covariance)), rtol=1e-12)
    assert 500 < samples.ess < 4000


def test_unweighted_moments_would_be_wrong():
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(weighted().values.mean(axis=0), [1.0, 0.5], atol=0.1)


def test_normalised_log_weights_keep_their_bits():
    first = weighted()
    again = Samples(names=first.names, values=first.values, log_weights=first.log_weights)
    assert again.log_weights.tobytes() == first.log_weights.tobytes()


def test_sigma_intervals_are_the_gaussian_ones():
    points = np.linspace(-8.0, 8.0, 40001)
    samples = Samples(names=("x",), values=points[:, None], log_weights=-0.5 * points**2)
    assert samples.vector_at_upper_sigma(sigma=3.0)[0] == pytest.approx(3.0, abs=2e-3)
    assert samples.vector_at_lower_sigma(sigma=3.0)[0] == pytest.approx(-3.0, abs=2e-3)
    ((low, high),) = samples.values_at_sigma(1.0)
    assert (low, high) == pytest.approx((-1.0, 1.0), abs=2e-3)
    assert samples.errors_at_sigma(1.0)[0] == pytest.approx((1.0, 1.0), abs=2e-3)


def test_instances_and_lists():
    samples = weighted()
    assert samples.median_pdf_instance["slope"] == samples.median_pdf_vector[0]
    best = samples.max_log_likelihood_instance
    assert [best["slope"], best["offset"]] == samples.max_log_likelihood_vector.tolist()
    assert samples.max_log_posterior_instance == best
    assert samples.parameter_lists[9][1] == samples["offset"][9]
    assert len(samples.weight_list) == len(samples.log_likelihood_list) == len(samples)


def test_draws_have_the_weighted_moments_and_follow_the_generator():
    samples = weighted()
    drawn = samples.draws(20000, np.random.default_rng(4))
    np.testing.assert_allclose(drawn.mean(axis=0), samples.mean, atol=0.01)
    np.testing.assert_array_equal(drawn, samples.draws(20000, np.random.default_rng(4)))
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    few = Samples(("x",), np.arange(4.0)[:, None], log_weights=np.log(weights))
    for even in (few.draws(10_000, np.random.default_rng(4)), few.resampled(10_000, np.random.default_rng(4)).values):
        assert np.bincount(even[:, 0].astype(int)) == pytest.approx(10_000 * weights, abs=1.0)
    even = samples.resampled(500, np.random.default_rng(4))
    assert even.ess == pytest.approx(500.0)
    assert set(even.log_likelihoods) <= set(samples.log_likelihoods)


def test_subset_and_derived_keep_the_weights():
    samples = weighted()
    part = samples.subset(["offset"])
    assert part.names == ("offset",) and part.units == ("",)
    np.testing.assert_array_equal(part.log_weights, samples.log_weights)
    ratio = samples.derived(lambda line: {"ratio": line["slope"] / 2.0})
    assert ratio.mean[0] == pytest.approx(samples.mean[0] / 2.0)


def test_dataframe_and_summary():
    frame = weighted().to_dataframe()
    assert list(frame.columns) == ["slope", "offset", "log_likelihood", "log_prior", "log_posterior", "weight"]
    text = weighted().summary
    assert "slope [m]" in text and "log evidence -3.250 +/- 0.10" in text


@pytest.mark.filterwarnings("ignore:log_likelihood variable found")
def test_arviz_sees_the_weighted_posterior():
    data = weighted().to_arviz(n_draws=5000)
    assert float(data.posterior["slope"].mean()) == pytest.approx(weighted().mean[0], abs=0.01)
    chains = Samples(names=("x",), values=np.arange(12.0)[:, None], info={"chains": 3}).to_arviz()
    assert chains.posterior["x"].shape == (3, 4)
    assert chains.posterior["x"][1, 0] == 4.0


def test_equality_is_to_the_last_bit():
    assert weighted() == weighted()
    other = weighted()
    values = other.values.copy()
    values[0, 0] = np.nextafter(values[0, 0], np.inf)
    assert weighted() != Samples(
        **{key: getattr(other, key) for key in ("names", "log_weights", "log_likelihoods", "log_priors")},
        values=values,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"values": np.zeros((3, 1))}, r"shape \(S, 2\)"),
        ({"values": np.zeros((0, 2))}, r"shape \(S, 2\)"),
        ({"log_weights": np.full(3, -np.inf)}, "finite weight"),
        ({"log_weights": np.array([0.0, np.nan, 0.0])}, "finite weight"),
        ({"log_likelihoods": np.zeros(2)}, "log_likelihoods has shape"),
        ({"names": ("a", "a")}, "twice"),
        ({"labels": ("a",)}, "labels has 1 entries"),
        ({"info": {"object": object()}}, "JSON cannot hold"),
    ],
)
def test_contradictions_are_sentences(arguments, sentence):
    with pytest.raises(ResultError, match=sentence):
        Samples(**{"names": ("a", "b"), "values": np.zeros((3, 2)), **arguments})


def test_a_wrong_name_names_the_nearest():
    with pytest.raises(ResultError, match="did you mean slope"):
        weighted()["slop"]


def test_without_a_model_there_are_no_instances():
    with pytest.raises(ResultError, match="no model"):
        _ = Samples(names=("a",), values=np.zeros((3, 1))).median_pdf_instance
    with pytest.raises(ResultError, match="no log_likelihoods"):
        _ = Samples(names=("a",), values=np.zeros((3, 1))).max_log_likelihood_vector


def test_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        weighted().values[0, 0] = 1.0
