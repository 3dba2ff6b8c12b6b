import dataclasses
import json
import sys
from importlib import metadata
from typing import NamedTuple

import numpy as np
import pytest

import cavity as cv
from cavity.errors import AnalysisError, SearchError
from cavity.search import (
    SEARCHES,
    AutoCorrelationsSettings,
    DynestyDynamic,
    DynestyStatic,
    Emcee,
    Guard,
    InitializerBall,
    Laplace,
    Nautilus,
    Problem,
    UltraNest,
    search_from_dict,
)
from cavity.search.search import nested_samples, require_libraries

from ...statistics.search.problems import correlated_gaussian


@pytest.mark.parametrize("search", SEARCHES.values(), ids=list(SEARCHES))
def test_settings_go_to_json_and_back(search):
    settings = search().settings()
    assert settings["name"] == search.__name__
    assert search_from_dict(json.loads(json.dumps(settings, allow_nan=False))).settings() == settings


def test_where_output_goes_is_no_part_of_the_settings():
    assert DynestyStatic(name="a", path_prefix="b", unique_tag="c").settings() == DynestyStatic().settings()


def test_nested_settings_are_made_from_a_config():
    search = search_from_dict(
        {"name": "Emcee", "initializer": {"name": "InitializerBall", "lower_limit": 0.4, "upper_limit": 0.6}}
    )
    assert search.initializer == InitializerBall(lower_limit=0.4, upper_limit=0.6)
    settings = {"name": "AutoCorrelationsSettings", "required_length": 20}
    search = search_from_dict({"name": "Emcee", "auto_correlations_settings": settings})
    assert search.auto_correlations_settings == AutoCorrelationsSettings(required_length=20)


def test_defaults_fill_what_is_not_set():
    defaults = {"DynestyStatic": {"nlive": 77, "sample": "rwalk"}}
    search = search_from_dict({"name": "DynestyStatic", "nlive": 60}, defaults)
    assert (search.nlive, search.sample) == (60, "rwalk")


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"name": "DynestyStatc"}, "did you mean DynestyStatic?"),
        ({}, "search.name is None"),
        ({"name": "DynestyStatic", "nliv": 3}, "nliv: no such setting of DynestyStatic; did you mean nlive?"),
    ],
)
def test_a_wrong_config_is_named(settings, said):
    with pytest.raises(SearchError) as caught:
        search_from_dict(settings)
    assert said in str(caught.value)


def test_the_same_seed_is_the_same_run_and_another_is_not():
    problem = correlated_gaussian(2).problem
    runs = [Laplace().run(problem, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert not np.array_equal(runs[0].values, runs[2].values)


def test_counts_and_priors_come_with_the_samples():
    problem = correlated_gaussian(2).problem
    samples = Laplace().run(problem, np.random.default_rng(1))
    assert samples.names == problem.names
    assert samples.calls >= len(samples)
    assert samples.log_priors == pytest.approx(np.full(len(samples), -2.0 * np.log(4.0)))
    assert samples.log_likelihoods[5] == pytest.approx(problem.log_likelihood(samples.values[5]))


def test_the_evidence_is_that_of_the_prior_which_the_assertions_leave():
    problem = correlated_gaussian(2).problem
    whole = Laplace().run(problem, np.random.default_rng(1))
    cut = dataclasses.replace(problem, log_acceptance=np.log(0.25), log_acceptance_error=0.3)
    half = Laplace().run(cut, np.random.default_rng(1))
    assert half.log_evidence - whole.log_evidence == pytest.approx(np.log(4.0))
    assert half.log_evidence_error == pytest.approx(np.hypot(whole.log_evidence_error, 0.3))


def test_a_problem_without_parameters_is_refused():
    problem = Problem(names=(), prior_transform=np.asarray, log_likelihood=lambda vector: 0.0)
    with pytest.raises(SearchError, match="no free parameter"):
        Laplace().run(problem, np.random.default_rng(1))


class Line(NamedTuple):
    slope: float


class LineModel:
    """The least that a model must be: the contract of ``Search.fit``."""

    prior_count, labels, units, assertions = 1, ("a",), ("",), ()

    def to_dict(self):
        return {"type": "Line"}

    def compile(self):
        return self

    names, ndim, has_assertions = ("slope",), 1, False

    def vector(self, unit):
        return 4.0 * np.asarray(unit) - 2.0

    def unit(self, vector):
        return (np.asarray(vector) + 2.0) / 4.0

    def instance(self, vector):
        return Line(float(vector[0]))

    def log_prior(self, vector):
        return -np.log(4.0)


class LineAnalysis:
    def log_likelihood_function(self, instance):
        return -0.5 * ((instance.slope - 1.0) / 0.1) ** 2

    def make_result(self, samples, model, **origin):
        return samples, model


def test_fit_gives_the_analysis_its_samples():
    model = LineModel()
    samples, returned = Laplace().fit(model, LineAnalysis())
    assert returned is model
    assert samples.mean[0] == pytest.approx(1.0, abs=0.01)
    assert samples.sd[0] == pytest.approx(0.1, rel=0.05)


def test_fit_refuses_an_analysis_without_a_likelihood():
    with pytest.raises(AnalysisError, match="object has no log_likelihood_function"):
        Laplace().fit(LineModel(), object())


def test_a_search_is_made_with_or_without_parts():
    assert Emcee().auto_correlations_settings == AutoCorrelationsSettings()


def test_a_quick_fit_prints_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a named fit keeps its result below the working directory
    Laplace(name="quick").fit(LineModel(), LineAnalysis())
    assert capsys.readouterr() == ("", "")


def test_a_fit_tells_its_progress_to_the_one_it_is_given():
    seen = []

    class Told:
        def update(self, guard):
            seen.append(guard.calls)

        def close(self, guard):
            seen.append("end")

    Laplace(checkpoint_interval=0.0).fit(LineModel(), LineAnalysis(), progress=Told())
    assert len(seen) > 2 and seen[-1] == "end" and seen[:-1] == sorted(seen[:-1])


@pytest.mark.parametrize(
    "search, setting, limit",
    [
        (DynestyStatic(), "maxcall", 4000),
        (DynestyStatic(maxcall=300), "maxcall", 300),
        (DynestyDynamic(), "maxcall", 4000),
        (UltraNest(), "max_ncalls", 4000),
        (Nautilus(), "n_like_max", 4000),
        (Emcee(nwalkers=40), "nsteps", 100),
    ],
)
def test_a_librarys_own_limit_is_set_from_a_budget(search, setting, limit):
    assert getattr(search.limited(4000), setting) == limit and search.limited(None) is search
    assert Laplace().limited(4000) == Laplace()


def test_weights_are_normalised_and_numbers_copied():
    problem = correlated_gaussian(2).problem
    unit = np.full((3, 2), 0.5)
    samples = nested_samples(
        problem,
        Guard(problem),
        values=problem.vectors(unit),
        unit=unit,
        log_weights=[0.0, np.log(3.0), -np.inf],
        log_likelihoods=[1.0, 2.0, -np.inf],
        log_evidence=np.float64(-2.0),
        log_evidence_error=0.1,
        info={"converged": True},
    )
    assert np.exp(samples.log_weights) == pytest.approx([0.25, 0.75, 0.0])
    unit[:] = 0.0
    assert samples.unit[0, 0] == 0.5
    assert samples.log_evidence == -2.0


SEARCHES = {
    cv.Nautilus(): ("nautilus", r"Nautilus needs the package nautilus-sampler: pip install 'cavity\[nautilus\]'"),
    cv.UltraNest(): ("ultranest", r"UltraNest needs the package ultranest: pip install 'cavity\[ultranest\]'"),
    cv.Emcee(): ("emcee", r"Emcee needs the package emcee: pip install 'cavity\[emcee\]'"),
    cv.DynestyStatic(): ("dynesty", "DynestyStatic needs the package dynesty: pip install dynesty"),
}


@pytest.mark.parametrize("search", SEARCHES)
def test_a_module_that_cannot_be_imported(search, monkeypatch):
    module, sentence = SEARCHES[search]
    require_libraries(search)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SearchError, match=sentence):
        require_libraries(search)


def test_a_package_that_is_not_installed(monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    require_libraries(cv.Laplace())
    with pytest.raises(SearchError, match="Emcee needs the package emcee"):
        require_libraries(cv.Emcee())
