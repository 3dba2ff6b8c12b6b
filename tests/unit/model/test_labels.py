"""LaTeX labels and units."""

import pytest

from cavity.model import Collection, Model, default_priors
from cavity.prior import UniformPrior


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
