"""Particles against closed forms: their sum, its variance, the correction for it."""

import numpy as np
import pytest

from cavity.numerics.sobol import sobol_normal
from cavity.numerics.weights import log_sum_exp
from cavity.propagate import SiteBank, build_site
from cavity.propagate.particles import half_variance

from .conftest import NOISE, SPEC


def test_log_l_is_the_likelihood_of_what_the_parent_predicts(normal):
    phi = np.stack([normal.mean, normal.mean + normal.sd, normal.mean - normal.sd])
    total = NOISE**2 + np.exp(2 * phi[:, 1:])
    exact = -0.5 * (normal.y - phi[:, :1]) ** 2 / total - 0.5 * np.log(2 * np.pi * total)
    assert normal.bank.log_l(phi, False) == pytest.approx(exact, abs=0.05)


def test_both_variances_are_what_random_particles_show():
    a = 0.5 * np.random.default_rng(0).normal(size=(4000, 300))
    halves, random = half_variance(a, np.full(4000, 300))
    shown = log_sum_exp(a).var()
    assert halves.mean() == pytest.approx(shown, rel=0.1) and random.mean() == pytest.approx(shown, rel=0.1)


def test_the_correction_is_half_the_variance_that_random_particles_have(normal):
    phi = normal.mean[None]
    added = normal.bank.log_l(phi)[0] - normal.bank.log_l(phi, False)[0]
    assert added == pytest.approx(0.5 * (1 / normal.bank.score(normal.mean).ess - 1 / 128))


def test_half_of_the_correction_where_half_of_the_sites_are_random(normal):
    rng, log_w = np.random.default_rng(0), np.full(64, -np.log(64))
    points = [rng.normal(size=(64, 1)) if i % 2 else sobol_normal(64, 1, i) for i in range(200)]
    sites = [build_site(f"d{i}", SPEC, log_w, theta, 0.0, 2.0) for i, theta in enumerate(points)]
    assert SiteBank(sites, normal.space).calibrated(normal.mean).correction == pytest.approx(0.5, abs=0.2)
