"""The text of a model."""

import numpy as np
import pytest

from cavity.model import Collection, Model, default_priors
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


class Profile:
    def __init__(self, centre=(0.0, 0.0), sigma=1.0, effective_radius=1.0, x=0.0, chi_2=0.0): ...


@pytest.fixture
def profile():
    model = Model(Profile)
    for part in ("sigma", "effective_radius", "x", "chi_2"):
        model[part] = UniformPrior()
    model.centre = (UniformPrior(), UniformPrior())
    return model


def test_symbols_come_from_names(profile):
    assert profile.labels == (
        r"$\mathrm{centre}_{0}$",
        r"$\mathrm{centre}_{1}$",
        r"$\sigma$",
        r"$\mathrm{effective\_radius}$",
        "$x$",
        r"$\chi_{2}$",
    )


def test_components_are_superscripts(profile):
    labels = Collection(lens=Collection(bulge_0=profile)).labels
    assert labels[0] == r"$\mathrm{centre}_{0}^{\mathrm{lens.bulge\_0}}$"
    assert labels[2] == r"$\sigma^{\mathrm{lens.bulge\_0}}$"


def test_labels_of_the_file_win():
    entries = {"sigma": {"type": "Uniform", "label": "s^2", "unit": "m"}, "centre_0": {"type": "Uniform", "label": "y"}}
    with default_priors({"Profile": entries}):
        model = Collection(p=Model(Profile, effective_radius=1.0, x=0.0, chi_2=0.0))
    model.p.centre.centre_1 = UniformPrior()
    assert model.labels == (r"$y^{\mathrm{p}}$", r"$\mathrm{centre}_{1}^{\mathrm{p}}$", r"${s^2}^{\mathrm{p}}$")
    assert model.units == ("", "", "m")


def test_parameters_of_a_relation_are_counted(profile):
    profile.sigma = UniformPrior() * 2.0 + UniformPrior()
    assert profile.labels[2:4] == (r"$\sigma_{0}$", r"$\sigma_{1}$")


def test_all_labels_differ(profile):
    other = Model(Profile, sigma=UniformPrior(), centre=(0.0, 0.0), effective_radius=1.0, x=0.0, chi_2=0.0)
    both = Collection([profile, other])
    assert len(set(both.labels)) == both.prior_count
