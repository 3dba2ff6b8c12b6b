"""A fit's result: instances, prior passing, and the file it comes back from."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.model import Collection, Model
from cavity.posterior.result import Result, load_result, save_result
from cavity.posterior.samples import Samples
from cavity.posterior.store import save_tree
from cavity.prior import GaussianPrior, LogUniformPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre, self.normalization, self.sigma = centre, normalization, sigma


def gaussian_model():
    return Collection(
        gaussian=Model(
            Gaussian,
            centre=UniformPrior(lower_limit=0.0, upper_limit=100.0),
            normalization=LogUniformPrior(lower_limit=1e-2, upper_limit=1e2),
            sigma=GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf),
        )
    )


def samples_for(names, seed=1, n=400):
    rng = np.random.default_rng(seed)
    covariance = 0.04 * np.array([[1.0, 0.6, 0.0], [0.6, 1.0, 0.0], [0.0, 0.0, 1.0]])
    values = rng.multivariate_normal([50.0, 25.0, 10.0][: len(names)], covariance[: len(names), : len(names)], size=n)
    return Samples(
        names=names,
        values=values,
        log_weights=0.1 * rng.normal(size=n),
        log_likelihoods=-0.5 * np.sum((values - values.mean(axis=0)) ** 2, axis=1),
        log_evidence=-12.5,
        log_evidence_error=0.25,
    )


def gaussian_result(**parts):
    model = gaussian_model()
    return Result(samples_for(model.parameter_names), model, **parts)


def test_instances_are_the_users_class():
    result = gaussian_result()
    assert isinstance(result.instance.gaussian, Gaussian)
    assert result.max_log_likelihood_instance.gaussian.centre == result.samples.max_log_likelihood_vector[0]
    assert result.samples.median_pdf_instance.gaussian.sigma == result.samples.median_pdf_vector[2]
    assert result.median_pdf_instance.gaussian.centre == pytest.approx(50.0, abs=0.1)
    assert (result.log_evidence, result.log_evidence_error) == (-12.5, 0.25)
    assert result.log_likelihood == np.max(result.samples.log_likelihoods)


def test_info_shows_model_search_and_posterior():
    text = gaussian_result(search={"name": "DynestyStatic", "nlive": 50}).info
    assert "UniformPrior" in text and "DynestyStatic {'nlive': 50}" in text and "gaussian.centre" in text


def test_it_comes_back_to_the_last_bit(tmp_path):
    result = gaussian_result(
        search={"name": "DynestyStatic", "nlive": 50}, identity="abc", dataset="d07", covariates={"time": 1.5}
    )
    save_result(tmp_path / "result.h5", result)
    loaded = load_result(tmp_path / "result.h5")
    assert loaded == result
    assert loaded.instance.gaussian.centre == result.instance.gaussian.centre
    assert loaded.fitted_model.priors[0].upper_limit == 100.0
    save_result(tmp_path / "again.h5", loaded)
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "result.h5").read_bytes()
    assert loaded != gaussian_result(identity="abd")


def test_identity_changes_with_inputs_settings_and_seed_and_with_nothing_else():
    settings = {"name": "DynestyStatic", "nlive": 50}
    result = gaussian_result(search=settings, identity="abc", seed=1)
    others = [
        gaussian_result(search=settings, identity="abd", seed=1),
        gaussian_result(search={**settings, "nlive": 51}, identity="abc", seed=1),
        gaussian_result(search=settings, identity="abc", seed=2),
    ]
    assert len({other.identity for other in (result, *others)}) == 4
    assert gaussian_result(search=settings, identity="abc", seed=1, name="elsewhere").identity == result.identity


def test_classes_that_cannot_be_imported_can_be_given(tmp_path):
    class Local(Gaussian):
        pass

    model = Model(Local, centre=UniformPrior(0.0, 1.0), normalization=1.0, sigma=2.0)
    save_result(tmp_path / "r.h5", Result(samples_for(model.parameter_names), model))
    loaded = load_result(tmp_path / "r.h5")
    assert loaded.samples.names == ("centre",)
    with pytest.raises(ResultError, match="classes="):
        _ = loaded.instance
    assert isinstance(load_result(tmp_path / "r.h5", classes=[Local]).instance, Local)


def test_another_file_is_no_result(tmp_path):
    save_tree(tmp_path / "site.h5", {"x": 1})
    with pytest.raises(ResultError, match="site.h5: holds no result"):
        load_result(tmp_path / "site.h5")


def test_samples_must_fit_the_model():
    with pytest.raises(ResultError, match="2 parameters for a model with 3"):
        Result(samples_for(("a", "b")), gaussian_model())


# --- prior passing ------------------------------------------------------------------------------------------------


def test_passed_priors_have_the_posteriors_mean_and_width_and_the_old_limits():
    result = gaussian_result()
    for j, (prior, old) in enumerate(zip(result.model_with(factor=50.0).priors, gaussian_model().priors, strict=True)):
        assert isinstance(prior, GaussianPrior)
        assert prior.mean == result.samples.mean[j]
        assert prior.sigma == pytest.approx(50.0 * result.samples.sd[j])
        assert (prior.lower_limit, prior.upper_limit) == (old.lower_limit, old.upper_limit)
    assert result.model.parameter_names == result.samples.names
    assert result.fitted_model.priors[0].lower_limit == 0.0


def test_a_width_is_never_below_the_floor():
    result = gaussian_result()
    assert result.model_with(factor=1e-6).priors[0].sigma == pytest.approx(0.01 * 100.0 / np.sqrt(12.0))
    assert result.model_with(factor=1e-6, floor=7.0).priors[0].sigma == 7.0
    assert result.model_with(factor=1e-6, floor={"gaussian.sigma": 3.0}).priors[2].sigma == 3.0


def test_default_priors_give_the_floor_and_the_limits():
    entry = {"type": "Uniform", "lower_limit": 0.0, "upper_limit": 100.0, "limits": {"lower": -1.0, "upper": 200.0}}
    Gaussian.default_priors = {"centre": {**entry, "width_modifier": {"type": "Relative", "value": 0.5}}}
    try:
        model = Model(Gaussian, normalization=1.0, sigma=1.0)
    finally:
        del Gaussian.default_priors
    prior = Result(samples_for(model.parameter_names), model).model.priors[0]
    assert prior.sigma == pytest.approx(0.5 * prior.mean)
    assert (prior.lower_limit, prior.upper_limit) == (-1.0, 200.0)


def test_the_whole_covariance_can_be_passed():
    result = gaussian_result()
    compiled = result.model_with_covariance(factor=2.0).compile()
    units = np.random.default_rng(3).random((4000, 3))
    drawn = [compiled.instance(compiled.vector(unit)).gaussian for unit in units]
    values = np.array([[g.centre, g.normalization, g.sigma] for g in drawn])
    np.testing.assert_allclose(values.mean(axis=0), result.samples.mean, atol=0.05)
    np.testing.assert_allclose(np.cov(values.T), 4.0 * result.samples.covariance, atol=0.02)
    assert len(result.model_with_covariance().assertions) == 5


def test_passing_nonsense_is_a_sentence():
    with pytest.raises(ResultError, match="factor above 0"):
        gaussian_result().model_with(factor=0.0)


def test_priors_are_cut_to_where_the_posterior_is():
    result = gaussian_result()
    prior, mean, sd = result.model_within(sds=2.0).priors[0], result.samples.mean[0], result.samples.sd[0]
    assert prior.lower_limit >= mean - 2.0 * sd - 1e-9 and prior.upper_limit <= mean + 2.0 * sd + 1e-9
    model = gaussian_model()
    with pytest.raises(ResultError, match="singular"):
        Result(Samples(names=model.parameter_names, values=np.ones((5, 3))), model).model_with_covariance()
