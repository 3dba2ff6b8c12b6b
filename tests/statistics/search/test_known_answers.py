"""Every search against problems with known answers: evidence, its stated error, means and sds, over seeds."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import chi2

from cavity.search import (
    AutoCorrelationsSettings,
    DynestyDynamic,
    DynestyStatic,
    Emcee,
    Laplace,
    Nautilus,
    UltraNest,
    polished,
)

from .problems import correlated_gaussian, eggbox, plateau, profile, shells

EVIDENCE = {
    "DynestyStatic": DynestyStatic(nlive=100),
    "DynestyDynamic": DynestyDynamic(nlive=100, n_effective=1000, maxbatch=4),
    "UltraNest region": UltraNest(min_num_live_points=100, dlogz=1.0, max_num_improvement_loops=0),
    "UltraNest steps": UltraNest(min_num_live_points=100, dlogz=1.0, max_num_improvement_loops=0, nsteps=30),
    "Nautilus": Nautilus(n_live=500, n_eff=1000, n_networks=1),
    "Laplace": Laplace(),
}
PROBLEMS = {"2": lambda: correlated_gaussian(2), "5": lambda: correlated_gaussian(5), "profile": profile}
MULTIMODAL = {"eggbox": eggbox, "shells": shells, "plateau": plateau}


@cache
def runs(name, problem, seeds):
    known = {**PROBLEMS, **MULTIMODAL, "20": lambda: correlated_gaussian(20)}[problem]()
    found = [SEARCHES[name].run(known.problem, np.random.default_rng(seed)) for seed in range(seeds)]
    return known, found


def check_evidence(known, found, scale=1.0):
    """Each ln Z within four of its sigmas, and the pulls no wider than sigmas are (chi-square, p > 1e-4)."""
    pulls = np.array([(s.log_evidence - known.log_evidence) / (scale * s.log_evidence_error) for s in found])
    assert np.abs(pulls).max() < 4.0, pulls
    assert chi2.sf((pulls**2).sum(), len(pulls)) > 1e-4, pulls


def check_moments(known, found, seed_error=0.15):
    """The mean over seeds of the posterior means and sds is right."""
    means = np.mean([(s.mean - known.mean) / known.sd for s in found], axis=0)
    ratios = np.mean([s.sd / known.sd for s in found], axis=0)
    assert np.abs(means).max() < seed_error, means
    assert np.abs(ratios - 1.0).max() < seed_error, ratios


SEARCHES = {
    **EVIDENCE,
    "Emcee": Emcee(nwalkers=50, nsteps=5000),
    "DynestyStatic 20": DynestyStatic(nlive=100),
    "DynestyDynamic 20": DynestyDynamic(nlive=100, n_effective=1000, maxbatch=4),
    "UltraNest steps 20": UltraNest(
        min_num_live_points=60, min_ess=100, dlogz=3.0, dKL=3.0, max_num_improvement_loops=0, nsteps=60
    ),
    "Laplace 20": Laplace(n_draws=2048, n_adapt=512),
    "Emcee 20": Emcee(
        nwalkers=64,
        nsteps=10000,
        auto_correlations_settings=AutoCorrelationsSettings(required_length=20, change_threshold=0.05),
    ),
    "DynestyStatic walks": DynestyStatic(nlive=100, sample="rwalk"),
    "DynestyDynamic walks": DynestyDynamic(nlive=100, n_effective=1000, maxbatch=4, sample="rwalk"),
}


@pytest.mark.long
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_and_moments_over_ten_seeds(name, problem):
    known, found = runs(name, problem, 10)
    check_evidence(known, found)
    check_moments(known, found)


@pytest.mark.long
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", ["DynestyStatic", "UltraNest region"])
def test_the_evidence_check_fails_where_the_stated_error_is_a_third(name, problem):
    known, found = runs(name, problem, 10)
    with pytest.raises(AssertionError):
        check_evidence(known, found, scale=1.0 / 3.0)


@pytest.mark.long
@pytest.mark.parametrize("name", ["DynestyStatic 20", "DynestyDynamic 20", "UltraNest steps 20", "Laplace 20"])
def test_twenty_parameters_over_three_seeds(name):
    known, found = runs(name, "20", 3)
    check_evidence(known, found)
    check_moments(known, found, 0.25)


@pytest.mark.long
@pytest.mark.parametrize("problem, name", [("2", "Emcee"), ("5", "Emcee"), ("profile", "Emcee"), ("20", "Emcee 20")])
def test_walkers(problem, name):
    known, found = runs(name, problem, 3)
    assert all(s.info["converged"] for s in found)
    check_moments(known, found, 0.15 if problem == "20" else 0.08)


@pytest.mark.long
@pytest.mark.parametrize("problem", MULTIMODAL)
@pytest.mark.parametrize("name", ["DynestyStatic walks", "DynestyDynamic walks", "UltraNest region"])
def test_many_modes_rings_and_plateaus(name, problem):
    known, found = runs(name, problem, 5)
    check_evidence(known, found)
    check_moments(known, found, 0.25)


@pytest.mark.long
def test_polishing_removes_the_noise_of_the_evidence():
    known, found = runs("DynestyStatic", "profile", 10)
    better = [polished(known.problem, s, 1024, np.random.default_rng(seed)) for seed, s in enumerate(found)]
    raw = np.std([s.log_evidence - known.log_evidence for s in found])
    errors = np.array([s.log_evidence - known.log_evidence for s in better])
    assert np.abs(errors).max() < 0.06 and np.abs(errors.mean()) < 0.02
    assert np.std(errors) < 0.1 * raw
    check_evidence(known, better)
    check_moments(known, better, 0.03)


@pytest.mark.long
def test_moments_of_a_shifted_posterior_fail_the_check():
    known, found = runs("Laplace", "profile", 10)
    with pytest.raises(AssertionError):
        check_moments(known._replace(mean=known.mean + 0.2 * known.sd), found)
    with pytest.raises(AssertionError):
        check_moments(known._replace(sd=0.8 * known.sd), found)
