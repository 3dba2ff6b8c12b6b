"""The graph of a study: description and drawing."""

import json

import pytest

from cavity.graph import (
    Analysis,
    AnalysisFactor,
    FactorGraphModel,
    HierarchicalFactor,
    name_shared,
    plate,
    view_factor,
    with_groups,
)
from cavity.model import Collection, Model
from cavity.plot.graph import describe_graph, describe_views, plot_graph
from cavity.prior import GaussianPrior, HalfNormalPrior, LogGaussianPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre = centre


class Level:
    def __init__(self, centre=0.0, sigma=1.0):
        self.centre, self.sigma = centre, sigma


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


def covariate():
    """(names, views) of datasets whose parents, made inside factor, lie on a line over a covariate."""
    a, b, s = GaussianPrior(0.0, 1.0), GaussianPrior(0.0, 1.0), HalfNormalPrior(1.0)
    names, views = name_shared({"a": a, "b": b, "s": s}), []
    for x in range(3):
        centre = HierarchicalFactor(GaussianPrior, mean=a + b * float(x), sigma=s)
        sigma = HierarchicalFactor(LogGaussianPrior, mean=a, sigma=s)
        model = Model(Level, centre=centre.drawn_variable(), sigma=sigma.drawn_variable())
        views.append(view_factor(AnalysisFactor(model, Image()), f"d{x}", names.priors, names.parents))
    return names, views


def patients(rows=(("a", "p1"), ("b", "p1"), ("c", "p2"), ("d", "p3"))):
    """The description of datasets drawn from groups, which are drawn from a population."""
    population = HierarchicalFactor(GaussianPrior, mean=GaussianPrior(0.0, 1.0), sigma=HalfNormalPrior(1.0))
    within = HalfNormalPrior(1.0)

    @plate("patient")
    def patient(key):
        return Collection(rate=population.drawn_variable(), scale=UniformPrior(0.0, 1.0))

    names = name_shared({"population": population, "within": within, "patient": patient})
    names, views = with_groups(names, {"patient": ("p1", "p2", "p3")}), []
    for dataset, key in rows:
        group = HierarchicalFactor(GaussianPrior, mean=patient(key).rate, sigma=within)
        model = Model(Level, centre=group.drawn_variable(), sigma=patient(key).scale)
        views.append(view_factor(AnalysisFactor(model, Image()), dataset, names.priors, names.parents))
    return describe_views(views, names.priors, names.parents, groups=names.plates)


def edges_of(description):
    return {tuple(edge) for edge in description["edges"]}


def test_a_parent_made_inside_factor_belongs_to_its_dataset():
    names, views = covariate()
    description = describe_views(views, names.priors, names.parents)
    assert [(box["label"], box["size"]) for box in description["plates"]] == [("3 datasets", 3)]
    parents = {node["id"]: node for node in description["nodes"] if node["role"] == "parent"}
    assert list(parents) == ["parent:centre_parent", "parent:sigma_parent"]
    assert [(node["label"], node["plate"]) for node in parents.values()] == [("Gaussian", "0"), ("LogGaussian", "0")]
    above = {start for start, end in edges_of(description) if end == "parent:centre_parent"}
    assert above == {"shared:a", "shared:b", "shared:s"} and len(edges_of(description)) == len(description["edges"])
    assert ("parent:centre_parent", "0:centre") in edges_of(description)


def test_only_a_parent_that_is_one_for_all_datasets_has_a_density_to_draw():
    names, views = covariate()
    parents = describe_views(views, names.priors, names.parents)["parents"]
    assert parents == {
        "sigma_parent": {
            "family": "LogGaussianPrior",
            "arguments": {"mean": {"variable": "a"}, "sigma": {"variable": "s"}},
        }
    }


def test_parents_of_different_structure_are_different_plates():
    a, b, s = GaussianPrior(0.0, 1.0), GaussianPrior(0.0, 1.0), HalfNormalPrior(1.0)
    names, views = name_shared({"a": a, "b": b, "s": s}), []
    for dataset, mean in (("u", a), ("v", a + b), ("w", a + 2.0 * b), ("x", 3.0)):
        parent = HierarchicalFactor(GaussianPrior, mean=mean, sigma=s)
        factor = AnalysisFactor(Model(Level, centre=parent.drawn_variable(), sigma=1.0), Image())
        views.append(view_factor(factor, dataset, names.priors, names.parents))
    description = describe_views(views, names.priors, names.parents)
    assert [box["label"] for box in description["plates"]] == ["u", "2 datasets", "x"]
    assert "mean = 3" in [node["label"] for node in description["nodes"]]


def test_in_a_notebook_they_share_a_plate_too():
    a, b, s = GaussianPrior(0.0, 1.0), GaussianPrior(0.0, 1.0), HalfNormalPrior(1.0)
    factors = []
    for x in range(3):
        parent = HierarchicalFactor(GaussianPrior, mean=a + b * float(x), sigma=s)
        factors.append(AnalysisFactor(Model(Level, centre=parent.drawn_variable(), sigma=1.0), Image()))
    assert [box["size"] for box in describe_graph(FactorGraphModel(*factors))["plates"]] == [3]


def test_groups_share_a_box_above_their_datasets():
    description = patients()
    assert [(box["label"], box["size"]) for box in description["plates"]] == [("4 datasets", 4)]
    assert description["groups"] == [{"id": "group:patient", "label": "3 × patient", "size": 3}]
    nodes = {node["id"]: (node["label"], node["role"], node["plate"]) for node in description["nodes"]}
    assert nodes["group:patient:patient.rate"] == ("patient.rate", "drawn", "group:patient")
    assert nodes["group:patient:patient.scale"] == ("patient.scale", "shared", "group:patient")
    assert edges_of(description) >= {
        ("shared:population.mean", "parent:population"),
        ("parent:population", "group:patient:patient.rate"),
        ("group:patient:patient.rate", "parent:centre_parent"),
        ("shared:within", "parent:centre_parent"),
        ("group:patient:patient.scale", "0:data"),
    }
    members = next(node for node in description["nodes"] if node["label"] == "patient.rate")["members"]
    assert members == {"p1": "patient.p1.rate", "p2": "patient.p2.rate", "p3": "patient.p3.rate"}
    assert list(description["parents"]) == ["population"]
    assert json.loads(json.dumps(description)) == description


def test_the_parent_of_one_group_is_no_parent_of_all_datasets():
    assert list(patients([("a", "p1"), ("b", "p1")])["parents"]) == ["population"]


def descriptions():
    names, views = covariate()
    return [describe_graph(two_kinds()), describe_views(views, names.priors, names.parents), patients()]


@pytest.mark.parametrize("description", descriptions(), ids=["two kinds", "covariate", "groups"])
def test_nodes_do_not_lie_on_each_other(description):
    patches = plot_graph(description).axes[0].patches
    centres = [patch.get_center() for patch in patches if hasattr(patch, "get_center")]
    assert len(centres) == len(description["nodes"])
    for i, a in enumerate(centres):
        assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) > 0.5 for b in centres[:i])


@pytest.mark.parametrize("description", descriptions(), ids=["two kinds", "covariate", "groups"])
def test_a_box_holds_its_own_nodes_and_no_others(description):
    from cavity.plot.graph import _layout

    nodes = {node["id"]: node for node in description["nodes"]}
    places, boxes = _layout(description, nodes)
    for (left, right, bottom, top), box in zip(boxes, description["plates"] + description["groups"], strict=True):
        inside = {name for name, (x, y) in places.items() if left < x < right and bottom < y < top}
        assert inside == {name for name, node in nodes.items() if node["plate"] == box["id"]}


def test_many_local_parameters_are_folded():
    items = {f"p{i}": UniformPrior(0.0, 1.0) for i in range(9)}
    graph = FactorGraphModel(AnalysisFactor(Collection(**items), Image(), name="d"))
    labels = [node["label"] for node in describe_graph(graph)["nodes"]]
    assert "and 4 more" in labels and "p4" in labels and "p5" not in labels
