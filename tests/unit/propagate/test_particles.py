"""Particles against closed forms: their sum, its variance, the correction for it."""

import numpy as np
import pytest

from cavity.numerics.weights import log_sum_exp

from .conftest import NOISE


def test_log_l_is_the_likelihood_of_what_the_parent_predicts(normal):
    phi = np.stack([normal.mean, normal.mean + normal.sd, normal.mean - normal.sd])
    total = NOISE**2 + np.exp(2 * phi[:, 1:])
    exact = -0.5 * (normal.y - phi[:, :1]) ** 2 / total - 0.5 * np.log(2 * np.pi * total)
    assert normal.bank.log_l(phi, False) == pytest.approx(exact, abs=0.05)


def test_the_correction_is_half_the_variance_that_the_parts_of_the_particles_show(normal):
    phi = normal.mean[None]
    shares = np.exp(normal.bank.groups[0].terms_at(phi)[0])  # [N, 128]
    parts = shares.reshape(-1, 4, 32).mean(2) / shares.mean(1, keepdims=True)
    assert normal.bank.groups[0].part_ratios(phi)[0] == pytest.approx(parts)
    added = normal.bank.log_l(phi)[0] - normal.bank.log_l(phi, False)[0]
    assert added == pytest.approx(0.5 * ((parts - 1) ** 2).sum(1) / 12)


def test_slopes_and_curvatures_are_differences_of_log_l(normal):
    step, score = 1e-4, normal.bank.score(normal.mean)
    for j, e in enumerate(step * np.eye(2)):
        up, here, down = normal.bank.log_l(np.stack([normal.mean + e, normal.mean, normal.mean - e]), False)
        assert score.grad[:, j] == pytest.approx((up - down) / (2 * step), abs=1e-6)
        both = normal.space.log_prior(np.stack([normal.mean + e, normal.mean - e]))
        slope = (up - down).sum() + both[0] - both[1]
        assert normal.bank.log_density_gradient(normal.mean[None])[0, j] == pytest.approx(slope / (2 * step), abs=1e-5)
        assert score.hess[:, j, j] == pytest.approx((up - 2 * here + down) / step**2, abs=1e-5)


def test_the_particles_that_count_are_one_over_the_sum_of_squared_shares(normal):
    a = normal.bank.groups[0].terms_at(normal.mean[None])[0]
    w = np.exp(a - log_sum_exp(a)[:, None])
    assert normal.bank.score(normal.mean).ess == pytest.approx(1 / (w**2).sum(1))
