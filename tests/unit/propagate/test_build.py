"""From weighted samples to a site: the interim prior divided out, kernels, fallbacks, errors."""

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, SiteBank, build_site
from cavity.propagate.build import bandwidth, divide_by_interim

SPEC = {
    "drawn": [
        {"name": "x", "family": "GaussianPrior", "mean": {"variable": "mu"}, "sigma": {"variable": "tau"}},
    ],
    "shared": [],
}
SPACE = GlobalSpace.from_priors(["mu", "tau"], [GaussianPrior(0.0, 2.0), HalfNormalPrior(2.0)])


def log_normal(x, mean, variance):
    return -0.5 * (x - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)


def samples(y=1.0, noise=0.5, mean=0.2, sd=1.5, n=512):
    variance = 1 / (1 / noise**2 + 1 / sd**2)
    centre = variance * (y / noise**2 + mean / sd**2)
    return centre + np.sqrt(variance) * sobol_normal(n, 1, 1), np.full(
        n, log_normal(y, mean, noise**2 + sd**2) - np.log(n)
    )


def test_division_is_the_ratio_of_the_densities():
    rng = np.random.default_rng(0)
    centres, log_w, mean, sd = rng.normal(size=(5, 2)), rng.normal(size=5), np.array([0.3, -0.2]), np.array([2.0, 3.0])
    kernel = np.array([[0.5, 0.2], [0.2, 0.7]])
    t, log_c, H = divide_by_interim(centres, kernel, log_w, mean, sd)
    x = rng.normal(size=(4, 2))

    def mixture(centres, matrix, log_w):
        r = x[:, None] - centres
        quadratic = np.einsum("qsd,de,qse->qs", r, np.linalg.inv(matrix), r)
        return np.exp(log_w - 0.5 * quadratic - 0.5 * np.linalg.slogdet(2 * np.pi * matrix)[1])

    prior = np.exp(log_normal(x, mean, sd**2).sum(1))
    assert np.allclose(mixture(t, H, log_c), mixture(centres, kernel, log_w) / prior[:, None], rtol=1e-12)


@pytest.mark.parametrize("smooth", [True, False])
def test_the_site_is_the_likelihood_averaged_over_the_parent(smooth):
    theta, log_w = samples()
    bank = SiteBank([build_site("d", SPEC, log_w, theta, 0.2, 1.5, smooth=smooth)], SPACE)
    phi = np.array([[0.3, -0.1], [0.9, 0.3], [0.0, -0.5]])
    expected = log_normal(1.0, phi[:, 0], 0.25 + np.exp(2 * phi[:, 1]))
    assert np.allclose(bank.log_l(phi)[:, 0], expected, atol=0.02)


def test_kernels_keep_the_mean_and_the_covariance():
    theta, log_w = samples()
    site = build_site("d", SPEC, log_w, theta, 0.2, 1e3)
    assert site.info["modes"] == 1
    assert site.t.mean() == pytest.approx(theta.mean(), abs=1e-4)
    assert site.t.var() + site.H[0, 0, 0] == pytest.approx(theta.var(), rel=1e-3)


def test_each_mode_has_a_kernel_of_its_own():
    theta, log_w = samples()
    theta = np.concatenate([theta, theta + 8.0])
    site = build_site("d", SPEC, np.tile(log_w, 2), theta, 4.0, 5.0)
    assert site.info["modes"] == 2
    assert site.H.max() < 0.1


def test_an_interim_prior_narrower_than_the_samples_still_divides():
    theta, log_w = samples()
    site = build_site("d", SPEC, log_w, 5 * theta, 0.2, 0.4)
    assert np.isfinite(site.log_c).all() and site.H[0, 0, 0] >= 0


def test_impossible_samples_stay_impossible():
    theta, log_w = samples()
    log_w = log_w.copy()
    log_w[::3] = -np.inf
    site = build_site("d", SPEC, log_w, theta, 0.2, 1.5)
    assert np.isneginf(site.log_c[::3]).all() and np.isfinite(site.t).all()


def test_figures():
    theta, log_w = samples()
    site = build_site("d", SPEC, log_w, theta, 0.2, 1.5, payload=theta, payload_names=("y",), info={"calls": 7})
    assert site.info["log_evidence"] == pytest.approx(log_normal(1.0, 0.2, 0.25 + 2.25))
    assert site.info["ess"] == pytest.approx(512) and site.info["calls"] == 7
    assert site.drawn_names == ("x",) and site.payload.shape == (512, 1)


def test_bandwidth_shrinks_with_the_samples():
    assert bandwidth(400, 1) < bandwidth(50, 1) < bandwidth(1, 1) == bandwidth(4, 1)


def test_errors_name_the_dataset():
    with pytest.raises(PropagationError, match="d7: none of its 5 samples has a finite weight"):
        build_site("d7", SPEC, np.full(5, -np.inf), np.zeros((5, 1)), 0.0, 1.0)
    with pytest.raises(PropagationError, match="d7: its link has 1 drawn and 0 shared"):
        build_site("d7", SPEC, np.zeros(5))
