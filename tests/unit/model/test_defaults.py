"""Default priors from priors.yaml."""

import contextvars

import pytest

from cavity.errors import ConfigError, ModelError
from cavity.model import Collection, Model, Settings, default_priors
from cavity.prior import GaussianPrior, LogUniformPrior, UniformPrior

YAML = """
Gaussian:
  centre:
    type: Uniform
    lower_limit: 0.0
    upper_limit: 100.0
    width_modifier: {type: Absolute, value: 20.0}
    limits: {lower: -1.0, upper: 101.0}
    label: x_0
    unit: pixel
  intensity: {type: LogUniformPrior, lower_limit: 1e-6, upper_limit: 1e6, width_modifier: {type: Relative, value: 0.5}}
  sigma: {type: Constant, value: 2.0}
"""


class Gaussian:
    def __init__(self, centre=0.0, intensity=0.1, sigma=0.01):
        self.centre, self.intensity, self.sigma = centre, intensity, sigma


class GaussianKurtosis(Gaussian):
    def __init__(self, centre=0.0, intensity=0.1, sigma=0.01, kurtosis=0.1):
        super().__init__(centre, intensity, sigma)
        self.kurtosis = kurtosis


class WithOwn(Gaussian):
    default_priors = {"sigma": {"type": "Gaussian", "mean": 1.0, "sigma": 1.0}}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "priors.yaml"
    path.write_text(YAML)
    return path


def test_priors_come_from_the_file_by_class_and_argument(path):
    with default_priors(path):
        first, second = Model(Gaussian), Model(Gaussian)
    assert isinstance(first.centre, UniformPrior) and first.centre.upper_limit == 100.0
    assert isinstance(first.intensity, LogUniformPrior) and first.intensity.lower_limit == 1e-6
    assert first.sigma == 2.0
    assert first.centre is not second.centre
    assert Collection(first, second).prior_count == 4


def test_a_given_value_wins_over_the_default(path):
    with default_priors(path):
        model = Model(Gaussian, centre=3.0)
    assert model.centre == 3.0


def test_subclasses_inherit(path):
    with default_priors(path):
        model = Model(GaussianKurtosis)
    assert isinstance(model.centre, UniformPrior)
    with pytest.raises(ModelError, match="kurtosis has neither prior"):
        model.compile()


def test_outside_the_block_there_are_none(path):
    with default_priors(path):
        pass
    with pytest.raises(ModelError, match="centre has neither prior"):
        Model(Gaussian).compile()


def test_a_plain_call_holds_from_there_on(path):
    def compose():
        default_priors(path)
        return Model(Gaussian)

    assert contextvars.copy_context().run(compose).sigma == 2.0
    with pytest.raises(ModelError, match="centre has neither prior"):
        Model(Gaussian).compile()


def test_the_inner_block_decides_and_the_outer_fills_up(path):
    with default_priors(path), default_priors({"Gaussian": {"sigma": {"type": "Constant", "value": 7.0}}}):
        model = Model(Gaussian)
    assert model.sigma == 7.0 and isinstance(model.centre, UniformPrior)


def test_a_module_and_class_is_meant_before_a_class(path):
    exact = {f"{Gaussian.__module__}.Gaussian": {"sigma": {"type": "Constant", "value": 7.0}}}
    with default_priors(path), default_priors(exact):
        assert Model(Gaussian).sigma == 7.0


def test_a_class_may_carry_its_own():
    assert isinstance(Model(WithOwn).sigma, GaussianPrior)


def test_settings_for_prior_passing_and_plots(path):
    with default_priors(path):
        model = Collection(gaussian=Model(Gaussian))
    centre, intensity = model.settings_at(("gaussian", "centre")), model.settings_at(("gaussian", "intensity"))
    assert (centre.lower_limit, centre.upper_limit) == (-1.0, 101.0)
    assert centre.least_sigma(3.0) == 20.0
    assert intensity.least_sigma(-3.0) == 1.5 and intensity.lower_limit is None
    assert model.settings_at(("gaussian", "nothing")) == model.settings_at(("no", "where")) == Settings()
    assert model.units == ("pixel", "")
    assert model.labels[0] == r"$x_0^{\mathrm{gaussian}}$"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"type": "Unifrm", "lower_limit": 0.0}, "Gaussian.centre: Unifrm is not a type of prior; did you mean"),
        ({"type": "Uniform", "lower": 0.0}, "Gaussian.centre: UniformPrior has no argument lower; did you mean"),
        ({"type": "Uniform", "unt": "m"}, "no argument unt; did you mean unit?"),
        ({"type": "Uniform", "lower_limit": 2.0}, "Gaussian.centre: UniformPrior needs lower_limit < upper_limit"),
        ({"lower_limit": 2.0}, "Gaussian.centre: needs a type"),
        ({"type": "Constant"}, "Gaussian.centre: 'value'"),
        ({"type": "Uniform", "width_modifier": {"type": "Abs", "value": 1.0}}, "type is Absolute or Relative, got Abs"),
        ({"type": "Uniform", "limits": {"lower": 1.0, "upper": 0.0}}, "limits needs lower < upper"),
        ({"type": "Uniform", "limits": {"low": 1.0}}, "limits has lower and upper, got low"),
    ],
)
def test_a_wrong_entry_is_named(entry, message):
    with pytest.raises(ConfigError, match=message), default_priors({"Gaussian": {"centre": entry}}):
        pass


def test_a_file_that_is_not_there_or_not_yaml_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file"), default_priors(tmp_path / "priors.yaml"):
        pass
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [1")
    with pytest.raises(ConfigError, match="broken.yaml: not YAML"), default_priors(broken):
        pass
