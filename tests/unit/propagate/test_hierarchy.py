"""Coordinates that are drawn from others: values, positions, the prior they imply."""

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate.hierarchy import Law
from cavity.propagate.link import Link, LinkStack
from cavity.propagate.transform import GlobalSpace

V = {name: {"variable": name} for name in ("mu", "tau", "a", "b", "c")}


def space_of(*laws):
    """mu, tau and drawn coordinates a, b, c."""
    priors = [GaussianPrior(1.0, 2.0), HalfNormalPrior(1.5), *[None] * len(laws)]
    return GlobalSpace.from_priors(list(V)[: len(priors)], priors, [None, None, *laws])


PLAIN = Law("GaussianPrior", V["mu"], V["tau"])
BELOW = Law("LogGaussianPrior", {"ufunc": "multiply", "args": [V["a"], 0.5]}, 0.3)
CUT = Law("GaussianPrior", V["mu"], V["tau"], 0.0, np.inf)
BOX = Law("GaussianPrior", V["a"], V["tau"], -1.0, 2.0)


@pytest.mark.parametrize("laws", [(PLAIN,), (PLAIN, BELOW), (CUT, BELOW), (PLAIN, BOX)])
def test_phi_is_the_inverse_of_values(laws):
    space = space_of(*laws)
    phi = 1.5 * np.random.default_rng(1).normal(size=(50, space.dimension))
    assert np.allclose(space.phi(space.values(phi)), phi, atol=1e-6)


def test_draws_of_the_prior_have_the_hierarchy_s_moments():
    space = space_of(PLAIN, BELOW)
    values = space.values(space.from_normal(sobol_normal(2**15, 4, 3)))
    mu, tau, a, b = values.T
    assert np.corrcoef(mu, a)[0, 1] == pytest.approx(2.0 / np.sqrt(4.0 + 1.5**2), abs=0.01)
    assert ((a - mu) / tau).std() == pytest.approx(1.0, abs=0.01)
    assert (np.log(b) - 0.5 * a).std() == pytest.approx(0.3, abs=0.003)


def test_a_limit_cuts_and_renormalises():
    space = space_of(CUT)
    phi = np.zeros((4001, 3))
    phi[:, 0], phi[:, 1] = -6.0, np.log(0.5)  # twelve sds below the limit
    phi[:, 2] = sobol_normal(4001, 1, 1)[:, 0]
    x = space.values(phi)[:, 2]
    assert (x >= 0).all()
    assert x.mean() == pytest.approx(0.5 * 0.08226, rel=0.01)  # of a Gaussian's tail beyond 12 sds, sd .5


def test_a_drawn_coordinate_s_prior_is_standard_normal():
    space = space_of(PLAIN)
    phi = np.array([[0.2, -0.1, 1.7]])
    assert space.log_prior_terms(phi)[0, 2] == pytest.approx(-0.5 * 1.7**2 - 0.5 * np.log(2 * np.pi))


@pytest.mark.parametrize("law", [PLAIN, CUT, Law("GaussianPrior", 0.4, V["tau"], -1.0, 2.0)])
def test_a_site_sees_it_on_a_scale_without_limits(law):
    space = space_of(law)
    link = Link({"drawn": [], "shared": ["a"]}, space)
    phi = np.array([0.3, -0.4, 0.8])
    assert space.value_of(2, link.eta(phi)[0]) == pytest.approx(space.values(phi)[2])
    jet, h = link.jet(phi), 1e-4
    for j in range(3):
        step = h * np.eye(3)[j]
        assert jet.jacobian[0, j] == pytest.approx((link.eta(phi + step) - link.eta(phi - step))[0] / (2 * h), abs=1e-5)
        bend = (link.jet(phi + step).jacobian - link.jet(phi - step).jacobian)[0] / (2 * h)
        assert jet.hessian[0, j] == pytest.approx(bend, abs=1e-4)


def test_links_of_one_structure_are_evaluated_together():
    space = space_of(PLAIN, PLAIN, PLAIN)
    links = [Link({"drawn": [], "shared": [name]}, space) for name in "abc"]
    phi = np.random.default_rng(2).normal(size=(4, 5))
    stack = LinkStack(links)
    assert len(stack._groups) == 1
    jet = stack.jet(phi)
    for i, link in enumerate(links):
        one = link.jet(phi)
        assert np.allclose(jet.value[:, i], one.value)
        assert np.allclose(jet.jacobian[:, i], one.jacobian) and np.allclose(jet.hessian[:, i], one.hessian)
    assert np.allclose(stack.jet(phi, order=1).jacobian, jet.jacobian)


def test_a_cycle_is_refused():
    space = space_of(Law("GaussianPrior", V["b"], 1.0), Law("GaussianPrior", V["a"], 1.0))
    with pytest.raises(PropagationError, match="drawn from itself"):
        space.values(np.zeros((1, 4)))
