"""The answer in any unit, at any offset and however the data are laid out: truths by quadrature."""

import numpy as np
import pytest
from scipy.special import log_ndtr

import cavity as cv
from tests.statistics.check import assert_same_posterior, moments
from tests.statistics.linear import Line, LinearAnalysis, LinearProblem

Y = np.array([3.1, 2.4, 4.0, 3.3, 3.6])
NOISE = 0.2


class Effect:
    """One parameter."""

    def __init__(self, theta=0.0):
        self.theta = theta


class Measured(cv.Analysis):
    """A Gaussian measurement without its normaliser, which has the unit in it."""

    def __init__(self, y, s):
        self.y, self.s = y, s

    def log_likelihood_function(self, instance):
        return -0.5 * ((self.y - instance.theta) / self.s) ** 2


def fit(y, s, mean, sigma, seed=1, search=None, parent=cv.GaussianPrior, **limits):
    population = cv.HierarchicalFactor(parent, mean=mean, sigma=sigma, name="population", **limits)
    return cv.FactorGraphModel(
        *(
            cv.AnalysisFactor(cv.Model(Effect, theta=population.drawn_variable()), Measured(a, s), name=f"d{i}")
            for i, a in enumerate(y)
        )
    ).optimise(cv.ExpectationPropagation(search=search or cv.Laplace(), seed=seed))


def shared(result, offset=0.0, unit=1.0):
    found = {name: (row["mean"] / unit, row["sd"] / unit) for name, row in result.shared.statistics().items()}
    mean, sd = result.shared.statistics()["population.mean"]["mean"], found["population.mean"][1]
    return found | {"population.mean": ((mean - offset) / unit, sd)}


def truth(y, s, mean, sigma, lower=None, ticks=(1201, 800), reach=6, spreads=None):
    """(name -> (mean, sd), ln Z) by quadrature over the population, the drawn ones in closed form."""
    m = np.linspace(mean.mean - reach * mean.sigma, mean.mean + reach * mean.sigma, ticks[0])
    t = np.geomspace(1e-3 * sigma.sigma, 6 * sigma.sigma, ticks[1]) if spreads is None else spreads
    M, T = np.meshgrid(m, t, indexing="ij")
    log_p = mean.log_prob(M) + sigma.log_prob(T) + np.log(np.gradient(m)[:, None] * np.gradient(t))
    for a in y:
        variance = T**2 + s**2
        log_p += -0.5 * (a - M) ** 2 / variance + 0.5 * np.log(s**2 / variance)
        if lower is not None:
            centre, width = (M * s**2 + a * T**2) / variance, s * T / np.sqrt(variance)
            log_p += log_ndtr((centre - lower) / width) - log_ndtr((M - lower) / T)
    values, flat = np.stack([M, T], -1).reshape(-1, 2), log_p.ravel()
    return moments(("population.mean", "population.sigma"), values, flat), float(np.logaddexp.reduce(flat))


@pytest.fixture(scope="module")
def reference():
    return fit(Y, NOISE, cv.GaussianPrior(0.0, 10.0), cv.HalfNormalPrior(5.0))


def test_the_answer_is_right(reference):
    exact, log_evidence = truth(Y, NOISE, cv.GaussianPrior(0.0, 10.0), cv.HalfNormalPrior(5.0))
    assert_same_posterior(shared(reference), exact, dm=0.1)
    assert reference.log_evidence == pytest.approx(log_evidence, abs=3 * reference.log_evidence_error)


def in_units(unit, offset=0.0):
    mean, sigma = cv.GaussianPrior(offset, 10.0 * unit), cv.HalfNormalPrior(5.0 * unit)
    return fit(offset + unit * Y, NOISE * unit, mean, sigma)


@pytest.mark.parametrize("exponent", [100, -100])
def test_powers_of_two_change_no_bit(reference, exponent):
    unit = 2.0**exponent
    scaled = in_units(unit)
    assert shared(scaled, unit=unit) == shared(reference)
    assert scaled.log_evidence == reference.log_evidence
    one, other = (result.locals["d0"].statistics()["theta"] for result in (reference, scaled))
    assert (other["mean"], other["sd"]) == (one["mean"] * unit, one["sd"] * unit)


@pytest.mark.parametrize("unit, offset", [(1e30, 0.0), (1e-30, 0.0), (1.0, 1e7), (1e-3, 2457000.0)])
def test_units_and_offsets_do_not_matter(reference, unit, offset):
    found = in_units(unit, offset)
    assert_same_posterior(shared(found, offset, unit), shared(reference), dm=0.01, sdr=(0.99, 1.01))
    assert found.log_evidence == pytest.approx(reference.log_evidence, abs=0.01)


def test_the_same_check_fails_when_one_prior_is_left_behind(reference):
    unit = 1e30
    found = fit(unit * Y, NOISE * unit, cv.GaussianPrior(0.0, 10.0 * unit), cv.HalfNormalPrior(0.5 * unit))
    with pytest.raises(AssertionError, match="population"):
        assert_same_posterior(shared(found, unit=unit), shared(reference), dm=0.01, sdr=(0.99, 1.01))


@pytest.mark.parametrize("width", [1e-4, 1e-6, 1e-7])
def test_local_posteriors_far_narrower_than_the_population(width):
    y = np.array([1.0, -4.0, 6.0, 3.0, -7.0, 2.0, 5.0, -1.0])
    priors = cv.GaussianPrior(0.0, 10.0), cv.HalfNormalPrior(10.0)
    result = fit(y, width, *priors)
    exact, log_evidence = truth(y, width, *priors)
    assert_same_posterior(shared(result), exact, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.05)
    local = {name: posterior.statistics()["theta"] for name, posterior in result.locals.items()}
    found = {name: ((row["mean"] - a) / width, row["sd"] / width) for (name, row), a in zip(local.items(), y)}
    assert_same_posterior(found, dict.fromkeys(found, (0.0, 1.0)), dm=0.15)


LIMITED = np.array([0.05, 0.1, 0.02, 0.4, 0.08])


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("search", [None, "nested"])
def test_a_truncated_parent(seed, search):
    priors = cv.GaussianPrior(0.5, 0.5), cv.HalfNormalPrior(0.5)
    nested = cv.DynestyStatic(nlive=50) if search else None
    result = fit(LIMITED, 0.05, *priors, seed, nested, cv.TruncatedGaussianPrior, lower_limit=0.0)
    exact, log_evidence = truth(LIMITED, 0.05, *priors, lower=0.0)
    assert result.converged and not result.warnings
    assert_same_posterior(shared(result), exact, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=3 * result.log_evidence_error)
    assert result.log_evidence_error < 0.04


def test_the_same_check_fails_without_the_limit():
    priors = cv.GaussianPrior(0.5, 0.5), cv.HalfNormalPrior(0.5)
    with pytest.raises(AssertionError, match="population"):
        assert_same_posterior(shared(fit(LIMITED, 0.05, *priors)), truth(LIMITED, 0.05, *priors, lower=0.0)[0], dm=0.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("search", [None, "nested"])
def test_data_ten_prior_sds_away(seed, search):
    y = 100.0 + np.random.default_rng(seed).normal(0.0, 0.5, 8)
    priors = cv.GaussianPrior(0.0, 10.0), cv.HalfNormalPrior(1.0)
    result = fit(y, 0.1, *priors, seed, cv.DynestyStatic(nlive=50) if search else None)
    exact, log_evidence = truth(y, 0.1, cv.GaussianPrior(0.0, 10.0), priors[1], ticks=(2401, 400), reach=12)
    assert result.converged and not result.warnings
    assert result.likelihood_evaluations["total"] < 8 * 6000
    assert_same_posterior(shared(result), exact, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=0.05)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("search", [None, "nested"])
def test_a_log_uniform_spread_over_six_decades_of_data_without_spread(seed, search):
    y = np.random.default_rng(seed).normal(0.0, 1.0, 6)
    y = 5.0 + 0.6 * (y - y.mean()) / y.std()
    priors = cv.GaussianPrior(0.0, 10.0), cv.LogUniformPrior(1e-3, 1e3)
    result = fit(y, 1.0, *priors, seed, cv.DynestyStatic(nlive=50) if search else None)
    exact, log_evidence = truth(y, 1.0, *priors, spreads=np.geomspace(1e-3, 1e3, 1200))
    assert result.converged and not result.warnings
    assert result.likelihood_evaluations["total"] < 6 * 6000
    assert_same_posterior(shared(result), exact, dm=0.1)
    assert result.log_evidence == pytest.approx(log_evidence, abs=3 * result.log_evidence_error)


# --- the same data laid out in another way ---------------------------------------------------------------------------


class Flat(cv.Analysis):
    """A likelihood that depends on nothing."""

    def __init__(self, height):
        self.height = height

    def log_likelihood_function(self, instance):
        return self.height


def permuted(problem, factors, population):
    return factors[::-1]


def split(problem, factors, population, kept=2):
    """The first dataset as two of half its points each, with one model in common."""
    halves = np.split(problem.y[0], 2), np.split(problem.X[0], 2)
    parts = [
        cv.AnalysisFactor(factors[0].prior_model, LinearAnalysis(y, X), name=f"half{k}")
        for k, (y, X) in enumerate(zip(*halves))
    ]
    return [*parts[:kept], *factors[1:]]


def with_flat(problem, factors, population, height=0.0):
    """One dataset more, whose likelihood is 1."""
    model = cv.Model(Line, offset=population.drawn_variable(), a=cv.GaussianPrior(0.0, 2.0), b=0.0, c=0.0, d=0.0)
    return [*factors, cv.AnalysisFactor(model, Flat(height), name="flat")]


def laid_out(problem, seed, change, **settings):
    graph = problem.graph()
    (population,) = graph.parents
    factors = change(problem, list(graph.factors), population, **settings)
    graph = cv.FactorGraphModel(*factors, names=graph.shared)
    return graph.optimise(cv.ExpectationPropagation(search=cv.Laplace(), seed=seed))


def as_they_are(problem, factors, population):
    return factors


def assert_unchanged(found, reference, names, errors=3.0):
    """Means, sds and ln Z agree within so many stated errors; an sd's follows from the mean's and the kurtosis."""

    def of(result, name):
        x = result.shared.values[:, result.shared.names.index(name)]
        weights = np.exp(result.shared.log_weights)
        mean, sd = weights @ x, np.sqrt(weights @ (x - weights @ x) ** 2)
        kurtosis = weights @ ((x - mean) / sd) ** 4
        return mean, sd, result.mcse[name], 0.5 * np.sqrt(kurtosis - 1.0) * result.mcse[name]

    for name in names:
        (mean, sd, error, sd_error), (other, width, *others) = of(found, name), of(reference, name)
        assert abs(mean - other) < errors * np.hypot(error * sd, others[0] * width), f"the mean of {name} has changed"
        assert abs(np.log(sd / width)) < errors * np.hypot(sd_error, others[1]), f"the sd of {name} has changed"
    error = np.hypot(found.log_evidence_error, reference.log_evidence_error)
    assert abs(found.log_evidence - reference.log_evidence) < errors * error, "ln Z has changed"


MORE = ((2, 0), (3, 0), (1, 1), (2, 1), (3, 1))  # seed, and coefficients that all share


@pytest.fixture(scope="module", params=[(1, 0), *(pytest.param(case, marks=pytest.mark.long) for case in MORE)])
def linear(request):
    """Six datasets with a drawn offset, a coefficient of their own and ``p`` shared ones; and what a fit says."""
    seed, p = request.param
    problem = LinearProblem.simulate(6, 8, p, seed, local=1)
    return problem, seed, laid_out(problem, seed, as_they_are)


@pytest.mark.parametrize("change", [permuted, split, with_flat], ids=lambda change: change.__name__)
def test_the_layout_of_the_data_does_not_matter(linear, change):
    problem, seed, reference = linear
    found = laid_out(problem, seed, change)
    assert found.converged and not found.warnings
    assert_unchanged(found, reference, problem.exact()[0])


@pytest.mark.parametrize("change, wrong", [(split, {"kept": 1}), (with_flat, {"height": 0.5})])
def test_the_check_fails_where_half_a_dataset_is_lost_or_a_flat_likelihood_is_not_one(linear, change, wrong):
    problem, seed, reference = linear
    with pytest.raises(AssertionError, match="has changed"):
        assert_unchanged(laid_out(problem, seed, change, **wrong), reference, problem.exact()[0])
