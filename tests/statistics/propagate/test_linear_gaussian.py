"""Linear Gaussian hierarchies, where everything is known in closed form."""

import numpy as np
import pytest

from cavity.numerics.sobol import sobol_normal
from cavity.prior import GaussianPrior, HalfNormalPrior
from cavity.propagate import (
    GlobalSpace,
    SharedDesign,
    SiteBank,
    build_site,
    exact_pass,
    fit_surrogate,
    grid_pass,
    propagate,
    transport,
)
from cavity.propagate.build import divide_by_interim
from cavity.propagate.modes import one_mode
from cavity.propagate.site import Site
from tests.statistics.check import assert_same_posterior, moments
from tests.statistics.propagate.local_moments import local_moments
from tests.statistics.propagate.problems import LOG_2PI, log_normal_density, parent

SPEC = {"drawn": [parent("mu", "tau")], "shared": []}


def exact_site(dataset, y, variance, interim=(0.3, 1.7), copies=1):
    """A site whose one kernel is the interim posterior itself: no approximation is left in it."""
    mean, sd = interim
    kernel = 1 / (1 / variance + 1 / sd**2)
    centre = kernel * (y / variance + mean / sd**2)
    log_evidence = log_normal_density(y, mean, variance + sd**2)
    t, log_c, H = divide_by_interim(
        np.array([[centre]]), np.array([[kernel]]), np.array([log_evidence]), np.array([mean]), np.array([sd])
    )
    t, log_c = np.repeat(t, copies, 0), np.repeat(log_c, copies) - np.log(copies)
    return Site(dataset, "particles", SPEC, log_c=log_c, t=t, H=H[None], mode=np.zeros(copies, int))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    variance = rng.uniform(0.1, 1.0, 20)
    return 1.5 + 0.8 * rng.normal(size=20) + np.sqrt(variance) * rng.normal(size=20), variance


def test_the_evidence_at_any_phi_is_exact_to_rounding(data):
    space = GlobalSpace.from_priors(["mu", "tau"], [GaussianPrior(0.0, 3.0), HalfNormalPrior(2.0)])
    bank = SiteBank([exact_site(f"d{i}", y, v) for i, (y, v) in enumerate(zip(*data))], space)
    phi = np.random.default_rng(1).normal(size=(50, 2))
    closed = log_normal_density(data[0], phi[:, :1], data[1] + np.exp(2 * phi[:, 1:])).sum(1)
    assert np.abs(bank.log_l(phi).sum(1) / closed - 1).max() < 1e-13


def test_with_a_known_sd_the_posterior_and_evidence_are_exact(data):
    y, variance = data
    spec = {"drawn": [parent("mu", 0.8)], "shared": []}
    space = GlobalSpace.from_priors(["mu"], [GaussianPrior(0.0, 3.0)])
    sites = [exact_site(f"d{i}", *pair) for i, pair in enumerate(zip(y, variance))]
    sites = [Site(**{**site.__dict__, "link": spec}) for site in sites]
    bank = SiteBank(sites, space)
    state, infos = propagate(space, bank, np.array([0.0]), np.array([[9.0]]))
    total = 1 / (1 / 9 + (1 / (variance + 0.64)).sum())
    mean = total * (y / (variance + 0.64)).sum()
    assert not infos[-1].stalled
    assert state.gaussian.mean[0] == pytest.approx(mean, abs=1e-6 * np.sqrt(total))
    assert state.gaussian.covariance[0, 0] == pytest.approx(total, rel=1e-6)
    covariance = np.diag(variance + 0.64) + 9.0
    evidence = -0.5 * (y @ np.linalg.solve(covariance, y) + np.linalg.slogdet(covariance)[1] + 20 * LOG_2PI)
    assert grid_pass(space, bank).log_evidence == pytest.approx(evidence, abs=1e-9)
    found = exact_pass(space, bank, one_mode(state.gaussian.mean, state.gaussian.covariance))
    assert found.log_evidence == pytest.approx(evidence, abs=0.01)


P = 4


def shared_problem(seed=0, n_sites=20, n_data=6, tau=0.7, noise=0.8):
    """y_i = X_i psi + z_i theta_i + noise, theta_i ~ N(mu, .7), psi ~ N(0, 1), mu ~ N(0, 2)."""
    rng = np.random.default_rng(seed)
    X, z = rng.normal(size=(n_sites, n_data, P)), rng.normal(size=(n_sites, n_data)) + 1.0
    theta, psi = 0.5 + tau * rng.normal(size=n_sites), rng.normal(size=P)
    y = X @ psi + z * theta[:, None] + noise * rng.normal(size=(n_sites, n_data))
    precision, shift = np.diag([1 / 4] + [1.0] * P), np.zeros(1 + P)
    quadratic = log_det = 0.0
    for k in range(n_sites):
        A = np.concatenate([z[k][:, None], X[k]], 1)
        C = noise**2 * np.eye(n_data) + tau**2 * np.outer(z[k], z[k])
        precision += A.T @ np.linalg.solve(C, A)
        shift += A.T @ np.linalg.solve(C, y[k])
        quadratic += y[k] @ np.linalg.solve(C, y[k])
        log_det += np.linalg.slogdet(C)[1]
    covariance = np.linalg.inv(precision)
    mean = covariance @ shift
    evidence = -0.5 * (quadratic - shift @ mean + log_det + n_sites * n_data * LOG_2PI)
    evidence += 0.5 * np.linalg.slogdet(covariance)[1] - np.log(2.0)
    return dict(X=X, z=z, y=y, tau=tau, noise=noise, mean=mean, covariance=covariance, evidence=evidence)


def shared_sites(problem, kind, n=200, moved=True, offset=1.0):
    """Sites from Sobol samples of theta | y, psi0 that are exact Gaussians; psi0 is an sd away from the truth."""
    names = ["psi.0", "psi.1", "psi.2", "psi.3"]
    spec = {"drawn": [parent("mu", problem["tau"])], "shared": names}
    space = GlobalSpace.from_priors(["mu", *names], [GaussianPrior(0.0, 2.0)] + [GaussianPrior(0.0, 1.0)] * P)
    q = problem["covariance"]
    psi0 = problem["mean"][1:] + offset * np.sqrt(np.diag(q))[1:] * np.array([1, -1, 1, -1]) * 0.5
    interim_mean, interim_sd = problem["mean"][0] + 0.2, 1.0
    sites, noise = [], problem["noise"]
    for k, (X, z, y) in enumerate(zip(problem["X"], problem["z"], problem["y"])):

        def log_l(theta, psi, X=X, z=z, y=y):
            residual = y - psi @ X.T - theta[:, :1] * z
            return -0.5 * (residual**2).sum(1) / noise**2 - 0.5 * len(y) * (LOG_2PI + 2 * np.log(noise))

        sd = 1 / np.sqrt(z @ z / noise**2 + 1 / interim_sd**2)
        centre = sd**2 * (z @ (y - X @ psi0) / noise**2 + interim_mean / interim_sd**2)
        theta = centre + sd * sobol_normal(n, 1, k)
        log_w = log_l(theta, psi0[None]) + log_normal_density(theta[:, 0], interim_mean, interim_sd**2)
        log_w = log_w - log_normal_density(theta[:, 0], centre, sd**2) - np.log(n)
        design = SharedDesign.around(psi0, q[1:, 1:], 1, kind)
        if moved:
            design = design.with_transport(
                transport(log_l, np.array([centre]), np.array([problem["tau"]]), design, np.array([sd]))
            )
        here = log_l(theta, psi0[None])
        change = np.stack([log_l(moved_theta, psi[None]) - here for moved_theta, psi in design.points(theta)], 1)
        coefficients, error = fit_surrogate(design, change, log_w)
        sites.append(
            build_site(
                f"d{k}", spec, log_w, theta, interim_mean, interim_sd, design=design, coefficients=coefficients,
                info={"surrogate_error": error},
            )
        )  # fmt: skip
    return space, SiteBank(sites, space)


def shared_fit(problem, space, bank):
    state, infos = propagate(space, bank, problem["mean"] + 0.3, 2 * problem["covariance"])
    assert not infos[-1].stalled
    result = exact_pass(space, bank, one_mode(state.gaussian.mean, state.gaussian.covariance))
    return result, moments(space.names, result.draws, result.log_weights)


def shared_exact(problem, space):
    return dict(zip(space.names, zip(problem["mean"], np.sqrt(np.diag(problem["covariance"])))))


@pytest.mark.parametrize("kind, dm", [("axial", 0.12), ("quad", 0.06)])
def test_four_shared_parameters_and_a_drawn_one(kind, dm):
    problem = shared_problem()
    space, bank = shared_sites(problem, kind)
    result, found = shared_fit(problem, space, bank)
    assert_same_posterior(found, shared_exact(problem, space), dm=dm, sdr=(0.95, 1.05))
    assert result.log_evidence == pytest.approx(problem["evidence"], abs=0.15)


def test_local_posteriors_follow_the_shared_parameters():
    problem = shared_problem()
    space, bank = shared_sites(problem, "quad")
    result, _ = shared_fit(problem, space, bank)
    found = local_moments(bank, result.equal_weight(1500, np.random.default_rng(0)))
    exact = {}
    for k, (X, z, y) in enumerate(zip(problem["X"], problem["z"], problem["y"])):
        A = np.concatenate([np.full((1, 1), 1 / problem["tau"] ** 2), -(z @ X / problem["noise"] ** 2)[None]], 1)
        precision = z @ z / problem["noise"] ** 2 + 1 / problem["tau"] ** 2
        mean = (z @ y / problem["noise"] ** 2 + (A @ problem["mean"])[0]) / precision
        variance = 1 / precision + (A @ problem["covariance"] @ A.T)[0, 0] / precision**2
        exact[f"d{k}"] = mean, np.sqrt(variance)
    assert_same_posterior({k: (v.mean[0], v.sd[0]) for k, v in found.items()}, exact, dm=0.08, sdr=(0.93, 1.07))


def test_without_transport_the_sites_are_noisier():
    problem = shared_problem()
    with_it, without = (
        bank.score(problem["mean"]).noise.trace(axis1=1, axis2=2).sum()
        for bank in (shared_sites(problem, "quad", moved=moved)[1] for moved in (True, False))
    )
    assert without > 3 * with_it
