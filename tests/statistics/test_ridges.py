"""A shared slope and an offset of each dataset, the pivot 1,000 away: correlation .999999, against linear algebra."""

import numpy as np
import pytest

import cavity as cv
from cavity.errors import PropagationError
from cavity.graph import name_shared
from cavity.strategy import ep, site_search
from tests.statistics.check import assert_same_posterior

N, PIVOT, NOISE = 6, 1000.0, 0.1
X = PIVOT + np.linspace(-1, 1, 10)


class Line:
    """Offset and slope."""

    def __init__(self, a=0.0, b=0.0):
        self.a, self.b = a, b


class Points(cv.Analysis):
    """Points on a line."""

    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        residual = (self.y - instance.a - instance.b * X) / NOISE
        return -0.5 * residual @ residual - len(X) * np.log(NOISE * np.sqrt(2 * np.pi))


def data(seed):
    rng = np.random.default_rng(seed)
    offsets = rng.normal(0, 2, N)
    return 0.5 * (X - PIVOT) + offsets[:, None] + rng.normal(0, NOISE, (N, len(X)))


def fit(seed, search=None):
    slope = cv.GaussianPrior(0.0, 2.0)
    factors = [
        cv.AnalysisFactor(cv.Model(Line, a=cv.GaussianPrior(0.0, 2 * PIVOT), b=slope), Points(y), name=f"d{i}")
        for i, y in enumerate(data(seed))
    ]
    graph = cv.FactorGraphModel(*factors, names=name_shared({"b": slope}))
    return graph.optimise(cv.ExpectationPropagation(search=search or cv.Laplace(), seed=seed))


def exact(seed):
    """name -> (mean, sd) and ln Z of the linear Gaussian model."""
    y = data(seed).ravel()
    A = np.concatenate([np.kron(np.eye(N), np.ones((len(X), 1))), np.tile(X, N)[:, None]], axis=1)
    prior = np.array([2 * PIVOT] * N + [2.0])
    factor = np.linalg.cholesky((A * prior**2) @ A.T + NOISE**2 * np.eye(len(y)))
    pull, gain = np.linalg.solve(factor, y), np.linalg.solve(factor, A * prior**2)
    sd = np.sqrt(prior**2 - (gain**2).sum(0))
    names = [*(f"d{i}" for i in range(N)), "b"]
    log_evidence = -0.5 * pull @ pull - np.log(np.diag(factor)).sum() - 0.5 * len(y) * np.log(2 * np.pi)
    return {name: (float(m), float(s)) for name, m, s in zip(names, gain.T @ pull, sd)}, log_evidence


def moments_of(result):
    rows = {name: posterior.statistics()["a"] for name, posterior in result.locals.items()}
    rows["b"] = result.shared.statistics()["b"]
    return {name: (row["mean"], row["sd"]) for name, row in rows.items()}


@pytest.fixture(params=["tables", "polynomials"])
def sites(request, monkeypatch):
    """One shared parameter gets tables; more get polynomials, which are made of it here."""
    if request.param == "polynomials":
        monkeypatch.setattr(ep, "LANDSCAPES", 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_ridge_of_local_and_shared_parameters(seed, sites):
    result, (truth, log_evidence) = fit(seed), exact(seed)
    assert result.converged and not result.warnings
    assert_same_posterior(moments_of(result), truth, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=3 * result.log_evidence_error)
    assert result.likelihood_evaluations["total"] < 6000 * N


def test_a_ridge_that_leaves_nested_sampling_no_points():
    result, (truth, log_evidence) = fit(1, cv.DynestyStatic(nlive=50)), exact(1)
    assert result.converged and not result.warnings
    assert_same_posterior(moments_of(result), truth, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=3 * result.log_evidence_error)


def test_the_same_check_fails_where_local_parameters_stay_where_they_are(monkeypatch):
    monkeypatch.setattr(ep, "LANDSCAPES", 0)
    monkeypatch.setattr(site_search, "transport", lambda log_l, mode, tau, design, scales: np.zeros((len(mode), 1)))
    with pytest.raises((AssertionError, PropagationError)):
        assert_same_posterior(moments_of(fit(1)), exact(1)[0], dm=0.1)
