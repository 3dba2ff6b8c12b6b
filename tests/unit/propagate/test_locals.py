"""Local posteriors against quadrature."""

import numpy as np
import pytest

from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, SiteBank, build_site, exact_pass, local_draws
from cavity.propagate.modes import one_mode

from ...statistics.propagate.local_moments import local_moments

NOISE = 0.5


@pytest.fixture(scope="module")
def phi(normal):
    return exact_pass(normal.space, normal.bank, one_mode(normal.mean, np.diag(normal.sd**2))).equal_weight(
        1500, np.random.default_rng(0)
    )


def exact(normal, i):
    gain = np.exp(2 * normal.grid[:, 1]) / (np.exp(2 * normal.grid[:, 1]) + NOISE**2)
    centre = normal.grid[:, 0] + gain * (normal.y[i] - normal.grid[:, 0])
    mean = normal.weights @ centre
    return mean, np.sqrt(normal.weights @ (centre**2 + gain * NOISE**2) - mean**2)


def test_moments_and_draws_of_drawn_variables(normal, phi):
    moments, draws = local_moments(normal.bank, phi), local_draws(normal.bank, phi, 1)
    for i in range(0, 15, 3):
        mean, sd = exact(normal, i)
        its, drawn = moments[f"d{i}"], draws[f"d{i}"]
        assert its.names == drawn.names == ("x", "square")
        assert abs(its.mean[0] - mean) < 0.05 * sd and its.sd[0] == pytest.approx(sd, rel=0.05)
        assert abs(drawn.values[:, 0].mean() - mean) < 0.12 * sd
        assert drawn.values[:, 0].std() == pytest.approx(sd, rel=0.1)


def test_payload_belongs_to_its_particle(normal, phi):
    drawn = local_draws(normal.bank, phi, 1)["d3"].values
    assert np.corrcoef(drawn[:, 0] ** 2, drawn[:, 1])[0, 1] > 0.8


def test_draws_do_not_depend_on_the_other_datasets(normal, phi):
    alone = normal.bank.without([name for name in normal.bank.datasets if name != "d4"])
    assert (local_draws(alone, phi, 1)["d4"].values == local_draws(normal.bank, phi, 1)["d4"].values).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_particle_without_drawn_variables_is_drawn_as_often_as_its_weight_asks(seed):
    log_w = np.random.default_rng(seed).normal(size=12)
    site = build_site("d", {"drawn": [], "shared": []}, log_w, payload=np.arange(12.0), payload_names=("number",))
    found = local_draws(SiteBank([site], SPACE), np.zeros((20_000, 2)), seed)["d"]
    weights = np.exp(log_w) / np.exp(log_w).sum()
    counts = np.bincount(found.values[:, 0].astype(int), minlength=12)
    assert (np.abs(counts - 20_000 * weights) < 4 * np.sqrt(20_000 * weights * (1 - weights))).all()
    assert found.ess == pytest.approx(1 / (weights**2).sum())


def test_the_error_of_a_mean_is_that_of_weighted_particles():
    """Against the delta method, on average: one site has four parts."""
    ratios = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        log_w, x = rng.normal(size=400), rng.normal(size=400)
        site = build_site("d", {"drawn": [], "shared": []}, log_w, payload=x, payload_names=("x",))
        w = np.exp(log_w) / np.exp(log_w).sum()
        found = local_draws(SiteBank([site], SPACE), np.zeros((2, 2)), seed)["d"]
        ratios.append(found.error[0] ** 2 / (w**2 @ (x - w @ x) ** 2))
    assert np.mean(ratios) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 3 / len(ratios)))


def site(family, lower=None, upper=None):
    item = {"name": "x", "family": family, "mean": {"variable": "mu"}, "sigma": {"variable": "tau"}}
    spec = {"drawn": [item | {"lower": lower, "upper": upper}], "shared": []}
    theta = 0.5 * sobol_normal(256, 1, 0)
    return build_site("d", spec, np.full(256, -np.log(256)), theta, 0.0, 1.0)


SPACE = GlobalSpace.from_priors(["mu", "tau"], [GaussianPrior(0.0, 2.0), HalfNormalPrior(2.0)])
PHI = np.tile([0.1, 0.0], (2000, 1))


def test_a_log_gaussian_parent_gives_values_and_not_logarithms():
    bank = SiteBank([site("LogGaussianPrior")], SPACE)
    values = local_draws(bank, PHI, 1)["d"].values[:, 0]
    moments = local_moments(bank, PHI)["d"]
    assert (values > 0).all()
    assert values.mean() == pytest.approx(moments.mean[0], abs=4 * moments.sd[0] / np.sqrt(2000))


def test_draws_stay_within_the_limits_of_a_truncated_parent():
    bank = SiteBank([site("GaussianPrior", lower=-0.2, upper=0.5)], SPACE)
    values = local_draws(bank, PHI, 1)["d"].values[:, 0]
    assert values.min() >= -0.2 and values.max() <= 0.5
