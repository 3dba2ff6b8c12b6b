"""A named fit's result: kept, found again for equal inputs, never for others."""

import logging

import numpy as np
import pandas as pd
import pytest

import cavity as cv
from cavity.posterior.kept import fit_folder, keep, kept_samples
from cavity.posterior.result import load_result

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
