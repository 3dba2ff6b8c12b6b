"""eta as a function of phi: values, two derivatives, errors."""

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.prior import GaussianPrior, HalfNormalPrior, UniformPrior
from cavity.propagate.hierarchy import variables_of
from cavity.propagate.link import Link
from cavity.propagate.transform import GlobalSpace

V = {name: {"variable": name} for name in ("mu", "tau", "slope", "width", "psi")}
RELATION = {"ufunc": "add", "args": [V["mu"], {"ufunc": "multiply", "args": [V["slope"], 0.7]}]}
PRODUCT = {"ufunc": "multiply", "args": [V["tau"], {"ufunc": "exp", "args": [V["slope"]]}]}


@pytest.fixture(scope="module")
def space():
    priors = [GaussianPrior(0.0, 2.0), HalfNormalPrior(2.0), UniformPrior(-3.0, 5.0), UniformPrior(0.0, 4.0)]
    return GlobalSpace.from_priors(list(V), [*priors, UniformPrior(0.0, 1.0)])


def spec(mean, sigma, shared=(), family="GaussianPrior", lower=None, upper=None):
    item = {"name": "x", "family": family, "mean": mean, "sigma": sigma, "lower": lower, "upper": upper}
    return {"drawn": [item], "shared": list(shared)}


def test_values(space):
    phi = np.array([[0.3, -0.2, 0.4, 0.1, 0.9]])
    x = dict(zip(V, space.values(phi)[0]))
    eta = Link(spec(RELATION, V["width"], ["psi"]), space).eta(phi)[0]
    assert eta == pytest.approx([x["mu"] + 0.7 * x["slope"], np.log(x["width"]), 0.9])


@pytest.mark.parametrize(
    "mean, sigma, affine",
    [
        (V["mu"], V["tau"], True),
        (1.5, V["tau"], True),
        (V["mu"], 2.0, True),
        (V["slope"], V["width"], False),
        (RELATION, PRODUCT, False),
    ],
)
def test_derivatives_agree_with_finite_differences(space, mean, sigma, affine):
    link = Link(spec(mean, sigma, ["psi", "slope"]), space)
    phi = np.array([0.3, -0.2, 0.4, 0.1, 0.9])
    jet, h = link.jet(phi), 1e-3
    for j in range(5):
        step = h * np.eye(5)[j]
        points = [phi + k * step for k in (-2, -1, 1, 2)]
        for found, function in ((jet.jacobian[:, j], link.eta), (jet.hessian[:, :, j], lambda x: link.jet(x).jacobian)):
            a, b, c, d = (function(point) for point in points)
            assert np.allclose(found, (a - 8 * b + 8 * c - d) / (12 * h), atol=1e-7)
    if affine:
        assert not jet.hessian.any()


def test_points_can_be_stacked(space):
    link = Link(spec(RELATION, PRODUCT, ["psi"]), space)
    phi = np.random.default_rng(0).normal(size=(3, 4, 5))
    jets = link.jet(phi)
    assert np.allclose(jets.hessian[1, 2], link.jet(phi[1, 2]).hessian)


def test_an_sd_that_is_not_positive_is_not_a_number(space):
    link = Link(spec(V["mu"], V["slope"]), space)
    assert np.isnan(link.eta(np.array([0.0, 0.0, -2.0, 0.0, 0.0]))[1])


def test_equal_specifications_have_equal_keys_and_scopes(space):
    one, two = Link(spec(RELATION, V["tau"]), space), Link(spec(RELATION, V["tau"]), space)
    assert one.key == two.key
    assert sorted(one.index) == [0, 1, 2]
    assert variables_of(RELATION) == ("mu", "slope")


def test_limits_of_a_log_gaussian_are_on_the_log_scale(space):
    link = Link(spec(V["mu"], V["tau"], family="LogGaussianPrior", lower=0.0, upper=np.e), space)
    assert link.limits.tolist() == [[-np.inf, 1.0]]
    assert link.is_truncated and link.is_log.all()


def test_errors_name_the_variable(space):
    with pytest.raises(PropagationError, match="x: its parent must be one of"):
        Link(spec(V["mu"], V["tau"], family="GammaPrior"), space)
    with pytest.raises(PropagationError, match="nowhere is not a global parameter"):
        Link(spec({"variable": "nowhere"}, 1.0), space)
