"""All figures of a phase."""

import dataclasses
import types

import numpy as np
import pytest
from tests.unit.plot.test_graph import patients

import cavity.plot.phase_figures
import cavity.plot.style
from cavity.graph import Analysis, AnalysisFactor, FactorGraphModel, HierarchicalFactor, view_factor
from cavity.model import Collection
from cavity.plot.dataset_fit import Fit
from cavity.plot.graph import describe_graph
from cavity.plot.phase_figures import draw_phase, fit_of_dataset, write_plots
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.prior import GaussianPrior, HalfNormalPrior, UniformPrior


def test_every_figure_lands_and_is_the_same_again(tmp_path):
    population = HierarchicalFactor(
        GaussianPrior, name="population", mean=GaussianPrior(0.0, 1.0), sigma=HalfNormalPrior(1.0)
    )
    factors = [AnalysisFactor(Collection(rate=population.drawn_variable()), Analysis(), name=f"d{i}") for i in range(3)]
    rng = np.random.default_rng(1)
    shared = Samples(names=("population.mean", "population.sigma"), values=np.abs(rng.normal(1.0, 0.1, size=(300, 2))))
    history = ({"round": 0, "kind": "pilot", "mean": {"population.mean": 1.0}, "sd": {"population.mean": 0.1}},)
    local = {f"d{i}": Samples(names=("rate",), values=rng.normal(size=(100, 1))) for i in range(3)}
    graph = describe_graph(FactorGraphModel(*factors))
    result = PhaseResult("study", "main", "ep", shared=shared, locals=local, history=history, graph=graph)
    fits = {f"d{i}": Fit(data=np.ones(4), noise=1.0, model=np.zeros(4)) for i in range(2)}
    truth = {"population.mean": 1.0, "population.sigma": 1.0}
    for folder in "ab":
        written = write_plots(result, tmp_path / folder, fits=fits, truth=truth)
        names = [str(path.relative_to(tmp_path / folder)) for path in written]
    expected = ["graph.png", "corner.png", "population.png", "convergence.png", "fits.png"]
    assert names == [*expected, "fit_d0.png", "fit_d1.png"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    bare = dataclasses.replace(result, shared=None, history=(), graph={})
    assert write_plots(bare, tmp_path / "c") == []


class Level(Analysis):
    """A constant level, and how to draw it."""

    data, noise_map = np.ones(5), np.ones(5)

    def model_data(self, instance):
        return np.full(5, instance.level * instance.gain)


def shared_gain(parts=("a", "b")):
    gain = UniformPrior(0.0, 2.0)
    factors = {name: AnalysisFactor(Collection(level=UniformPrior(0.0, 5.0), gain=gain), Level()) for name in parts}
    return {name: view_factor(factor, name, {gain: "gain"}) for name, factor in factors.items()}, gain


def test_a_datasets_fit_joins_its_own_and_the_shared_parameters():
    views, _ = shared_gain()
    values = np.random.default_rng(1).normal(2.0, 0.1, size=(200, 1))
    shared, local = Samples(names=("gain",), values=1.0 / values), Samples(names=("level",), values=values)
    result = PhaseResult("study", "main", "joint", shared=shared, locals={"a": local})
    fit = fit_of_dataset(views["a"], result)
    assert fit.model[0] == np.median(values) * np.median(1.0 / values)
    assert fit.draws.shape == (100, 5)
    np.testing.assert_allclose(fit.draws, 1.0, err_msg="draws of a joint fit belong together")
    loose = dataclasses.replace(shared, log_weights=values[:, 0])
    assert fit_of_dataset(views["a"], dataclasses.replace(result, shared=loose)).draws is None
    assert fit_of_dataset(views["b"], result) is None


def context_and_result():
    views, gain = shared_gain()
    names = types.SimpleNamespace(priors={gain: "gain"}, parents={}, plates=())
    context = types.SimpleNamespace(datasets=("a", "b"), view=views.__getitem__, names=names)
    samples = Samples(names=("level",), values=np.random.default_rng(1).normal(2.0, 0.1, size=(50, 1)))
    shared = dataclasses.replace(samples, names=("gain",))
    return context, PhaseResult("study", "main", "joint", shared=shared, locals={"a": samples, "b": samples})


def test_a_phase_is_drawn_from_its_context(tmp_path):
    context, result = context_and_result()
    written = [path.name for path in draw_phase(context, result, tmp_path)]
    assert written == ["graph.png", "corner.png", "fits.png", "fit_a.png", "fit_b.png"]


FAULTS = {
    "plot_graph": ["graph.png"],
    "describe_views": ["graph.png"],
    "plot_corner": ["corner.png"],
    "plot_fits": ["fits.png"],
    "plot_fit": ["fit_a.png", "fit_b.png"],
    "fit_of_dataset": ["fit_a.png", "fit_b.png"],
    "save_figure": ["graph.png", "corner.png", "fits.png", "fit_a.png", "fit_b.png"],
}


@pytest.mark.parametrize("function", FAULTS)
def test_a_plot_that_fails_is_a_warning_with_its_name_and_the_others_are_drawn(tmp_path, monkeypatch, caplog, function):
    def fail(*arguments, **settings):
        raise RuntimeError("no\nink")

    context, result = context_and_result()
    before = draw_phase(context, result, tmp_path)
    module = cavity.plot.style if function == "save_figure" else cavity.plot.phase_figures
    monkeypatch.setattr(module, function, fail)
    written = draw_phase(context, result, tmp_path)
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    expected = [
        f"{tmp_path / name}: not drawn, RuntimeError: no ink; everything else goes on" for name in FAULTS[function]
    ]
    assert lines == expected
    missing = {*FAULTS[function]} | ({"fits.png"} if function == "fit_of_dataset" else set())
    assert [path for path in before if path.name not in missing] == written
    assert not any((tmp_path / name).exists() for name in FAULTS[function]), "a picture of an earlier result"
    assert all(record.exc_info for record in caplog.records if record.levelname == "DEBUG")


def test_only_errors_are_caught(tmp_path, monkeypatch):
    def interrupt(*arguments, **settings):
        raise KeyboardInterrupt

    context, result = context_and_result()
    monkeypatch.setattr(cavity.plot.phase_figures, "plot_corner", interrupt)
    with pytest.raises(KeyboardInterrupt):
        draw_phase(context, result, tmp_path)


def test_fits_are_called_by_the_labels_of_the_table(tmp_path, monkeypatch):
    titles = []
    monkeypatch.setattr("cavity.plot.phase_figures.plot_fit", lambda fit, title, *labels: titles.append(title))
    monkeypatch.setattr(
        "cavity.plot.phase_figures.plot_fits", lambda fits, x, y, label: titles.extend(map(label, fits))
    )
    local = {name: Samples(names=("rate",), values=np.zeros((9, 1))) for name in "ab"}
    result = PhaseResult("study", "main", "independent", locals=local, covariates={"a": {"label": "NGC 253"}})
    write_plots(result, tmp_path, fits={name: Fit(data=np.ones(4), noise=1.0, model=np.zeros(4)) for name in "ab"})
    assert titles == ["NGC 253", "b", "NGC 253", "b"]


def test_groups_have_a_population_and_are_in_no_corner(tmp_path, monkeypatch):
    drawn = []
    for plot in ("plot_corner", "plot_convergence", "plot_population"):
        monkeypatch.setattr(f"cavity.plot.phase_figures.{plot}", lambda *given, **more: drawn.append((given, more)))
    names = ("population.mean", "population.sigma", "within", "patient.p1.rate", "patient.p2.rate", "patient.p3.rate")
    values = np.arange(24.0).reshape(4, 6)
    history = ({"round": 0, "mean": dict.fromkeys(names, 1.0)},)
    local = {name: Samples(names=("centre",), values=np.zeros((9, 1))) for name in "abcd"}
    result = PhaseResult("study", "main", "ep", shared=Samples(names=names, values=values), locals=local)
    write_plots(
        dataclasses.replace(result, history=history, graph=patients()), tmp_path, truth={"patient.p2.rate": 7.0}
    )
    (corner, _), (population, settings), (convergence, _) = drawn
    assert list(corner[1]) == list(convergence[1]) == list(names[:3])
    assert population[1:] == ("population", "patient.rate") and settings["rows"] == "groups"
    assert [samples["patient.rate"][0] for samples in population[0].locals.values()] == [3.0, 4.0, 5.0]
    assert list(population[0].locals) == ["p1", "p2", "p3"] and settings["true_values"]["p2"] == 7.0


def test_chains_are_traced_and_other_samples_are_not(tmp_path):
    values = np.random.default_rng(1).normal(size=(40, 1))
    chains = {name: Samples(names=("rate",), values=values, info={"chains": 4}) for name in "ab"}
    shared = Samples(names=("mean",), values=values, info={"chains": 4})
    joint = PhaseResult("study", "main", "joint", shared=shared, locals=chains)
    assert {path.name for path in write_plots(joint, tmp_path) if path.name.startswith("trace")} == {
        "trace.png",
        "trace_a.png",
        "trace_b.png",
    }
    nested = {"a": Samples(names=("rate",), values=values)}
    assert not write_plots(PhaseResult("study", "main", "independent", locals=nested), tmp_path / "nested")
