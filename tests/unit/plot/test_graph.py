"""The graph of a study: description and drawing."""

import json

from cavity.graph import Analysis, AnalysisFactor, FactorGraphModel, HierarchicalFactor
from cavity.model import Collection, Model
from cavity.plot.graph import describe_graph, plot_graph
from cavity.prior import GaussianPrior, HalfNormalPrior, LogGaussianPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre = centre


class Image(Analysis):
    pass


class Spectrum(Analysis):
    pass


def two_kinds():
    population = HierarchicalFactor(
        GaussianPrior, name="population", mean=GaussianPrior(50.0, 10.0), sigma=HalfNormalPrior(10.0)
    )
    size = HierarchicalFactor(LogGaussianPrior, name="size", mean=0.0, sigma=HalfNormalPrior(1.0))
    slope = UniformPrior(0.0, 1.0)
    factors = []
    for i in range(3):
        model = Model(Gaussian, centre=population.drawn_variable(), normalization=UniformPrior(0.0, 1.0), sigma=slope)
        factors.append(AnalysisFactor(Collection(gaussian=model), Image(), name=f"image{i}"))
    for i in range(2):
        model = Model(Gaussian, centre=population.drawn_variable(), normalization=slope, sigma=size.drawn_variable())
        factors.append(AnalysisFactor(Collection(gaussian=model), Spectrum(), name=f"spectrum{i}"))
    return FactorGraphModel(*factors)


def test_datasets_of_one_structure_share_a_plate():
    description = describe_graph(two_kinds())
    plates = [(plate["label"], plate["size"]) for plate in description["plates"]]
    assert plates == [("3 datasets", 3), ("2 datasets", 2)]
    roles = {node["id"]: node["role"] for node in description["nodes"]}
    assert roles["0:gaussian.centre"] == "drawn" and roles["0:gaussian.normalization"] == "local"
    assert roles["shared:population.mean"] == "shared" and roles["fixed:size.mean"] == "fixed"
    edges = [tuple(edge) for edge in description["edges"]]
    assert ("parent:population", "0:gaussian.centre") in edges and ("parent:population", "1:gaussian.centre") in edges
    assert ("shared:population.sigma", "parent:population") in edges
    assert ("shared:gaussian.sigma", "0:data") in edges and ("shared:gaussian.sigma", "1:data") in edges
    assert description["parents"]["size"]["arguments"]["mean"] == 0.0
    assert json.loads(json.dumps(description)) == description


def test_it_is_drawn_with_every_label():
    figure = plot_graph(describe_graph(two_kinds()), title="study")
    texts = {text.get_text().replace("\n", "") for text in figure.axes[0].texts}
    assert {"3 datasets", "population.mean", "mean = 0", "Image", "Spectrum", "gaussian.centre"} <= texts


def test_nodes_do_not_lie_on_each_other():
    figure = plot_graph(describe_graph(two_kinds()))
    centres = [patch.get_center() for patch in figure.axes[0].patches if hasattr(patch, "get_radius")]
    for i, a in enumerate(centres):
        assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) > 0.5 for b in centres[:i])


def test_many_local_parameters_are_folded():
    items = {f"p{i}": UniformPrior(0.0, 1.0) for i in range(9)}
    graph = FactorGraphModel(AnalysisFactor(Collection(**items), Image(), name="d"))
    labels = [node["label"] for node in describe_graph(graph)["nodes"]]
    assert "and 4 more" in labels and "p4" in labels and "p5" not in labels
