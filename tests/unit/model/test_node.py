"""What every node of a model can do."""

import copy

import numpy as np
import pytest

from cavity.errors import ModelError
from cavity.model import Collection, Instance, Model, NoSuchPart
from cavity.prior import GaussianPrior, LogUniformPrior, UniformPrior


class Profile:
    def __init__(self, centre=0.0, labels=1.0):
        self.centre, self.labels = centre, labels


def test_a_part_that_does_not_exist_has_the_nearest(gaussian):
    with pytest.raises(NoSuchPart, match="Gaussian has no part sigm; did you mean sigma?"):
        gaussian.sigm  # noqa: B018
    assert not hasattr(gaussian, "nothing")


def test_parts_by_attribute_key_and_position(gaussian):
    model = Collection(gaussian=gaussian)
    assert model.gaussian is model["gaussian"] is model[0]
    assert model[0][2] is gaussian.sigma


def test_an_argument_called_like_a_method_is_reached_by_key():
    model = Model(Profile, centre=1.0, labels=UniformPrior())
    assert isinstance(model["labels"], UniformPrior)
    assert model.instance_from_prior_medians().labels == 0.5


def test_a_person_sees_its_parts(gaussian):
    assert repr(gaussian) == "<Model Gaussian: centre, normalization, sigma>"
    assert "sigma" in dir(gaussian)


def test_parameters_in_order_of_first_appearance(gaussian):
    model = Collection(first=gaussian, second=gaussian.copy())
    assert model.priors == (gaussian.centre, gaussian.normalization, gaussian.sigma)
    assert model.parameter_names == ("first.centre", "first.normalization", "first.sigma")
    assert model.paths[0] == ("first", "centre")
    assert model.prior_count == 3


def test_a_parameter_in_a_relation_has_its_own_place_as_name_where_it_has_one(gaussian):
    gaussian.centre = gaussian.sigma * 2.0
    gaussian.normalization = UniformPrior() + 1.0
    assert gaussian.parameter_names == ("sigma", "normalization.0")


def test_a_missing_prior_is_named_when_the_model_is_used(gaussian):
    model = Collection(gaussian=gaussian, other=Model(Profile, centre=1.0))
    with pytest.raises(ModelError, match="other.labels has neither prior, value nor default prior.*priors.yaml"):
        model.compile()
    with pytest.raises(ModelError, match="other.labels"):
        model.prior_count  # noqa: B018
    with pytest.raises(NoSuchPart, match="labels has neither"):
        model.other["labels"]


def test_a_copy_shares_parameters_but_not_parts(gaussian):
    """The documents' seven parameters: one shared centre, three normalizations, three sigmas."""
    models = []
    for _ in range(3):
        model = gaussian.copy()
        model.normalization = LogUniformPrior(lower_limit=1e-2, upper_limit=1e2)
        model.sigma = GaussianPrior(mean=10.0, sigma=5.0, lower_limit=0.0, upper_limit=np.inf)
        models.append(model)
    collection = Collection(models)
    assert collection.prior_count == 7
    assert collection[0].centre is collection[2].centre is gaussian.centre
    assert models[0].sigma is not gaussian.sigma


def test_a_deep_copy_keeps_the_parameters_identity(gaussian):
    assert copy.deepcopy(gaussian).priors == gaussian.priors


def test_replacing_reaches_relations_and_assertions(gaussian):
    old, new = gaussian.sigma, UniformPrior(5.0, 6.0)
    gaussian.centre = old * 3.0
    gaussian.add_assertion(gaussian.centre > old)
    replaced = Collection(gaussian=gaussian).replacing({old: new})
    assert replaced.priors == (new, gaussian.normalization)
    assert replaced.assertions[0].variables() == (new,)
    assert gaussian.sigma is old
    assert replaced.replacing({new: 2.0}).gaussian.centre == 6.0


def test_truncation_survives_copies_and_replacements(gaussian):
    assert gaussian.copy().sigma.lower_limit == 0.0
    assert gaussian.replacing({gaussian.centre: 1.0}).sigma.lower_limit == 0.0


def test_instances(gaussian):
    assert vars(gaussian.instance_from_vector([1.0, 2.0, 3.0])) == {"centre": 1.0, "normalization": 2.0, "sigma": 3.0}
    assert gaussian.instance_from_unit_vector([0.25, 0.5, 0.5]).centre == 25.0
    assert gaussian.instance_from_prior_medians().normalization == pytest.approx(1.0)
    values = {gaussian.sigma: 3.0, gaussian.centre: 1.0, gaussian.normalization: 2.0}
    assert gaussian.instance_from_arguments(values).sigma == 3.0


def test_instance_from_arguments_names_what_lacks(gaussian):
    with pytest.raises(ModelError, match="no value for normalization, sigma"):
        gaussian.instance_from_arguments({gaussian.centre: 1.0})


@pytest.mark.parametrize("wrong", [None, 3.0, "sigma > 5"])
def test_an_assertion_must_be_a_comparison(gaussian, wrong):
    with pytest.raises(ModelError, match="add_assertion takes a comparison"):
        gaussian.add_assertion(wrong)


def test_an_assertion_on_fixed_values_is_decided_at_once(gaussian):
    gaussian.sigma = 0.5
    gaussian.add_assertion(gaussian.sigma < 5.0)
    assert gaussian.assertions == ()
    with pytest.raises(ModelError, match="never true"):
        gaussian.add_assertion(gaussian.sigma > 5.0)


def test_parts_by_attribute_position_and_loop():
    instance = Instance(("gaussian", "1"), (3.0, "x"))
    assert instance.gaussian == instance[0] == instance["gaussian"] == 3.0
    assert list(instance) == [3.0, "x"] and len(instance) == 2 and instance[-1] == "x"
    assert repr(instance) == "Instance(gaussian=3.0, 1='x')"


def test_a_part_that_does_not_exist():
    with pytest.raises(AttributeError):
        Instance((), ()).gaussian  # noqa: B018
