"""Composition of models."""

import typing

import numpy as np
import pytest
import scipy.stats

from cavity.errors import ModelError
from cavity.model import Collection, Model, default_priors
from cavity.prior import ScipyPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, intensity=0.1, sigma=0.01):
        self.centre, self.intensity, self.sigma = centre, intensity, sigma


class GaussianKurtosis(Gaussian):
    def __init__(self, kurtosis=0.1, **rest):
        super().__init__(**rest)
        self.kurtosis = kurtosis


class Light:
    def __init__(
        self,
        centre: typing.Tuple[float, float] = (0.0, 0.0),  # noqa: UP006
        axis_ratio: float = 1.0,
        angle: float = 0.0,
        intensity: float = 0.1,
        effective_radius: float = 0.6,
    ):
        self.centre, self.axis_ratio, self.angle = centre, axis_ratio, angle
        self.intensity, self.effective_radius = intensity, effective_radius


class Mass:
    def __init__(self, centre: typing.Tuple[float, float] = (0.0, 0.0), axis_ratio=1.0, angle=0.0, mass=1.0):  # noqa: UP006
        self.centre, self.axis_ratio, self.angle, self.mass = centre, axis_ratio, angle, mass


class Galaxy:
    def __init__(self, redshift: float, light_profiles: list | None = None, kind="lens"):
        self.redshift, self.light_profiles, self.kind = redshift, light_profiles, kind


class KeywordOnly:
    def __init__(self, first, *, second=2.0, third=None):
        self.first, self.second, self.third = first, second, third


UNIT = {"type": "Uniform", "lower_limit": 0.0, "upper_limit": 1.0}
NUMBERS = ("centre_0", "centre_1", "centre", "axis_ratio", "angle", "intensity", "effective_radius", "mass", "sigma")
DEFAULTS = {cls: dict.fromkeys(NUMBERS, UNIT) for cls in ("Light", "Mass", "Gaussian")}


@pytest.fixture(autouse=True)
def defaults():
    with default_priors(DEFAULTS):
        yield


def test_a_galaxy_of_components_as_in_the_documents():
    lens = Model(Galaxy, redshift=0.5, bulge=Light, mass=Mass)
    source = Model(Galaxy, redshift=1.0, disk=Light)
    model = Collection(lens=lens, source=source)
    assert model.prior_count == 6 + 5 + 6
    assert model.parameter_names[:2] == ("lens.bulge.centre.centre_0", "lens.bulge.centre.centre_1")
    instance = model.instance_from_unit_vector(np.linspace(0.1, 0.9, 17))
    assert isinstance(instance.lens, Galaxy) and isinstance(instance.lens.bulge, Light)
    assert instance.lens.redshift == 0.5 and instance.lens.kind == "lens" and instance.lens.light_profiles is None
    assert instance.lens.bulge.centre == pytest.approx((0.1, 0.15))
    assert instance.source.disk.effective_radius == pytest.approx(0.9)


def test_a_list_of_components_becomes_a_list_of_instances():
    model = Model(Galaxy, redshift=0.5, light_profiles=[Light, Model(Light, intensity=2.0)])
    model.light_profiles[0].angle = 0.0
    assert model.prior_count == 10
    assert model.parameter_names[0] == "light_profiles.0.centre.centre_0"
    instance = model.instance_from_prior_medians()
    assert isinstance(instance.light_profiles, list)
    assert [part.intensity for part in instance.light_profiles] == [0.5, 2.0]


def test_nested_lists_and_dicts_keep_their_parameters():
    model = Model(Galaxy, redshift=1.0, light_profiles=[[Light, 2.0], {"disk": Model(Light, angle=0.0)}])
    assert model.prior_count == 11
    first, second = model.instance_from_prior_medians().light_profiles
    assert isinstance(first, list) and first[1] == 2.0
    assert isinstance(second, dict) and second["disk"].angle == 0.0


def test_plain_values_are_passed_on():
    model = Model(Galaxy, redshift=1.0, light_profiles=[1.0, "x"], kind=float)
    instance = model.instance_from_vector([])
    assert instance.light_profiles == [1.0, "x"] and instance.kind is float


def test_tuple_parameters_are_set_one_by_one_or_together():
    model = Model(Mass)
    model.centre.centre_0 = UniformPrior(2.0, 4.0)
    model.centre.centre_1 = 1.0
    assert model.instance_from_prior_medians().centre == (3.0, 1.0)
    model.centre = (0.5, UniformPrior(0.0, 2.0))
    assert model.instance_from_prior_medians().centre == (0.5, 1.0)
    assert "centre.centre_1" in model.parameter_names
    with pytest.raises(ModelError, match="the tuple has no part centre_2; did you mean centre_"):
        model.centre.centre_2 = 1.0


def test_inheritance_through_passed_on_keywords():
    model = Model(GaussianKurtosis, kurtosis=UniformPrior(0.0, 2.0))
    assert model.parameter_names == ("kurtosis", "centre", "intensity", "sigma")
    assert vars(model.instance_from_vector([1.0, 2.0, 3.0, 4.0])) == {
        "centre": 2.0,
        "intensity": 3.0,
        "sigma": 4.0,
        "kurtosis": 1.0,
    }


def test_keyword_only_arguments():
    model = Model(KeywordOnly, first=UniformPrior(), second=UniformPrior())
    assert vars(model.instance_from_vector([1.0, 2.0])) == {"first": 1.0, "second": 2.0, "third": None}


def test_fix_and_link():
    first, second = Model(Gaussian), Model(Gaussian)
    first.sigma = 0.5
    first.centre = second.centre
    model = Collection(first=first, second=second)
    assert model.prior_count == 4
    instance = model.instance_from_unit_vector([0.3, 0.4, 0.5, 0.6])
    assert instance.first.centre == instance.second.centre and instance.first.sigma == 0.5


def test_the_documents_relation_has_four_parameters():
    model = Collection(gaussian=Model(Gaussian))
    sigma_m = UniformPrior(lower_limit=-10.0, upper_limit=10.0)
    sigma_c = UniformPrior(lower_limit=-10.0, upper_limit=10.0)
    models = []
    for x in (1.0, 2.0, 3.0):
        related = model.copy()
        related.gaussian.sigma = (sigma_m * x) + sigma_c
        models.append(related)
    collection = Collection(models)
    assert collection.prior_count == 4
    instance = collection.instance_from_arguments(dict(zip(collection.priors, (1.0, 2.0, 3.0, 4.0))))
    assert [part.gaussian.sigma for part in instance] == [7.0, 10.0, 13.0]


def test_collections_nest_and_take_lists_dicts_and_values():
    model = Collection({"pair": [Gaussian, Gaussian], "inner": Collection(Gaussian, 2.0)}, extra=UniformPrior())
    assert model.prior_count == 10 and len(model) == 3
    assert list(model.inner) == [model.inner[0], 2.0]
    instance = model.instance_from_prior_medians()
    assert isinstance(instance.pair, list) and instance.inner[1] == 2.0 and instance.extra == 0.5


def test_a_distribution_of_scipy_is_a_parameter():
    model = Model(Gaussian, sigma=scipy.stats.gamma(2.0))
    assert isinstance(model.sigma, ScipyPrior)


def test_an_object_is_passed_on():
    light = Light(angle=3.0)
    assert Collection(light=light).instance_from_vector([]).light is light


def test_a_prior_on_an_argument_that_the_class_does_not_have():
    with pytest.raises(ModelError, match="Gaussian has no argument sigm; did you mean sigma?"):
        Model(Gaussian, sigm=UniformPrior())
    with pytest.raises(ModelError, match="Gaussian has no argument width"):
        Model(Gaussian).width = 3.0


def test_a_component_under_a_misspelt_argument_is_refused():
    with pytest.raises(ModelError, match="Galaxy has no argument light_profile; did you mean light_profiles?"):
        Model(Galaxy, redshift=0.5, light_profile=[Light])


def test_a_comparison_is_no_value():
    model = Model(Gaussian)
    with pytest.raises(ModelError, match="use add_assertion"):
        model.sigma = model.centre < 3.0


def test_nan_is_no_value():
    with pytest.raises(ModelError, match="sigma is set to NaN"):
        Model(Gaussian, sigma=float("nan"))


def test_an_item_cannot_hide_a_method():
    with pytest.raises(ModelError, match="cannot be called info"):
        Collection(info=Gaussian)
