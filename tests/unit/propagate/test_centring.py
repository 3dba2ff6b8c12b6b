"""Centred coordinates: the map and its inverse, the density with its gradient."""

import numpy as np
import pytest

from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate.centring import Centring
from cavity.propagate.hierarchy import Law
from cavity.propagate.transform import GlobalSpace

V = {name: {"variable": name} for name in ("mu", "tau", "a", "b", "c")}


@pytest.fixture(scope="module")
def space():
    """mu, tau; a from both; b around a; c cut at 0."""
    laws = [
        Law("GaussianPrior", V["mu"], V["tau"]),
        Law("LogGaussianPrior", {"ufunc": "multiply", "args": [V["a"], 0.3]}, V["tau"]),
        Law("GaussianPrior", V["mu"], V["tau"], 0.0),
    ]
    priors = [GaussianPrior(1.0, 2.0), HalfNormalPrior(1.5), None, None, None]
    return GlobalSpace.from_priors(list(V), priors, [None, None, *laws])


@pytest.mark.parametrize("which", [(2,), (3,), (2, 3), (2, 3, 4), ()])
def test_the_map_and_its_inverse(space, which):
    centring = Centring(space, np.isin(np.arange(5), which) * 9.0)
    phi = np.random.default_rng(1).normal(size=(20, 5))
    u = centring.from_phi(phi)
    assert np.allclose(centring.to_phi(u), phi)
    values = space.values(phi)
    assert np.allclose(u[:, 2], values[:, 2] if 2 in which else phi[:, 2])
    assert np.allclose(u[:, 3], np.log(values[:, 3]) if 3 in which else phi[:, 3])
    assert np.allclose(u[:, 4], phi[:, 4])  # what limits cut is never centred


@pytest.mark.parametrize("which", [(2,), (3,), (2, 3)])
def test_the_gradient_is_the_density_s(space, which):
    centring = Centring(space, np.isin(np.arange(5), which) * 9.0)
    density = centring.log_density(lambda phi: space.log_prior(phi) - 0.3 * (phi**4).sum(1))
    gradient = centring.gradient(lambda phi: space.prior_score(phi)[0] - 1.2 * phi**3)
    u, h = np.random.default_rng(2).normal(size=(6, 5)), 1e-5
    for j in range(5):
        step = h * np.eye(5)[j]
        assert np.allclose(gradient(u)[:, j], (density(u + step) - density(u - step)) / (2 * h), rtol=1e-4, atol=1e-4)


def test_the_prior_of_a_centred_coordinate_is_its_parent_s_density(space):
    centring = Centring(space, np.array([0.0, 0.0, 9.0, 0.0, 0.0]))
    density = centring.log_density(space.log_prior)
    u = np.array([[0.4, -0.3, x, 0.0, 0.0] for x in (0.0, 2.0)])
    mean, sigma = 0.4, np.exp(-0.3)
    expected = -0.5 * ((u[:, 2] - mean) / sigma) ** 2
    assert np.diff(density(u)) == pytest.approx(np.diff(expected))
