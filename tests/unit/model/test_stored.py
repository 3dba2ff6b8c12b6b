"""Models as JSON and back."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest
import scipy.stats

from cavity.errors import ModelError
from cavity.model import Collection, Instance, Model, class_named, default_priors, model_from_dict
from cavity.prior import GaussianPrior, LogUniformPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=(0.0, 0.0), normalization=0.1, sigma=0.01, grid=None):
        self.centre, self.normalization, self.sigma, self.grid = centre, normalization, sigma, grid


@dataclass
class Galaxy:
    light: Gaussian
    redshift: float = 0.5
    tags: list = field(default_factory=list)


class Opaque:
    def __init__(self, secret):
        self._secret = secret


@pytest.fixture
def model():
    shared = UniformPrior(0.1, 1.0 / 3.0)
    defaults = {
        "Gaussian": {
            "sigma": {
                "type": "LogUniform",
                "lower_limit": "1e-3",
                "label": "s",
                "unit": "m",
                "width_modifier": {"type": "Relative", "value": 0.1},
            }
        }
    }
    with default_priors(defaults):
        light = Model(Gaussian, centre=(shared, np.log(shared) * 0.1), normalization=GaussianPrior(0.1, 0.2, 0.0))
    light.grid = np.array([[0.1, np.inf], [2.0, 1.0 / 3.0]])
    fixed = Gaussian(centre=(1.0, 2.0), sigma=1e-300)
    galaxy = Model(Galaxy, light=light, redshift=scipy.stats.gamma(2.0, scale=0.3), bulge=Gaussian)
    galaxy.bulge = Model(Gaussian, centre=(0.0, 1.0), normalization=shared, sigma=2, grid="fine")
    values = {"limits": (0.0, float("inf")), "nothing": None, "on": np.True_, "lookup": {"a": [shared]}, "kind": float}
    model = Collection([galaxy, fixed], **values, found=Instance(("a", "b"), (1.0, [fixed.sigma])))
    model.add_assertion(galaxy.light.normalization + shared > 0.01)
    return Collection(model=model, other=galaxy.light)


def round_trip(model):
    return model_from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False, sort_keys=True)))


def test_the_trip_changes_no_bit(model):
    again = round_trip(model)
    assert again.to_dict() == model.to_dict()
    assert again.parameter_names == model.parameter_names
    assert again.info == model.info and again.labels == model.labels and again.units == model.units
    compiled, other = model.compile(), again.compile()
    units = np.random.default_rng(1).random((20, compiled.ndim))
    assert np.array_equal(compiled.vectors(units), other.vectors(units))
    assert np.array_equal(compiled.satisfied(compiled.vectors(units)), other.satisfied(compiled.vectors(units)))
    for unit in units:
        ours, theirs = (each.instance(each.vector(unit)) for each in (compiled, other))
        assert ours.model[0].light.centre == theirs.model[0].light.centre
        assert ours.model[0].bulge.sigma == theirs.model[0].bulge.sigma == 2
        assert theirs.model[0].tags == []
        assert np.array_equal(ours.other.grid, theirs.other.grid)


def test_shared_parameters_stay_shared(model):
    again = round_trip(model)
    assert again.other.centre.centre_0 is again.model[0].bulge.normalization
    assert again.prior_count == model.prior_count == 4


def test_objects_and_values_come_back(model):
    again = round_trip(model).model
    assert isinstance(again[1], Gaussian) and again[1].centre == (1.0, 2.0) and again[1].sigma == 1e-300
    assert again.limits == (0.0, float("inf")) and again.nothing is None and again.on is True
    assert again.kind is float and again.lookup.a[0] is again[0].bulge.normalization
    assert again.found.b == [1e-300]


def test_what_is_missing_stays_missing():
    again = round_trip(Model(Gaussian))
    with pytest.raises(ModelError, match="centre.centre_0 has neither.*give Gaussian a default for centre_0"):
        again.compile()


def test_a_changed_prior_changes_the_text(model):
    assert LogUniformPrior(0.1, 1.0).to_dict() != LogUniformPrior(0.1, np.nextafter(1.0, 2.0)).to_dict()
    assert model.replacing({model.priors[0]: UniformPrior(0.1, 0.4)}).to_dict() != model.to_dict()


def test_what_cannot_be_stored_is_named():
    with pytest.raises(ModelError, match="model.part is a Opaque, which cannot be stored"):
        Collection(part=Opaque(3.0)).to_dict()


def test_a_class_that_cannot_be_imported_is_named():
    class Local:
        def __init__(self, x): ...

    stored = Model(Local, x=UniformPrior()).to_dict()
    with pytest.raises(ModelError, match="Local cannot be imported; define it at the top of a module"):
        model_from_dict(stored)
    name = stored["root"]["class"]
    assert model_from_dict(stored, classes={name: Local}).cls is Local


def test_class_named_finds_classes():
    assert class_named("collections:OrderedDict").__name__ == "OrderedDict"
    with pytest.raises(ModelError, match="nowhere:Class cannot be imported"):
        class_named("nowhere:Class")


def test_the_order_of_parameters_survives_sorted_keys_and_tells_models_apart():
    first, second = UniformPrior(), UniformPrior(0.0, 2.0)
    forth, back = Collection(b=first, a=second), Collection(a=second, b=first)
    assert round_trip(forth).parameter_names == ("b", "a")
    assert json.dumps(forth.to_dict(), sort_keys=True) != json.dumps(back.to_dict(), sort_keys=True)
