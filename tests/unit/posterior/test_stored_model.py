"""A stored model: what is known of it without its classes."""

import json

import numpy as np
import pytest

from cavity.model import Collection, Model
from cavity.posterior.samples import Samples
from cavity.posterior.stored_model import StoredModel, classes_of, model_dict, parameter_paths, values_of
from cavity.prior import GaussianPrior, UniformPrior


class Gaussian:
    def __init__(self, centre=0.0, normalization=0.1, sigma=0.01):
        self.centre, self.normalization, self.sigma = centre, normalization, sigma


class Galaxy:
    def __init__(self, redshift=0.5, centre=(0.0, 0.0), profiles=None):
        self.redshift, self.centre, self.profiles = redshift, centre, profiles


def linked():
    shared, slope, unseen = UniformPrior(0.0, 1.0), GaussianPrior(0.0, 1.0), UniformPrior(0.0, 2.0)
    return Collection(
        first=Model(Gaussian, centre=shared, normalization=2.0, sigma=slope * shared + unseen),
        second=Model(Gaussian, centre=shared, normalization=slope, sigma=UniformPrior(0.0, 5.0)),
        galaxy=Model(
            Galaxy,
            redshift=0.5,
            centre=(UniformPrior(0.0, 1.0), 0.0),
            profiles=[Model(Gaussian, centre=1.0, normalization=1.0, sigma=UniformPrior(0.0, 1.0))],
        ),
    )


def test_parameters_have_the_names_and_the_order_of_the_model():
    model = linked()
    assert parameter_paths(model_dict(model)) == tuple(model.parameter_names)


def test_names_keep_the_models_order_where_json_sorted_the_keys():
    stored = json.loads(json.dumps(model_dict(linked()), sort_keys=True))
    assert parameter_paths(stored) == tuple(linked().parameter_names)
    assert parameter_paths(stored) != tuple(sorted(parameter_paths(stored)))


def test_classes_by_component():
    found = {path: name.split(":")[1] for path, name in classes_of(model_dict(linked())).items()}
    assert found == {"first": "Gaussian", "second": "Gaussian", "galaxy": "Galaxy", "galaxy.profiles.0": "Gaussian"}


def test_values_are_those_of_the_instance():
    model = linked()
    names = tuple(model.parameter_names)
    samples = Samples(names=names, values=np.full((1, len(names)), 0.25) * np.arange(1, len(names) + 1))
    values = values_of(model_dict(model), samples)
    instance = model.instance_from_vector(samples.values[0])
    assert values["first.sigma"] == pytest.approx(instance.first.sigma)
    assert values["second.centre"] == instance.first.centre
    assert values["second.normalization"] == instance.second.normalization
    assert values["galaxy.redshift"] == 0.5 and values["first.normalization"] == 2.0
    assert values["galaxy.profiles.0.sigma"] == instance.galaxy.profiles[0].sigma


def test_what_the_samples_lack_has_no_value():
    samples = Samples(names=("second.sigma",), values=np.ones((1, 1)))
    values = values_of(model_dict(linked()), samples)
    assert values["second.sigma"] == 1.0 and "first.sigma" not in values and "first.centre" not in values


def test_it_becomes_the_model_when_needed():
    model = linked()
    stored = StoredModel(model_dict(model), model.parameter_names)
    assert stored.prior_count == model.prior_count and "loaded" not in vars(stored)
    vector = np.linspace(0.1, 0.9, model.prior_count)
    assert stored.instance_from_vector(vector).first.sigma == model.instance_from_vector(vector).first.sigma
    assert stored.info == model.info and stored.to_dict() == model_dict(model)
