"""Modes of prior times sites: found wherever the sites put them, one where there is one."""

import numpy as np
import pytest

from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import GlobalSpace, SiteBank, build_site
from cavity.propagate.modes import find_modes, shares_of

SPEC = {
    "drawn": [{"name": "x", "family": "GaussianPrior", "mean": {"variable": "mu"}, "sigma": {"variable": "tau"}}],
    "shared": [],
}


def bank_of(centres, masses, n=8, sd=0.3):
    """n sites whose likelihood is a mixture of Gaussians at the centres; interim prior N(0, 10)."""
    space = GlobalSpace.from_priors(["mu", "tau"], [GaussianPrior(0.0, 10.0), HalfNormalPrior(1.0)])
    sites, interim = [], 10.0
    for i in range(n):
        offset = 0.2 * np.cos(i)
        variance = 1 / (1 / sd**2 + 1 / interim**2)
        theta, log_w = [], []
        for k, (centre, mass) in enumerate(zip(centres, masses)):
            mean, total = variance * (centre + offset) / sd**2, sd**2 + interim**2
            theta.append(mean + np.sqrt(variance) * sobol_normal(128, 1, 10 * i + k))
            log_z = np.log(mass) - 0.5 * (centre + offset) ** 2 / total - 0.5 * np.log(2 * np.pi * total)
            log_w.append(np.full(128, log_z - np.log(128)))
        sites.append(build_site(f"d{i}", SPEC, np.concatenate(log_w), np.concatenate(theta), 0.0, interim))
    return space, SiteBank(sites, space)


def test_one_mode_is_found_once():
    found = find_modes(*bank_of([2.0], [1.0]))
    assert len(found) == 1 and found[0].mean[0] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_aliases_on_the_same_side_give_the_population_two_modes(seed):
    found = find_modes(*bank_of([0.0, 9.0], [0.55, 0.45]), seed=seed)
    assert sorted(round(mode.mean[0]) for mode in found) == [0, 9]
    odds = 8 * np.log(0.55 / 0.45) + 0.5 * 0.81  # eight likelihoods, and the prior of the mean
    assert found[0].log_mass - found[1].log_mass == pytest.approx(odds, abs=0.3)
    assert shares_of(found).sum() == pytest.approx(1.0)


def test_a_mode_of_no_mass_is_left_out():
    found = find_modes(*bank_of([0.0, 9.0], [0.9, 0.1]))
    assert len(found) == 1
