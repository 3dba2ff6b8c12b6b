"""A fit's result: instances, prior passing, and the file it comes back from."""

import logging

import numpy as np
import pandas as pd
import pytest

import cavity as cv
from cavity.errors import ResultError
from cavity.model import Collection, Model
from cavity.posterior.result import Result, fit_folder, keep, kept_samples, load_result, save_result
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


DATA = np.array([0.9, 1.1, 1.0])


class Line:
    def __init__(self, slope=0.0, offset=0.0):
        self.slope, self.offset = slope, offset


class Analysis(cv.Analysis):
    def __init__(self, data=DATA):
        self.data = data

    def __getstate__(self):
        raise AssertionError("an analysis is never pickled")

    def log_likelihood_function(self, instance):
        LOG.append(instance)
        return -0.5 * float(np.sum((self.data - instance.slope - instance.offset) ** 2))

    def visualize(self, paths, instance):
        with open(f"{paths.image_path}/slope.txt", "w") as file:
            file.write(repr(instance.slope))


LOG = []


def priors(upper=2.0):
    return {"slope": cv.UniformPrior(0.0, upper), "offset": cv.GaussianPrior(0.0, 1.0)}


def fit(model=None, analysis=None, seed=1, **settings):
    """(result, whether the likelihood was called)"""
    LOG.clear()
    settings = {"path_prefix": "features", "name": "line", "n_draws": 200, **settings}
    model = cv.Model(Line, **priors()) if model is None else model
    result = cv.Laplace(**settings).fit(model, analysis or Analysis(), seed=seed, progress=False)
    return result, bool(LOG)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_named_fit_is_kept_and_given_back_without_a_run(in_a_folder):
    first, ran = fit()
    assert ran
    folder = f"output/features/line/{first.identity}"
    assert files(in_a_folder) == [f"{folder}/image/slope.txt", f"{folder}/result.h5"]
    again, ran = fit()
    assert not ran and again == first and again.analysis is not None
    assert again.instance.slope == first.instance.slope
    assert load_result(in_a_folder / folder / "result.h5") == first


def test_without_a_name_nothing_is_written(in_a_folder):
    assert fit(name=None, path_prefix=None)[1] and fit(name=None, path_prefix=None)[1]
    assert files(in_a_folder) == []


def reordered():
    made = priors()
    return cv.Collection(offset=made["offset"], slope=made["slope"])


CHANGES = {
    "data": lambda: {"analysis": Analysis(DATA + 1e-15)},
    "table": lambda: {"analysis": Analysis(pd.Series(DATA) + 1e-15)},
    "prior": lambda: {"model": cv.Model(Line, **priors(upper=2.5))},
    "order": lambda: {"model": reordered()},
    "fixed value": lambda: {"model": cv.Model(Line, slope=cv.UniformPrior(0.0, 2.0), offset=0.0)},
    "setting": lambda: {"n_draws": 201},
    "seed": lambda: {"seed": 2},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_the_kept_one_is_not_given_back(change):
    bases = {"order": {"model": cv.Collection(**priors())}, "table": {"analysis": Analysis(pd.Series(DATA))}}
    base = bases.get(change, {})
    first, _ = fit(**base)
    other, ran = fit(**CHANGES[change]())
    assert ran and other.identity != first.identity
    assert not fit(**base)[1] and not fit(**CHANGES[change]())[1]


def test_changed_code_is_another_fit(monkeypatch):
    fit()
    monkeypatch.setattr(Line, "slope_in_degrees", lambda self: np.degrees(self.slope), raising=False)
    assert fit()[1]


def test_a_damaged_result_is_made_again(in_a_folder, caplog):
    first, _ = fit()
    path = in_a_folder / f"output/features/line/{first.identity}/result.h5"
    path.write_bytes(path.read_bytes()[:-100])
    with caplog.at_level(logging.WARNING):
        again, ran = fit()
    assert ran and again == first and "it is fitted again" in caplog.text


def test_a_result_in_the_wrong_folder_is_not_taken(in_a_folder):
    first, _ = fit()
    found = in_a_folder / f"output/features/line/{first.identity}"
    assert kept_samples(found, first.identity) == first.samples
    assert kept_samples(found, "another") is None and kept_samples(None, first.identity) is None


def test_samples_with_rejected_points_are_for_those_who_reject(in_a_folder):
    from dataclasses import replace

    first, _ = fit(name=None, path_prefix=None)
    first.samples = replace(first.samples, rejected=3)
    keep(in_a_folder, first)
    assert kept_samples(in_a_folder, first.identity) is None
    assert kept_samples(in_a_folder, first.identity, rejects=True) == first.samples


def test_the_folder_is_prefix_tag_name_identity():
    search = cv.Laplace(path_prefix="features", unique_tag="d01", name="line")
    assert fit_folder(search, "abc").parts == ("output", "features", "d01", "line", "abc")
    assert fit_folder(cv.Laplace(name="line"), "abc").parts == ("output", "line", "abc")
    assert fit_folder(cv.Laplace(unique_tag="d01"), "abc") is None


def test_a_joint_fit_is_kept_whole_and_each_analysis_draws_into_its_own_folder(in_a_folder):
    shared, factors = cv.UniformPrior(0.0, 2.0), []
    for name in ("a", "b"):
        model = cv.Model(Line, slope=shared, offset=cv.GaussianPrior(0.0, 1.0))
        factors.append(cv.AnalysisFactor(model, Analysis(), name=name))
    graph = cv.FactorGraphModel(*factors)
    results, ran = fit(graph.global_prior_model, graph)
    folder = f"output/features/line/{load_result(next(in_a_folder.rglob('result.h5'))).identity}"
    assert files(in_a_folder) == [f"{folder}/{n}" for n in ("a/image/slope.txt", "b/image/slope.txt", "result.h5")]
    again, ran = fit(graph.global_prior_model, graph)
    assert not ran and again == results and again.samples == results.samples
    assert {result.settings["name"] for result in again} == {"Laplace"}
    assert {(result.seed, result.name) for result in again} == {(1, "line")} and again[0].inputs


def test_results_are_found_by_the_aggregator(in_a_folder):
    fit()
    fit(cv.Model(Line, slope=cv.UniformPrior(4.0, 5.0), offset=cv.GaussianPrior(0.0, 1.0)))
    aggregator = cv.Aggregator.from_directory("output")
    assert len(aggregator) == 2 and list(aggregator.query(aggregator.slope > 4.0).values("name")) == ["line"]


def test_a_joint_fit_of_a_hierarchy_is_found_and_has_instances(in_a_folder):
    population = cv.HierarchicalFactor(cv.GaussianPrior, name="population", mean=cv.GaussianPrior(0.0, 1.0), sigma=0.5)
    factors = []
    for _ in range(2):
        model = cv.Model(Line, slope=population.drawn_variable(), offset=0.0)
        factors.append(cv.AnalysisFactor(model, Analysis()))
    graph = cv.FactorGraphModel(*factors)
    model = graph.global_prior_model
    model.add_assertion(model[0].slope < model[1].slope)
    results, _ = fit(model, graph)
    assert not fit(model, graph)[1]
    (samples,) = cv.Aggregator.from_directory("output").values("samples")
    assert samples == results.samples and "population.mean" in samples.names
    instance = samples.max_log_likelihood_instance
    assert instance[0].slope == results[0].instance.slope < instance[1].slope == results[1].instance.slope
    aggregator = cv.Aggregator.from_directory("output")
    assert len(aggregator.query(aggregator.population.mean < 5.0)) == 1
