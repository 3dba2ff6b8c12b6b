"""All figures of a phase."""
import dataclasses

import numpy as np

from cavity.graph import Analysis, AnalysisFactor, FactorGraphModel, HierarchicalFactor
from cavity.model import Collection
from cavity.plot.fit import Fit
from cavity.plot.graph import describe_graph
from cavity.plot.phase import write_plots
from cavity.posterior.phase import PhaseResult
from cavity.posterior.samples import Samples
from cavity.prior import GaussianPrior, HalfNormalPrior


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
    expected = ["graph.png", "corner.png", "population_population_rate.png", "convergence.png", "fits.png"]
    assert names == [*expected, "fit_d0.png", "fit_d1.png"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    bare = dataclasses.replace(result, shared=None, history=(), graph={})
    assert write_plots(bare, tmp_path / "c") == []
