"""The text of a model."""

import numpy as np

from cavity.model import Collection, Model
from cavity.prior import GaussianPrior, LogUniformPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01): ...


def words(info):
    """The text without its columns: a list of (indentation, text)."""
    return [(len(line) - len(line.lstrip()), " ".join(line.split())) for line in info.splitlines() if line]


def test_a_model_and_its_values(gaussian):
    gaussian.normalization = 2.0
    assert words(gaussian.info) == [
        (0, "Total Free Parameters = 2"),
        (0, "model Gaussian (N=2)"),
        (0, "centre UniformPrior [0], lower_limit = 0.0, upper_limit = 100.0"),
        (0, "normalization 2.0"),
        (0, "sigma GaussianPrior [1], mean = 10.0, sigma = 5.0, lower_limit = 0.0"),
    ]


def test_equal_items_are_folded_as_the_documents_print_them(gaussian):
    models = []
    for _ in range(3):
        model = gaussian.copy()
        model.normalization = LogUniformPrior(lower_limit=1e-2, upper_limit=1e2)
        model.sigma = GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf)
        models.append(model)
    lines = words(Collection(models).info)
    assert lines[:6] == [
        (0, "Total Free Parameters = 7"),
        (0, "model Collection (N=7)"),
        (4, "0 - 2 Gaussian (N=3)"),
        (0, "0 - 2"),
        (4, "centre UniformPrior [0], lower_limit = 0.0, upper_limit = 100.0"),
        (0, "0"),
    ]
    assert [text for indent, text in lines if indent == 0][-3:] == ["0", "1", "2"]
    assert len(lines) == 14


def test_relations_show_formula_and_parameters(gaussian):
    slope, offset = UniformPrior(-10.0, 10.0), UniformPrior(-10.0, 10.0)
    models = []
    for x in (1.0, 2.0, 3.0):
        model = Collection(gaussian=gaussian.copy())
        model.gaussian.sigma = slope * x + offset
        models.append(model)
    lines = words(Collection(models).info)
    assert (0, "Total Free Parameters = 4") in lines
    assert (4, "0 - 2 Collection (N=4)") in lines and (8, "gaussian Gaussian (N=4)") in lines
    assert (12, "0 UniformPrior [2], lower_limit = -10.0, upper_limit = 10.0") in lines
    assert [text for _, text in lines if "*" in text] == [f"sigma ([2] * {x}) + [3]" for x in (1.0, 2.0, 3.0)]


def test_a_run_is_folded_only_where_it_is_equal():
    shared, own = UniformPrior(0.0, 1.0), UniformPrior(0.0, 2.0)
    models = [Model(Gaussian, centre=prior, normalization=1.0, sigma=2.0) for prior in (shared, shared, own)]
    values = Collection(models).info.split("\n\n")[-1]
    assert [line.split()[:3] for line in values.splitlines() if not line.startswith(" ")] == [
        ["0", "-", "2"],
        ["0", "-", "1"],
        ["2"],
    ]


def test_objects_and_arrays_are_short():
    lines = words(Collection(grid=np.zeros((3, 4)), part=Gaussian(), text="fine").info)
    assert [text for _, text in lines[2:]] == ["grid array of shape (3, 4)", "part Gaussian", "text fine"]


def test_missing_priors_and_assertions_are_shown(gaussian):
    model = Collection(gaussian=gaussian, other=Model(Gaussian))
    gaussian.add_assertion(gaussian.sigma > 5.0)
    lines = [text for _, text in words(model.info)]
    assert lines[0] == "Total Free Parameters = 3 (3 arguments without a prior)"
    assert "centre no prior" in lines
    assert lines[-2:] == ["assertions", "[2] > 5.0"]
