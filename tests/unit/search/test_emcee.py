import dataclasses

import numpy as np
import pytest

from cavity.errors import LikelihoodError, SearchError
from cavity.posterior.samples import Samples
from cavity.search import (
    AutoCorrelationsSettings,
    Emcee,
    InitializerBall,
    InitializerPrior,
    InitializerSamples,
    Laplace,
)

from ...statistics.search.problems import correlated_gaussian, profile

KNOWN = correlated_gaussian(2)
QUICK = AutoCorrelationsSettings(required_length=20, change_threshold=0.1)


@pytest.fixture(scope="module")
def samples():
    return Emcee(nwalkers=32, nsteps=3000, auto_correlations_settings=QUICK).run(
        KNOWN.problem, np.random.default_rng(1)
    )


def test_the_posterior(samples):
    assert np.abs((samples.mean - KNOWN.mean) / KNOWN.sd).max() < 0.1
    assert samples.sd / KNOWN.sd == pytest.approx([1.0, 1.0], abs=0.1)
    assert samples.log_evidence is None


def test_it_stops_when_the_times_are_known(samples):
    assert samples.info["converged"] and samples.info["steps"] < 3000
    assert max(samples.info["autocorrelation_times"]) * 20 < samples.info["steps"]
    assert samples.calls == 32 * (1 + samples.info["settling_steps"] + samples.info["steps"])


def test_chains_follow_one_another(samples):
    chains = samples.values.reshape(samples.info["chains"], -1, 2)
    far = np.abs(chains[:, 1:] - chains[:, :-1]).mean()
    assert far < np.abs(chains[1:, 0] - chains[:-1, 0]).mean() * 1.2
    assert samples.log_likelihoods[7] == pytest.approx(KNOWN.problem.log_likelihood(samples.values[7]))


def test_a_chain_that_is_too_short_says_so(caplog):
    samples = Emcee(nwalkers=8, nsteps=50).run(KNOWN.problem, np.random.default_rng(1))
    assert samples.info["converged"] is False
    assert "raise nsteps" in caplog.text


def test_no_check_runs_all_steps():
    settings = AutoCorrelationsSettings(check_for_convergence=False)
    samples = Emcee(nwalkers=8, nsteps=60, auto_correlations_settings=settings).run(
        KNOWN.problem, np.random.default_rng(1)
    )
    assert samples.info["steps"] == 60


def test_walkers_may_start_from_a_result():
    earlier = Laplace().run(KNOWN.problem, np.random.default_rng(1))
    search = Emcee(nwalkers=16, nsteps=100, initializer=InitializerSamples(earlier))
    samples = search.run(KNOWN.problem, np.random.default_rng(1))
    assert np.abs((samples.mean - KNOWN.mean) / KNOWN.sd).max() < 0.5
    assert len(search.settings()["initializer"]["identity"]) == 64


def test_walkers_without_likelihood_are_drawn_again():
    half = dataclasses.replace(
        KNOWN.problem,
        log_likelihood_batch=None,
        log_likelihood=lambda v: KNOWN.problem.log_likelihood(v) if v[0] > 0.3 else -np.inf,
    )
    search = Emcee(nwalkers=16, nsteps=100, initializer=InitializerPrior())
    assert (search.run(half, np.random.default_rng(1)).values[:, 0] > 0.3).all()
    ball = Emcee(nwalkers=16, nsteps=100, initializer=InitializerBall(0.1, 0.2))
    with pytest.raises(LikelihoodError, match="walkers found no start"):
        ball.run(half, np.random.default_rng(1))


@pytest.mark.parametrize("nwalkers", [4, 7])
def test_too_few_or_odd_walkers_are_refused(nwalkers):
    with pytest.raises(SearchError, match="3 parameters need an even number of at least 6"):
        Emcee(nwalkers=nwalkers).run(correlated_gaussian(3).problem, np.random.default_rng(1))


def test_numpy_s_global_generator_does_not_matter():
    runs = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        runs.append(Emcee(nwalkers=8, nsteps=30).run(KNOWN.problem, np.random.default_rng(1)))
    assert runs[0] == runs[1]


def test_walkers_that_are_stuck_join_the_others():
    known = profile()
    starts = np.full((50, 3), 0.5) + 0.02 * np.random.default_rng(0).normal(size=(50, 3))
    starts[7] = [0.02, 0.05, 0.5]

    class OneFarAway:
        def unit(self, n, problem, rng):
            return starts

    samples = Emcee(nsteps=300, initializer=OneFarAway()).run(known.problem, np.random.default_rng(1))
    assert samples.info["moved_walkers"] > 0
    assert np.abs((samples.mean - known.mean) / known.sd).max() < 0.3


PROBLEM = correlated_gaussian(2).problem


def test_a_ball_stays_between_its_limits():
    unit = InitializerBall(lower_limit=0.2, upper_limit=0.3).unit(500, PROBLEM, np.random.default_rng(0))
    assert unit.shape == (500, 2)
    assert unit.min() >= 0.2 and unit.max() <= 0.3


def test_the_prior_fills_the_cube():
    unit = InitializerPrior().unit(500, PROBLEM, np.random.default_rng(0))
    assert unit.mean(0) == pytest.approx([0.5, 0.5], abs=0.05)


@pytest.mark.parametrize("limits", [(0.5, 0.5), (-0.1, 0.5), (0.5, 1.1)])
def test_limits_are_checked(limits):
    with pytest.raises(SearchError, match="0 <= lower_limit < upper_limit <= 1"):
        InitializerBall(*limits)


def test_samples_are_drawn_by_weight():
    values = np.array([[0.0, 0.0], [1.0, 1.0]])
    samples = Samples(names=PROBLEM.names, values=values, log_weights=np.log([0.25, 0.75]))
    unit = InitializerSamples(samples).unit(2000, PROBLEM, np.random.default_rng(0))
    assert (unit[:, 0] > 0.6).mean() == pytest.approx(0.75, abs=0.04)
    assert len(np.unique(unit, axis=0)) == 2000


def test_samples_of_another_model_are_refused():
    samples = Samples(names=("a", "b"), values=np.zeros((1, 2)))
    with pytest.raises(SearchError, match="the samples have the parameters a, b, the model has x0, x1"):
        InitializerSamples(samples).unit(5, PROBLEM, np.random.default_rng(0))


def test_samples_are_part_of_a_search_s_identity():
    one, same, other = (InitializerSamples(Samples(names=("a",), values=np.full((1, 1), x))) for x in (0.0, 0.0, 1.0))
    assert Emcee(initializer=one).settings() == Emcee(initializer=same).settings()
    assert Emcee(initializer=one).settings() != Emcee(initializer=other).settings()
