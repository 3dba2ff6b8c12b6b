"""The noise of the sites in the posterior and in the evidence, against the spread over samplings."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import log_ndtr
from tests.unit.propagate.conftest import INTERIM, NOISE, SPEC

from cavity.numerics.sobol import sobol_normal
from cavity.propagate import SiteBank, build_site, log_evidence_error, particles, site_noise
from cavity.propagate.diagnostics import kernel_bias, kernel_width


def sampled(normal, seed, size=64, shifted=0.8, parts=4):
    """The same hierarchy's sites from importance draws of a proposal beside the posterior, in parts."""
    rng = np.random.default_rng(seed)
    mean, sd = INTERIM
    sites = []
    for i, y in enumerate(normal.y):
        centre = normal.variance * (y / NOISE**2 + mean / sd**2)
        width = 1.4 * np.sqrt(normal.variance)
        z = np.concatenate([sobol_normal(size // parts, 1, rng) for _ in range(parts)])
        theta = centre + width * (z + shifted)
        log_q = -0.5 * z[:, 0] ** 2 - np.log(width)
        log_p = -0.5 * ((theta[:, 0] - mean) / sd) ** 2 - np.log(sd)
        log_l = -0.5 * ((y - theta[:, 0]) / NOISE) ** 2 - np.log(NOISE) - 0.5 * np.log(2 * np.pi)
        sites.append(build_site(f"d{i}", SPEC, log_l + log_p - log_q - np.log(size), theta, mean, sd))
    return SiteBank(sites, normal.space)


def answer(normal, bank):
    """Mean of phi and log evidence by quadrature on a coarse grid, and draws of the posterior."""
    grid = normal.grid.reshape(201, 201, 2)[::5, ::5].reshape(-1, 2)
    log_p = normal.space.log_prior(grid) + bank.log_l(grid).sum(1)
    top = log_p.max()
    weights = np.exp(log_p - top)
    return weights @ grid / weights.sum(), top + np.log(weights.sum()), grid, np.log(weights / weights.sum())


def repeated(normal, **how):
    """Spread over 24 samplings of (mean / sd, log evidence), and what each stated, root mean square."""
    seen, stated = [], []
    for seed in range(24):
        bank = sampled(normal, seed, **how)
        mean, log_evidence, grid, log_w = answer(normal, bank)
        noise = site_noise(bank, grid, log_w)
        seen.append([*(mean / normal.sd), log_evidence])
        stated.append([*noise.mcse, np.sqrt(noise.evidence.sum())])
    return np.std(seen, axis=0), np.sqrt(np.mean(np.square(stated), axis=0))


def test_the_stated_noise_is_the_spread_over_samplings(normal):
    seen, stated = repeated(normal)
    assert ((0.55 < stated / seen) & (stated / seen < 1.7)).all()


def test_shares_add_up_and_noise_falls_with_the_samples(normal):
    bank = sampled(normal, 1)
    _, _, grid, log_w = answer(normal, bank)
    noise = site_noise(bank, grid, log_w)
    assert noise.contributions.sum() == pytest.approx(1.0)
    finer = sampled(normal, 1, size=1024)
    assert (site_noise(finer, grid, log_w).mcse < 0.4 * noise.mcse).all()


def test_everything_that_sites_know_of_themselves_is_in_the_error_of_the_evidence():
    noise = SimpleNamespace(evidence=np.array([0.03**2, 0.04**2]))

    def error(**info):
        return log_evidence_error(SimpleNamespace(sites=2 * [SimpleNamespace(info=info)]), 0.12, noise)

    assert error() == pytest.approx(0.13)
    assert error(assertion_error=0.1) == pytest.approx(np.sqrt(0.13**2 + 0.02))
    assert error(surrogate_error=0.1) == pytest.approx(np.sqrt(0.13**2 + 0.04))
    assert error(kernel_bias=-0.1) == pytest.approx(np.sqrt(0.13**2 + 0.04))


def test_biases_of_one_sign_add_up_and_those_of_either_sign_are_noise():
    def error(*biases):
        sites = [SimpleNamespace(info={"kernel_bias": bias}) for bias in biases]
        return log_evidence_error(SimpleNamespace(sites=sites), 0.0, SimpleNamespace(evidence=np.zeros(len(biases))))

    assert error(*[0.01] * 50) == pytest.approx(0.5)
    assert error(*[0.01, -0.01] * 25) == 0.0
    assert error(0.02) == pytest.approx(0.02)


def skewed(seed, width, n=300):
    """A site whose posterior is skewed: a gamma distribution of shape two, on a side of the interim prior."""
    rng = np.random.default_rng(seed)
    mean, sd = INTERIM
    theta = mean - 0.5 * sd + 0.25 * sd * rng.gamma(2.0, size=(n, 1))
    return build_site("d", SPEC, np.full(n, -np.log(n)), theta, mean, sd, width=width)


@pytest.mark.parametrize("at, sign", [(0.8, -1), (1.2, 1)])
def test_the_bias_of_kernels_is_what_half_the_width_tells(normal, at, sign):
    """Against the same draws without kernels: l is then an average without bias."""
    phi, seen, stated = np.array([at, np.log(0.3)]), [], []
    for seed in range(60):
        site, narrower, points = (skewed(seed, width) for width in (1.0, 0.5, 1e-4))
        log_l = [SiteBank([one], normal.space).log_l(phi[None], correction=False)[0, 0] for one in (site, points)]
        seen.append(log_l[0] - log_l[1])
        stated.append(kernel_bias(site, narrower, normal.space, phi[None]))
    assert sign * np.mean(seen) > 0.01
    assert np.mean(stated) == pytest.approx(np.mean(seen), rel=0.1)


def width_of(log_likelihood, normal, seed, n=320):
    """The width that kernels keep: of n even draws of the interim prior, seen from a broad and a narrow population."""
    mean, sd = INTERIM
    theta = mean + sd * np.concatenate([sobol_normal(n // 4, 1, 4 * seed + part) for part in range(4)])
    log_w = log_likelihood((theta[:, 0] - mean) / sd) - np.log(n)
    sets = [np.column_stack([np.linspace(-1, 1, 40), np.full(40, log_sd)]) for log_sd in (0.0, 1.0)]
    made = partial(build_site, "d", SPEC, log_w, theta, mean, sd)
    return kernel_width(made, normal.space, sets)


@pytest.mark.parametrize("seed", range(3))
def test_kernels_of_a_measurement_are_as_wide_as_the_rule_says_and_those_of_a_limit_narrower(normal, seed):
    assert width_of(lambda x: -0.5 * ((x - 0.3) / 0.3) ** 2, normal, seed) == 1.0
    assert width_of(lambda x: log_ndtr(-6 * (x - 0.3)), normal, seed) == 0.25


def test_the_bias_of_kernels_over_the_posterior_has_less_noise_than_at_a_point_of_it(normal):
    phi, found = np.stack([np.linspace(-0.1, 0.8, 40), np.full(40, np.log(0.02))], 1), []  # a narrow population
    for seed in range(30):
        sites = [skewed(seed, width) for width in (1.0, 0.5)]
        each = [kernel_bias(*sites, normal.space, point[None]) for point in phi]
        found.append([kernel_bias(*sites, normal.space, phi), *each])
        assert found[-1][0] == pytest.approx(np.mean(each), abs=1e-12)
    spread = np.std(found, axis=0)
    assert spread[0] < 0.5 * np.median(spread[1:])


def far_apart(normal, repeats=300):
    """One site of few draws and wide kernels, at draws of the posterior: the spread of log l, and as it is stated."""
    rows = np.random.default_rng(3).choice(len(normal.grid), 60, p=normal.weights)
    phi, found, stated = normal.grid[rows], [], []
    for seed in range(repeats):
        theta = np.random.default_rng(seed).normal(0.4, 1.2, (80, 1))
        log_w = -0.5 * ((0.7 - theta[:, 0]) / 1.5) ** 2 - np.log(80)
        bank = SiteBank([build_site("d", SPEC, log_w, theta, 0.4, 1.2)], normal.space)
        found.append(np.log(np.exp(bank.log_l(phi, correction=False)).mean()))
        stated.append(site_noise(bank, phi, np.full(len(phi), -np.log(len(phi)))).evidence[0])
    return np.sqrt(np.mean(stated)) / np.std(found)


def test_parts_that_are_drawn_in_towards_one_mean_hide_a_part_of_the_noise(normal, monkeypatch):
    assert 0.93 < far_apart(normal) < 1.1
    monkeypatch.setattr(particles, "with_parts_apart", lambda site: site)
    assert far_apart(normal) < 0.93, "the control"


def replicates(normal, order):
    """Means and log evidence from 40 independent draws of all sites' particles, and the errors stated of them."""
    grid, found, stated = normal.grid[::7], [], []
    for seed in range(40):
        rng, sites = np.random.default_rng(seed), []
        for i, y in enumerate(normal.y):
            theta = order(rng.normal(0.4, 1.2, (400, 1)))  # from the interim prior itself
            log_w = -0.5 * ((y - theta[:, 0]) / NOISE) ** 2 - np.log(400)
            sites.append(build_site(f"d{i}", SPEC, log_w, theta, 0.4, 1.2))
        bank = SiteBank(sites, normal.space)
        log_p = bank.log_l(grid).sum(1) + normal.space.log_prior(grid)
        noise = site_noise(bank, grid, log_p, seed)
        w = np.exp(log_p - log_p.max())
        found.append([*(w @ grid / w.sum()), log_p.max() + np.log(w.sum())])
        stated.append([*noise.mcse, np.sqrt(noise.evidence.sum())])
    scale = np.array([*normal.sd, 1.0])
    return np.std(found, axis=0) / scale, np.sqrt(np.mean(np.square(stated), axis=0))


def test_the_noise_over_the_posterior_is_the_spread_of_independent_replicates(normal):
    spread, stated = replicates(normal, lambda theta: theta)
    assert ((0.55 < stated / spread) & (stated / spread < 1.7)).all()


def test_the_same_check_fails_where_parts_are_no_samples(normal):
    spread, stated = replicates(normal, lambda theta: np.sort(theta, axis=0))
    assert (stated / spread > 1.7).any()
