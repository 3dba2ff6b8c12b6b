"""From weighted samples to a site: the interim prior divided out, kernels, fallbacks, errors."""

from dataclasses import replace

import numpy as np
import pytest

from cavity.errors import PropagationError
from cavity.numerics.normal import weighted_moments
from cavity.numerics.parts import averaging, part_of
from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, SiteBank, build_site
from cavity.propagate.build import bandwidth, divide_by_interim, with_parts_apart

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


@pytest.mark.parametrize("narrow", [1.0, 1e-3, 1e-8])
def test_division_is_the_ratio_of_the_densities(narrow):
    rng = np.random.default_rng(0)
    c, kernel = rng.normal(size=(1, 2)), narrow**2 * np.array([[0.5, 0.2], [0.2, 0.7]])
    t, log_c, H = divide_by_interim(c, kernel, np.array([0.3]))
    y = t[0] + np.linalg.cholesky(H) @ rng.normal(size=2)  # N(y; t, H) exp(log_c) is w N(y; c, K) / N(y; 0, I)

    def log_density(y, mean, matrix):
        r = y - mean
        return -0.5 * r @ np.linalg.solve(matrix, r) - 0.5 * np.linalg.slogdet(2 * np.pi * matrix)[1]

    ratio = 0.3 + log_density(y, c[0], kernel) - log_density(y, np.zeros(2), np.eye(2))
    assert log_c[0] + log_density(y, t[0], H) == pytest.approx(ratio, abs=1e-6)


def test_points_are_divided_as_kernels_without_width_are():
    c, log_w = np.random.default_rng(1).normal(size=(5, 2)), np.zeros(5)
    t, log_c, H = divide_by_interim(c, np.diag([0.3, 0.0]), log_w)
    alone = divide_by_interim(c[:, :1], np.array([[0.3]]), log_w)
    assert np.allclose(t[:, 0], alone[0][:, 0]) and (t[:, 1] == c[:, 1]).all() and not H[1].any()
    assert np.allclose(log_c, alone[1] + 0.5 * c[:, 1] ** 2 + 0.5 * np.log(2 * np.pi))


@pytest.mark.parametrize("width", [1e-2, 1e-5, 1e-8])
def test_a_narrow_site_is_as_right_as_a_wide_one(width):
    theta, log_w = samples(y=4.0, noise=width, mean=0.0, sd=5.0)
    bank = SiteBank([build_site("d", SPEC, log_w, theta, 0.0, 5.0)], SPACE)
    phi = np.array([[0.3, 0.0], [4.0, 0.7]])
    assert np.allclose(bank.log_l(phi)[:, 0], log_normal(4.0, phi[:, 0], width**2 + np.exp(2 * phi[:, 1])), atol=1e-3)
    at = np.array([[4.0, np.log(width)]])  # the kernel's own share of the variance shows here
    assert np.allclose(bank.log_l(at)[:, 0], log_normal(4.0, 4.0, 2 * width**2), atol=0.02)


def test_kernels_do_not_leak_over_a_limit():
    limited = {"drawn": [SPEC["drawn"][0] | {"lower": 0.0, "upper": None}], "shared": []}
    theta, log_w = samples(y=0.05, noise=0.05, mean=0.3, sd=0.5)
    inside = np.where(theta[:, 0] > 0, log_w, -np.inf)
    phi = np.array([[-1.0, np.log(0.02)]])  # all of the parent's mass is within .0004 of the limit
    x = np.linspace(0, 4e-3, 4001)
    log_parent = 2500 * x  # d/dx of -(x + 1)^2 / 2 / .0004, the density is exp(-2500 x) * 2500
    expected = np.log(np.sum(np.exp(log_normal(x, 0.05, 0.05**2) - log_parent) * 2500) * (x[1] - x[0]))
    leaking = build_site("d", SPEC, log_w, theta, 0.3, 0.5)
    cut = build_site("d", limited, inside, theta, 0.3, 0.5)
    found = SiteBank([cut], SPACE).log_l(phi)[0, 0]
    assert not cut.H.any() and found < expected + 1.5
    wrong = SiteBank([replace(leaking, link=limited)], SPACE).log_l(phi)[0, 0]
    assert wrong > expected + 3.0, "the control does not leak"


def test_a_column_without_limit_keeps_its_kernel_and_the_moments():
    free = SPEC["drawn"][0] | {"name": "y"}
    rng = np.random.default_rng(4)
    x = np.abs(rng.normal(size=(400, 1)))
    theta = np.concatenate([x, 0.8 * x + 0.3 * rng.normal(size=(400, 1))], 1)
    spec = {"drawn": [SPEC["drawn"][0] | {"lower": 0.0, "upper": None}, free], "shared": []}
    site = build_site("d", spec, np.zeros(400), theta, 0.0, 1e3)
    assert site.H[0, 1, 1] > 0 and not site.H[0, 0].any()
    assert np.allclose(1e6 * (np.cov(site.t.T, ddof=0) + site.H[0]), np.cov(theta.T, ddof=0), rtol=1e-3)


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
    assert 0.2 + 1e3 * site.t.mean() == pytest.approx(theta.mean(), abs=1e-4)
    assert 1e6 * (site.t.var() + site.H[0, 0, 0]) == pytest.approx(theta.var(), rel=1e-3)


def test_each_mode_has_a_kernel_of_its_own():
    theta, log_w = samples()
    theta = np.concatenate([theta, theta + 8.0])
    site = build_site("d", SPEC, np.tile(log_w, 2), theta, 4.0, 5.0)
    assert site.info["modes"] == 2
    assert site.H.max() * 5.0**2 < 0.1


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


def moments_of_parts(site, log_w, scale):
    """Mean and covariance of every part of a site under a flat interim prior, kernels counted."""
    part = part_of(site.size)
    moments = [weighted_moments(site.t[part == p], log_w[part == p]) for p in range(4)]
    return np.array([scale * mean for mean, _ in moments]), np.array([scale**2 * (V + site.H[0]) for _, V in moments])


@pytest.mark.parametrize("limited", [False, True])
def test_parts_apart_keep_what_each_was_drawn_with(limited):
    """Two drawn variables, one with a limit: along it are no kernels, and the other's follow it."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(600, 1)) + (4.0 if limited else 0.0)
    theta = np.concatenate([x, 0.8 * x + 0.3 * rng.normal(size=(600, 1))], 1)
    log_w = 0.3 * rng.normal(size=600)
    spec = {"drawn": [SPEC["drawn"][0] | {"lower": 0.0 if limited else None}, SPEC["drawn"][0] | {"name": "y"}]}
    site = build_site("d", spec | {"shared": []}, log_w, theta, 0.0, 1e4)
    part = part_of(600)
    drawn = [weighted_moments(theta[part == p], log_w[part == p]) for p in range(4)]
    means, covariances = moments_of_parts(with_parts_apart(site), log_w, 1e4)
    assert np.allclose(means, [mean for mean, _ in drawn], atol=1e-5)
    assert np.allclose(covariances[:, 1, 1], [V[1, 1] for _, V in drawn], rtol=0.05 if limited else 1e-5)
    together = moments_of_parts(site, log_w, 1e4)[0]
    assert np.abs(together - means)[:, 1].max() > 1e-3, "the control: parts of the site itself share a mean"


def test_parts_apart_are_the_same_site_where_there_are_too_few_or_no_kernels():
    theta, log_w = samples(n=512)
    for site in (
        build_site("d", SPEC, log_w, theta, 0.2, 1.5, smooth=False),
        build_site("d", SPEC, log_w[:20], theta[:20], 0.2, 1.5),
        build_site("d", {"drawn": [], "shared": []}, log_w),
    ):
        apart = with_parts_apart(site)
        assert np.allclose(apart.t, site.t, atol=1e-12) and np.allclose(apart.log_c, site.log_c, atol=1e-12)


def test_parts_apart_say_the_same_together():
    theta, log_w = samples(n=512)
    site = build_site("d", SPEC, log_w, theta, 0.2, 1.5)
    phi = np.array([[0.3, -0.1], [0.9, 0.3], [0.0, -2.5]])
    one, other = (SiteBank([s], SPACE).log_l(phi, correction=False) for s in (site, with_parts_apart(site)))
    assert np.allclose(one, other, atol=2e-3) and not np.array_equal(one, other)


def test_bandwidth_shrinks_with_the_samples():
    assert bandwidth(400, 1) < bandwidth(50, 1) < bandwidth(1, 1) == bandwidth(4, 1)


def test_errors_name_the_dataset():
    with pytest.raises(PropagationError, match="d7: none of its 5 samples has a finite weight"):
        build_site("d7", SPEC, np.full(5, -np.inf), np.zeros((5, 1)), 0.0, 1.0)
    with pytest.raises(PropagationError, match="d7: its link has 1 drawn and 0 shared"):
        build_site("d7", SPEC, np.zeros(5))


def test_a_mode_of_one_point_has_the_kernel_of_the_heaviest():
    theta = np.concatenate([np.random.default_rng(1).normal(size=(300, 2)), [[40.0, 40.0]]])
    link = {"drawn": [{"name": n, "family": "GaussianPrior", "mean": 0.0, "sigma": 1.0} for n in "xy"], "shared": []}
    site = build_site("d", link, np.full(301, -np.log(301)), theta, np.zeros(2), np.full(2, 50.0))
    assert len(site.H) == 2 and all(np.linalg.eigvalsh(H)[0] > 1e-6 for H in site.H)


def test_a_site_of_exact_points_has_no_noise():
    assert (averaging(1) == 1.0).all() and np.allclose(averaging(8).mean(0), 1.0)
