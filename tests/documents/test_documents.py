"""The documents on graphical models and many datasets: their code runs, their structure and the truth come out.

The code is theirs up to names of variables. What had to be mended: unclosed parentheses; lists that are never filled
(``append``); an empty ``result =``; ``p.`` and ``g.`` before names that are the user's own or cavity's; in the
relational model a second ``search.fit(model=model, analysis=analysis)``, which would fit one dataset, and
``instance.centre`` of a collection, which is ``instance.gaussian.centre``. ``DynestyStatic()`` of the first model has
``sample="rwalk"`` as the others have: uniform draws, dynesty's own choice below ten dimensions, are too slow in seven.
"""

import re
from os import path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import cavity as af

from .check import assert_truth


def load(*folders):
    """Data and noise map of one dataset, as the documents load them."""
    dataset_path = path.join("dataset", "example_1d", *folders)
    data = af.util.numpy_array_from_json(file_path=path.join(dataset_path, "data.json"))
    noise_map = af.util.numpy_array_from_json(file_path=path.join(dataset_path, "noise_map.json"))
    return data, noise_map


def analyses(names, folder=""):
    """The documents' loop over datasets."""
    analysis_list = []
    for name in names:
        data, noise_map = load(*filter(None, (folder, name)))
        analysis_list.append(af.ex.Analysis(data=data, noise_map=noise_map))
    return analysis_list


def lines(info):
    """The lines of an info text, spaces folded."""
    return [re.sub(r"\s+", " ", line).strip() for line in info.splitlines()]


# --- the graphical model with one shared centre -------------------------------------------------------------------


def shared_centre_graph():
    analysis_list = analyses([f"dataset_{index}" for index in range(3)], "gaussian_x1__low_snr")
    centre_shared_prior = af.GaussianPrior(mean=50.0, sigma=30.0)
    model_list = []
    for _ in range(len(analysis_list)):
        gaussian = af.Model(af.ex.Gaussian)
        gaussian.centre = centre_shared_prior
        gaussian.normalization = af.LogUniformPrior(lower_limit=1e-6, upper_limit=1e6)
        gaussian.sigma = af.UniformPrior(lower_limit=0.0, upper_limit=25.0)
        model_list.append(gaussian)
    analysis_factor_list = []
    for model, analysis in zip(model_list, analysis_list):
        analysis_factor = af.AnalysisFactor(prior_model=model, analysis=analysis)
        analysis_factor_list.append(analysis_factor)
    return af.FactorGraphModel(*analysis_factor_list)


def test_a_shared_centre_makes_seven_parameters():
    model = shared_centre_graph().global_prior_model
    assert model.prior_count == 7
    assert "Total Free Parameters = 7" in lines(model.info) and "model GlobalPriorModel (N=7)" in lines(model.info)


def test_the_graph_with_a_shared_centre_is_fitted(truth):
    factor_graph = shared_centre_graph()
    search = af.DynestyStatic(sample="rwalk", walks=10, nlive=30)
    result = search.fit(model=factor_graph.global_prior_model, analysis=factor_graph)
    assert len(result) == 3 and len({each.max_log_likelihood_instance.centre for each in result}) == 1
    for number, each in enumerate(result, start=1):
        names = ["centre", f"g0{number}.gaussian.normalization", f"g0{number}.gaussian.sigma"]
        assert_truth(each.samples, [truth["low_snr"][name] for name in names])


# --- one model for all datasets -----------------------------------------------------------------------------------


def one_gaussian():
    model = af.Model(af.ex.Gaussian)
    model.centre = af.UniformPrior(lower_limit=0.0, upper_limit=100.0)
    model.normalization = af.LogUniformPrior(lower_limit=1e-2, upper_limit=1e2)
    model.sigma = af.GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf)
    return model


def test_one_model_is_fitted_to_three_datasets(truth):
    data_list, noise_map_list = zip(*(load(f"gaussian_x1_identical_{index}") for index in range(3)))
    for data, noise_map in zip(data_list, noise_map_list):
        xvalues = range(data.shape[0])
        plt.errorbar(x=xvalues, y=data, yerr=noise_map, color="k", ecolor="k", linestyle=" ", elinewidth=1, capsize=2)
        plt.close()
    model = one_gaussian()
    analysis_factor_list = []
    for analysis in analyses([f"gaussian_x1_identical_{index}" for index in range(3)]):
        analysis_factor_list.append(af.AnalysisFactor(prior_model=model, analysis=analysis))
    factor_graph = af.FactorGraphModel(*analysis_factor_list)
    info = lines(factor_graph.global_prior_model.info)
    assert "Total Free Parameters = 3" in info and "0 - 2 Gaussian (N=3)" in info

    search = af.DynestyStatic(path_prefix="features", sample="rwalk", name="multiple_datasets_simple")
    result_list = search.fit(model=factor_graph.global_prior_model, analysis=factor_graph)

    assert len(result_list) == 3
    first, second = (result.max_log_likelihood_instance for result in result_list[:2])
    for name in ("centre", "normalization", "sigma"):
        assert getattr(first, name) == getattr(second, name)
    assert_truth(result_list[0].samples, truth["identical"])
    for data, noise_map, result in zip(data_list, noise_map_list, result_list):
        xvalues = np.arange(data.shape[0])
        model_data = result.max_log_likelihood_instance.model_data_from(xvalues=xvalues)
        assert np.mean(((data - model_data) / noise_map) ** 2) == pytest.approx(1.0, abs=0.4)
        plt.plot(xvalues, model_data, color="r")
        plt.close()


# --- a model that varies from one dataset to the next ---------------------------------------------------------------


VARIABLE = ["sigma_0", "sigma_1", "sigma_2"]


def variable_graph():
    model = one_gaussian()
    analysis_factor_list = []
    for analysis in analyses(VARIABLE, "gaussian_x1_variable"):
        model_analysis = model.copy()
        model_analysis.normalization = af.LogUniformPrior(lower_limit=1e-2, upper_limit=1e2)
        model_analysis.sigma = af.GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf)
        analysis_factor_list.append(af.AnalysisFactor(prior_model=model_analysis, analysis=analysis))
    return af.FactorGraphModel(*analysis_factor_list)


def test_profiles_are_drawn():
    data, _ = load("gaussian_x1_variable", "sigma_0")
    axes = af.ex.plot_profile_1d(xvalues=range(data.shape[0]), profile_1d=data)
    assert axes.get_xlabel() == "x"
    plt.close()


def test_normalization_and_sigma_of_each_dataset_are_shown_and_the_centre_folded():
    info = lines(variable_graph().global_prior_model.info)
    for line in ("Total Free Parameters = 7", "model GlobalPriorModel (N=7)", "0 - 2 Gaussian (N=3)", "0 - 2"):
        assert line in info
    parameters = info[info.index("0 - 2") :]
    families = [line.split()[0] + " " + line.split()[1] for line in parameters if "Prior" in line]
    assert families == ["centre UniformPrior", *3 * ["normalization LogUniformPrior", "sigma GaussianPrior"]]
    assert [line for line in parameters if line in ("0 - 2", "0", "1", "2")] == ["0 - 2", "0", "1", "2"]


def test_a_model_that_varies_is_fitted(truth):
    factor_graph = variable_graph()
    search = af.DynestyStatic(
        path_prefix="features", sample="rwalk", name="multiple_datasets_free_sigma", walks=10, nlive=30
    )
    result_list = search.fit(model=factor_graph.global_prior_model, analysis=factor_graph)
    assert len(result_list) == 3
    instances = [result.max_log_likelihood_instance for result in result_list]
    assert len({instance.centre for instance in instances}) == 1
    assert len({instance.sigma for instance in instances}) == len({i.normalization for i in instances}) == 3
    for name, result in zip(VARIABLE, result_list):
        assert_truth(result.samples, truth[name])


# --- a relation between the datasets --------------------------------------------------------------------------------


def relational_graph():
    model = af.Collection(gaussian=af.Model(af.ex.Gaussian))
    sigma_m = af.UniformPrior(lower_limit=-10.0, upper_limit=10.0)
    sigma_c = af.UniformPrior(lower_limit=-10.0, upper_limit=10.0)
    x_list = [1.0, 2.0, 3.0]
    analysis_factor_list = []
    for x, analysis in zip(x_list, analyses(VARIABLE, "gaussian_x1_variable")):
        sigma_relation = (sigma_m * x) + sigma_c
        model_analysis = model.copy()
        model_analysis.gaussian.sigma = sigma_relation
        analysis_factor_list.append(af.AnalysisFactor(prior_model=model_analysis, analysis=analysis))
    return af.FactorGraphModel(*analysis_factor_list)


def test_a_relation_leaves_four_parameters():
    info = lines(relational_graph().global_prior_model.info)
    for line in (
        "Total Free Parameters = 4",
        "model GlobalPriorModel (N=4)",
        "0 - 2 Collection (N=4)",
        "gaussian Gaussian (N=4)",
        "0 - 2",
    ):
        assert line in info
    limits = "lower_limit = 0.0, upper_limit = 100.0"
    assert sum(line.startswith("centre UniformPrior") and limits in line for line in info) == 1
    assert sum("lower_limit = 1e-06, upper_limit = 1000000.0" in line for line in info) == 1
    for x in ("1.0", "2.0", "3.0"):
        assert sum(x in line and line.startswith("sigma") for line in info) == 1


def test_a_relational_model_is_fitted(truth):
    factor_graph = relational_graph()
    search = af.DynestyStatic(path_prefix="features", sample="rwalk", name="multiple_datasets_relation", nlive=30)
    result_list = search.fit(model=factor_graph.global_prior_model, analysis=factor_graph)
    assert len(result_list) == 3
    gaussians = [result.max_log_likelihood_instance.gaussian for result in result_list]
    assert len({gaussian.centre for gaussian in gaussians}) == len({g.normalization for g in gaussians}) == 1
    first, second, third = (gaussian.sigma for gaussian in gaussians)
    assert third - second == pytest.approx(second - first)
    names = result_list[0].samples.names
    assert names[:2] == ("gaussian.centre", "gaussian.normalization")
    assert_truth(result_list[0].samples, (50.0, 50.0, 10.0, 0.0))


# --- different analyses, hierarchies, expectation propagation -------------------------------------------------------


class TotalAnalysis(af.Analysis):
    """Another kind of data: a single number, the integral of the profile."""

    def __init__(self, total, error):
        self.total, self.error = total, error

    def log_likelihood_function(self, instance):
        return -0.5 * ((instance.normalization - self.total) / self.error) ** 2


def test_datasets_of_different_kinds_share_a_model():
    model, (data, noise_map) = one_gaussian(), load("gaussian_x1_identical_0")
    factor_graph = af.FactorGraphModel(
        af.AnalysisFactor(prior_model=model, analysis=af.ex.Analysis(data=data, noise_map=noise_map)),
        af.AnalysisFactor(prior_model=model, analysis=TotalAnalysis(25.0, 0.05)),
    )
    result_list = af.Laplace().fit(model=factor_graph.global_prior_model, analysis=factor_graph)
    assert [type(result.analysis) for result in result_list] == [af.ex.Analysis, TotalAnalysis]
    assert result_list[0].samples.sd[1] == pytest.approx(0.05, rel=0.1)


def hierarchical_graph():
    hierarchical_factor = af.HierarchicalFactor(
        af.GaussianPrior,
        mean=af.GaussianPrior(mean=50.0, sigma=10.0),
        sigma=af.TruncatedGaussianPrior(mean=0.0, sigma=5.0, lower_limit=0.0, upper_limit=100.0),
    )
    analysis_factor_list = []
    for analysis in analyses([f"dataset_{index}" for index in range(3)], "gaussian_x1__low_snr"):
        gaussian = af.Model(af.ex.Gaussian)
        gaussian.centre = af.GaussianPrior(mean=50.0, sigma=20.0)
        hierarchical_factor.add_drawn_variable(gaussian.centre)
        analysis_factor_list.append(af.AnalysisFactor(prior_model=gaussian, analysis=analysis))
    return af.FactorGraphModel(*analysis_factor_list, hierarchical_factor)


def test_a_hierarchy_has_two_parameters_more():
    factor_graph = hierarchical_graph()
    assert factor_graph.global_prior_model.prior_count == 3 * 3 + 2
    assert len(factor_graph.parents) == 1 and len(factor_graph.parent_of) == 3


@pytest.mark.parametrize(
    "search",
    [af.Laplace(), pytest.param(af.DynestyStatic(nlive=100), marks=pytest.mark.long)],
    ids=["Laplace", "DynestyStatic"],
)
def test_a_hierarchy_is_fitted_by_expectation_propagation(search):
    factor_graph = hierarchical_graph()
    result = factor_graph.optimise(af.ExpectationPropagation(search=search))
    mean = next(name for name in result.shared.names if name.endswith("mean"))
    column = result.shared[mean]
    weights = result.shared.weights
    average = float(weights @ column)
    assert abs(average - 50.0) < 3.0 * float(np.sqrt(weights @ (column - average) ** 2))
    assert len(result.locals) == 3
