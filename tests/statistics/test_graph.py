"""What stands above the datasets, through both doors: pairs, levels, crossed effects, several modes, heavy tails."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp

import cavity as cv
from cavity.graph import name_shared
from cavity.strategy.loop import conclude, rounds_of
from cavity.strategy.phase_context import Factors, PhaseContext
from tests.statistics.check import assert_same_posterior

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))]
LONG_SEEDS = [pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3)]


class Point:
    """One number, or up to three."""

    def __init__(self, x=0.0, y=0.0, z=0.0):
        self.x, self.y, self.z = x, y, z


class Given(cv.Analysis):
    """A log likelihood that is a function of the point."""

    def __init__(self, function):
        self.function = function

    def log_likelihood_function(self, instance):
        return float(self.function(instance))


def log_normal(x, mean, variance):
    return -0.5 * (x - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)


def half_normal(x, sigma):
    return np.log(2) + log_normal(x, 0.0, sigma**2)


def parent(mean, sigma, name="population"):
    return cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=sigma, name=name)


def datum(name, function, **values):
    """A dataset with these parameters; what is not given is fixed."""
    model = cv.Model(Point, **{"x": 0.0, "y": 0.0, "z": 0.0, **values})
    return cv.AnalysisFactor(model, Given(function), name=name)


@dataclass(frozen=True)
class Problem:
    """A graph, what its variables are called in a study, and its exact posterior."""

    factors: list
    namespace: dict
    exact: dict  # name in a study -> (mean, sd)
    log_evidence: float

    def through_python(self, seed, search):
        graph = cv.FactorGraphModel(*self.factors, names=name_shared(self.namespace))
        return graph.optimise(cv.ExpectationPropagation(search, seed=seed))

    def through_a_study(self, seed, search):
        factors = {factor.name: factor for factor in self.factors}
        names = cv.FactorGraphModel(*self.factors, names=name_shared(self.namespace)).shared
        context = PhaseContext("study", "main", "ep", tuple(factors), Factors(factors), names, search, seed=seed)
        return conclude(context, rounds_of(context))


def assert_right(problem, result, dm=0.1, sdr=(0.9, 1.1), log_evidence=0.1):
    found = result.shared.statistics()
    assert_same_posterior(
        {name: (found[name]["mean"], found[name]["sd"]) for name in problem.exact}, problem.exact, dm, sdr
    )
    assert abs(result.log_evidence - problem.log_evidence) < max(log_evidence, 3 * result.log_evidence_error)
    assert result.converged


def on_a_grid(log_density, **axes):
    """{name: (mean, sd)} and the log of the integral, by the trapezium rule."""
    grids = np.meshgrid(*axes.values(), indexing="ij")
    cell = np.multiply.reduce(np.meshgrid(*(np.gradient(axis) for axis in axes.values()), indexing="ij"))
    log_w = log_density(*grids) + np.log(cell)
    total = logsumexp(log_w)
    w = np.exp(log_w - total)
    means = {name: float((w * grid).sum()) for name, grid in zip(axes, grids)}
    return {
        name: (means[name], float(np.sqrt((w * (grid - means[name]) ** 2).sum()))) for name, grid in zip(axes, grids)
    }, float(total)


def ticks(low, high, n):
    """Dense near the low end, and all along."""
    return np.unique(np.concatenate([np.geomspace(low, high, n), np.linspace(low, high, n)]))


# --- the problems ----------------------------------------------------------------------------------------------------


def pairs(n=8, kept=2):
    """Objects that two instruments look at: one drawn variable in the models of two datasets."""
    rng = np.random.default_rng(1)
    y = rng.normal(1.0, 1.0, n)[:, None] + rng.normal(0, 0.5, (n, 2))
    population = parent(cv.GaussianPrior(0.0, 5.0), cv.HalfNormalPrior(2.0))
    objects = [population.drawn_variable() for _ in range(n)]
    factors = [
        datum(f"d{i}{k}", lambda p, v=y[i, k]: log_normal(v, p.x, 0.25), x=objects[i])
        for i in range(n)
        for k in range(kept)
    ]

    def log_density(mean, sigma):
        total = log_normal(mean, 0, 25.0) + half_normal(sigma, 2.0)
        for one, two in y:
            total = total + log_normal((one + two) / 2, mean, sigma**2 + 0.125) + log_normal(one, two, 0.5)
        return total

    axes = {"population.mean": np.linspace(-8, 10, 401), "population.sigma": ticks(1e-3, 10, 150)}
    return Problem(factors, {"population": population}, *on_a_grid(log_density, **axes))


def levels(groups=6, members=4):
    """Three levels composed without a plate: a group's mean is itself a draw."""
    rng = np.random.default_rng(4)
    centres = 2 + rng.normal(size=groups)
    y = centres[:, None] + rng.normal(0, 0.7, (groups, members)) + rng.normal(0, 0.4, (groups, members))
    top, within = parent(cv.GaussianPrior(0.0, 5.0), cv.HalfNormalPrior(2.0)), cv.HalfNormalPrior(2.0)
    factors = []
    for g in range(groups):
        group = parent(top.drawn_variable(), within, name=f"group{g}")
        factors += [
            datum(f"d{g}{k}", lambda p, v=y[g, k]: log_normal(v, p.x, 0.16), x=group.drawn_variable())
            for k in range(members)
        ]
    means, squares = y.mean(1), ((y - y.mean(1, keepdims=True)) ** 2).sum(1)

    def log_density(mean, sigma, spread):
        variance = spread**2 + 0.16
        total = log_normal(mean, 0, 25.0) + half_normal(sigma, 2.0) + half_normal(spread, 2.0)
        for centre, square in zip(means, squares):
            rest = -0.5 * square / variance - 0.5 * (members - 1) * np.log(2 * np.pi * variance) - 0.5 * np.log(members)
            total = total + log_normal(centre, mean, sigma**2 + variance / members) + rest
        return total

    axes = {"top.mean": np.linspace(-6, 9, 151), "top.sigma": ticks(1e-3, 8, 60), "within": ticks(1e-3, 4, 60)}
    return Problem(factors, {"top": top, "within": within}, *on_a_grid(log_density, **axes))


def crossed(rows=5, columns=4):
    """Every row meets every column: y = mu + a_i + b_j + cell + noise; closed form given the three sds."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=rows), rng.normal(0, 0.7, columns)
    y = 1 + a[:, None] + b + rng.normal(0, 0.5, (rows, columns)) + rng.normal(0, 0.3, (rows, columns))
    mu, cell = cv.GaussianPrior(0.0, 3.0), cv.HalfNormalPrior(1.0)
    row = parent(0.0, cv.HalfNormalPrior(2.0), "row")
    column = parent(0.0, cv.HalfNormalPrior(2.0), "column")
    a, b = [row.drawn_variable() for _ in range(rows)], [column.drawn_variable() for _ in range(columns)]
    factors = []
    for i in range(rows):
        for j in range(columns):
            effect = parent(mu + a[i] + b[j], cell, name=f"cell{i}{j}")
            factors.append(datum(f"d{i}{j}", lambda p, v=y[i, j]: log_normal(v, p.x, 0.09), x=effect.drawn_variable()))
    design = np.concatenate(
        [
            np.ones((rows * columns, 1)),
            np.kron(np.eye(rows), np.ones((columns, 1))),
            np.tile(np.eye(columns), (rows, 1)),
        ],
        axis=1,
    )

    def log_density(sd_a, sd_b, sd_cell):
        out = np.empty(sd_a.shape)
        for index in np.ndindex(out.shape):
            variance = np.r_[9.0, np.full(rows, sd_a[index] ** 2), np.full(columns, sd_b[index] ** 2)]
            C = (design * variance) @ design.T + (sd_cell[index] ** 2 + 0.09) * np.eye(rows * columns)
            factor = np.linalg.cholesky(C)
            r = np.linalg.solve(factor, y.ravel())
            out[index] = -0.5 * r @ r - np.log(np.diag(factor)).sum() - 0.5 * y.size * np.log(2 * np.pi)
        return out + half_normal(sd_a, 2.0) + half_normal(sd_b, 2.0) + half_normal(sd_cell, 1.0)

    axes = {
        "row.sigma": np.linspace(0.02, 5, 30),
        "column.sigma": np.linspace(0.02, 4.5, 28),
        "cell": np.linspace(0.02, 2, 28),
    }
    return Problem(factors, {"mu": mu, "cell": cell, "row": row, "column": column}, *on_a_grid(log_density, **axes))


def population_of(likelihoods, marginal, hyperpriors, densities, means, sigmas):
    """One drawn parameter a dataset; ``marginal(i, mean, sigma)`` is its likelihood under the population."""
    population = parent(*hyperpriors)
    factors = [datum(f"d{i}", lambda p, f=f: f(p.x), x=population.drawn_variable()) for i, f in enumerate(likelihoods)]

    def log_density(m, s):
        return densities[0](m) + densities[1](s) + sum(marginal(i, m, s) for i in range(len(likelihoods)))

    axes = {"population.mean": means, "population.sigma": sigmas}
    return Problem(factors, {"population": population}, *on_a_grid(log_density, **axes))


def aliases(n=10, apart=8.0):
    """Every dataset has an alias on the same side: the population itself has two modes."""
    y = np.random.default_rng(3).normal(0, 0.6, n)
    shares = np.log([0.55, 0.45])

    def likelihood(x, v):
        return np.logaddexp(shares[0] + log_normal(v, x, 0.09), shares[1] + log_normal(v + apart, x, 0.09))

    def marginal(i, m, s):
        v = 0.09 + s**2
        return np.logaddexp(shares[0] + log_normal(y[i], m, v), shares[1] + log_normal(y[i] + apart, m, v))

    return population_of(
        [lambda x, v=v: likelihood(x, v) for v in y],
        marginal,
        (cv.GaussianPrior(0.0, 10.0), cv.HalfNormalPrior(3.0)),
        (lambda m: log_normal(m, 0, 100.0), lambda s: half_normal(s, 3.0)),
        np.linspace(-15, 25, 1601),
        ticks(1e-3, 15, 200),
    )


def few_groups():
    """Three groups under uniform hyperpriors: tails of hundreds of group sds."""
    y = (1.0, 2.2, 3.1)
    return population_of(
        [lambda x, v=v: log_normal(v, x, 0.25) for v in y],
        lambda i, m, s: log_normal(y[i], m, 0.25 + s**2),
        (cv.UniformPrior(-50.0, 50.0), cv.UniformPrior(0.0, 50.0)),
        (lambda m: np.full_like(m, -np.log(100.0)), lambda s: np.full_like(s, -np.log(50.0))),
        np.linspace(-49.99, 49.99, 2001),
        ticks(1e-3, 49.999, 400),
    )


def upper_limits(n=10):
    """Half of the data are upper limits, under uniform hyperpriors."""
    rng = np.random.default_rng(7)
    y = rng.normal(size=n) + rng.normal(0, 0.4, n)

    def likelihood(i):
        if i % 2:
            return lambda x: log_normal(y[i], x, 0.16)
        return lambda x: log_ndtr((y[i] + 0.5 - x) / 0.4)

    def marginal(i, m, s):
        if i % 2:
            return log_normal(y[i], m, 0.16 + s**2)
        return log_ndtr((y[i] + 0.5 - m) / np.sqrt(0.16 + s**2))

    return population_of(
        [likelihood(i) for i in range(n)],
        marginal,
        (cv.UniformPrior(-20.0, 20.0), cv.UniformPrior(0.0, 20.0)),
        (lambda m: np.full_like(m, -np.log(40.0)), lambda s: np.full_like(s, -np.log(20.0))),
        np.linspace(-19.99, 19.99, 801),
        ticks(1e-3, 19.999, 200),
    )


def separable(n, likelihoods, priors, densities, axes):
    """Shared parameters that the likelihood takes one by one: a quadrature each."""
    exact, total = {}, 0.0
    for (name, axis), function, density in zip(axes.items(), likelihoods, densities):
        moments, log_z = on_a_grid(
            lambda x, f=function, g=density: g(x) + sum(f(k, x) for k in range(n)), **{name: axis}
        )
        exact |= moments
        total += log_z
    values = dict(zip("xyz", priors))
    factors = [
        datum(f"d{k}", lambda p, k=k: sum(f(k, getattr(p, at)) for f, at in zip(likelihoods, "xyz")), **values)
        for k in range(n)
    ]
    return Problem(factors, dict(zip(axes, priors)), exact, total)


def signs(n=5):
    """A shared parameter that is known up to its sign, beside two others."""
    rng = np.random.default_rng(2)
    y = [centre + rng.normal(0, 0.5, n) for centre in (2.0, 1.0, -1.0)]
    likelihoods = [lambda k, x: log_normal(y[0][k], np.abs(x), 0.25)]
    likelihoods += [lambda k, x, v=v: log_normal(v[k], x, 0.25) for v in y[1:]]
    axes = {name: np.linspace(-14, 14, 20001) for name in "abc"}
    priors = [cv.GaussianPrior(0.0, 2.0) for _ in range(3)]
    return separable(n, likelihoods, priors, [lambda x: log_normal(x, 0, 4.0)] * 3, axes)


def phases(n=4):
    """A shared parameter with four modes of unequal mass, beside two others."""
    rng = np.random.default_rng(3)
    y = [centre + rng.normal(0, 0.5, n) for centre in (1.0, -1.0)]
    likelihoods = [lambda k, x: 4 * np.cos(2 * np.pi * (x - 1.3) / 2.5) - 0.05 * (x - 6) ** 2]
    likelihoods += [lambda k, x, v=v: log_normal(v[k], x, 0.25) for v in y]
    axes = {"a": np.linspace(0, 10, 100001), **{name: np.linspace(-14, 14, 20001) for name in "bc"}}
    priors = [cv.UniformPrior(0.0, 10.0), cv.GaussianPrior(0.0, 2.0), cv.GaussianPrior(0.0, 2.0)]
    densities = [lambda x: np.full_like(x, -np.log(10.0)), *[lambda x: log_normal(x, 0, 4.0)] * 2]
    return separable(n, likelihoods, priors, densities, axes)


# --- what must hold --------------------------------------------------------------------------------------------------

DOORS = (Problem.through_python, Problem.through_a_study)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("seed", SEEDS)
def test_one_draw_in_two_datasets(seed, door):
    problem = pairs()
    assert_right(problem, door(problem, seed, cv.Laplace()))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_three_levels_without_a_plate(seed, door):
    problem = levels()
    assert_right(problem, door(problem, seed, cv.Laplace()))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_crossed_effects(seed, door):
    problem = crossed()
    assert_right(problem, door(problem, seed, cv.Laplace()))


def test_the_check_fails_when_one_instrument_is_left_out():
    result = pairs(kept=1).through_python(1, cv.Laplace())
    with pytest.raises(AssertionError):
        assert_right(pairs(), result)


@pytest.mark.parametrize("problem", [aliases, signs, phases], ids=lambda problem: problem.__name__)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_mode(problem, seed):
    problem = problem()
    assert_right(problem, problem.through_python(seed, cv.Laplace()))


@pytest.mark.parametrize("seed", SEEDS)
def test_few_groups_have_tails(seed):
    problem = few_groups()
    assert_right(problem, problem.through_python(seed, cv.Laplace()), dm=0.05, sdr=(0.95, 1.05))


def test_the_check_fails_where_draws_follow_the_mass_alone(monkeypatch):
    monkeypatch.setattr("cavity.propagate.exact.HEAVY", np.inf)
    problem = few_groups()
    with pytest.raises(AssertionError, match="of the exact one"):
        assert_right(problem, problem.through_python(1, cv.Laplace()), dm=0.05, sdr=(0.95, 1.05))


@pytest.mark.parametrize("seed", SEEDS)
def test_upper_limits_have_tails(seed):
    problem = upper_limits()
    assert_right(problem, problem.through_python(seed, cv.Laplace()), sdr=(0.95, 1.05))


WITHOUT = ["strategy.ep.HEAVY", pytest.param("propagate.diagnostics.LOST_IN_NOISE", marks=pytest.mark.long)]


@pytest.mark.parametrize("name", WITHOUT)
def test_the_check_fails_without_draws_in_the_tails_or_with_wide_kernels(name, monkeypatch):
    """The one leaves no draws where the tails ask for them, the other lifts a limit's step."""
    monkeypatch.setattr(f"cavity.{name}", np.inf)
    problem = upper_limits()
    with pytest.raises(AssertionError, match="of the exact one"):
        assert_right(problem, problem.through_python(1, cv.Laplace()), sdr=(0.95, 1.05))


@pytest.mark.parametrize("problem", [aliases, signs], ids=lambda problem: problem.__name__)
def test_the_check_fails_where_modes_are_not_looked_for(problem, monkeypatch):
    problem = problem()
    monkeypatch.setattr("cavity.propagate.modes._starts", lambda *arguments: ())
    result = problem.through_python(1, cv.Laplace())
    with pytest.raises(AssertionError, match="of the exact one|off by"):
        assert_right(problem, replace(result, converged=True))


def test_several_modes_are_told_with_their_places_and_masses():
    result = signs().through_python(1, cv.Laplace())
    assert [line for line in result.warnings if line.startswith("the posterior has 2 modes: a = ")]
