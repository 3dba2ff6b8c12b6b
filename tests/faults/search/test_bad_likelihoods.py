"""Every search, every way a likelihood can be wrong: one sentence or the documented answer, never silence."""

import dataclasses

import numpy as np
import pytest

from cavity.errors import CavityError, LikelihoodError
from cavity.search import SEARCHES, AutoCorrelationsSettings, InitializerPrior, search_from_dict

from ...statistics.search.problems import box_problem, correlated_gaussian

QUICK = {
    "DynestyStatic": {"nlive": 50},
    "DynestyDynamic": {"nlive": 50, "maxbatch": 0},
    "UltraNest": {"min_num_live_points": 60, "min_ess": 50, "dlogz": 2.0, "dKL": 2.0, "max_num_improvement_loops": 0},
    "Nautilus": {"n_live": 100, "n_eff": 100, "n_networks": 0},
    "Emcee": {
        "nwalkers": 8,
        "nsteps": 60,
        "initializer": InitializerPrior(),
        "auto_correlations_settings": AutoCorrelationsSettings(check_for_convergence=False),
    },
    "LBFGS": {},
    "DifferentialEvolution": {"maxiter": 20},
    "Laplace": {},
}
KNOWN = correlated_gaussian(2, batched=False)


def raising(vector):
    raise ZeroDivisionError("float division by zero")


BAD = {
    "NaN": (lambda v: np.nan, "is NaN"),
    "+inf": (lambda v: np.inf, "is +inf"),
    "exception": (raising, "raised ZeroDivisionError"),
    "wrong shape": (lambda v: np.zeros(3), "has shape (3,)"),
    "None": (lambda v: None, "is None"),
}


def run(name, likelihood, on_error="raise"):
    problem = dataclasses.replace(KNOWN.problem, log_likelihood=likelihood)
    return search_from_dict({"name": name, **QUICK[name]}).run(problem, np.random.default_rng(1), on_error=on_error)


def in_a_corner(bad):
    """Bad where x0 > 0.35, good elsewhere."""
    return lambda v: bad(v) if v[0] > 0.35 else KNOWN.problem.log_likelihood(v)


def test_every_search_is_in_this_matrix():
    assert QUICK.keys() == SEARCHES.keys()


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("where", [lambda bad: bad, in_a_corner], ids=["everywhere", "corner"])
def test_one_sentence_names_dataset_and_parameters(name, bad, where, capsys):
    likelihood, said = BAD[bad]
    with pytest.raises(LikelihoodError) as caught:
        run(name, where(likelihood))
    sentence = str(caught.value)
    assert sentence.startswith("dataset d07: the likelihood ") and said in sentence
    assert "x0=" in sentence and "x1=" in sentence and "call " in sentence and "\n" not in sentence
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("bad", ["NaN", "+inf", "exception"])
def test_rejected_points_are_counted_and_carry_no_weight(name, bad):
    samples = run(name, in_a_corner(BAD[bad][0]), on_error="reject")
    assert samples.rejected > 0
    assert (samples.values[np.isfinite(samples.log_weights), 0] <= 0.35).all()
    if samples.log_evidence is not None and samples.log_evidence_error < 0.5:
        truth = KNOWN.log_evidence + np.log(0.6914625)
        assert abs(samples.log_evidence - truth) < 4 * samples.log_evidence_error + 0.02


@pytest.mark.parametrize("name", SEARCHES)
def test_minus_infinity_in_a_corner_carries_no_weight_and_is_no_rejection(name):
    samples = run(name, in_a_corner(lambda v: -np.inf))
    assert samples.rejected == 0
    assert (samples.values[np.isfinite(samples.log_weights), 0] <= 0.35).all()


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("bad", ["NaN", "+inf", "exception"])
def test_a_likelihood_that_is_always_rejected_is_an_error(name, bad):
    with pytest.raises(CavityError, match="finite"):
        run(name, BAD[bad][0], on_error="reject")


@pytest.mark.parametrize("name", SEARCHES)
def test_minus_infinity_everywhere_is_an_error(name):
    with pytest.raises(CavityError, match="finite"):
        run(name, lambda v: -np.inf)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_constant_likelihood_gives_the_prior(name):
    problem = box_problem(["x", "y"], [0.0, 0.0], [1.0, 1.0], lambda v: 2.5)
    samples = search_from_dict({"name": name, **QUICK[name]}).run(problem, np.random.default_rng(1))
    if samples.log_evidence is not None:
        assert samples.log_evidence == pytest.approx(2.5, abs=0.3)
        assert samples.sd == pytest.approx(np.full(2, 12**-0.5), abs=0.1)
    assert ((samples.values >= 0.0) & (samples.values <= 1.0)).all()
