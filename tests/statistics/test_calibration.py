"""Simulation-based calibration: where parameters and data come from the prior, a posterior's ranks are uniform.

Talts et al. (2018); the log likelihood of the data at a draw is a quantity of its own, for a posterior that uses too
little of the data is calibrated in every parameter (Modrak et al. 2023).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

import cavity as cv
from cavity.graph import name_shared
from cavity.numerics.weights import log_sum_exp
from cavity.rng import generator
from tests.statistics.test_ep import Effect, Estimate
from tests.statistics.test_graph import log_normal

REPLICATIONS = 300
MEAN = cv.GaussianPrior(0.0, 2.0)


class Draws(NamedTuple):
    """Of a posterior: hyperparameters with weights, and every dataset's own parameter."""

    hyper: dict  # name -> [S]
    weights: np.ndarray  # [S], summing to one
    effects: np.ndarray  # [R, datasets], equal weights, a row for one draw of everything

    def narrowed(self, factor=0.7):
        """A posterior that is too narrow: all draws moved towards their means, scales by their logarithms."""

        def moved(x, weights):
            return weights @ x + factor * (x - weights @ x)

        hyper = {
            name: moved(x, self.weights) if name == "mean" else np.exp(moved(np.log(x), self.weights))
            for name, x in self.hyper.items()
        }
        even = np.full(len(self.effects), 1 / len(self.effects))
        return Draws(hyper, self.weights, moved(self.effects, even))


@dataclass(frozen=True)
class Levels:
    """Effects of datasets from a population, or from groups whose centres are from a population; Gaussian noise.

    With y ~ N(effect, noise), effect ~ N(centre, within), centre ~ N(mean, sigma), mean ~ N(0, 2); without ``within``
    a dataset is a group of its own, and its effect the centre.
    """

    groups: int
    members: int
    noise: float
    sigma: Any
    within: Any = None

    @property
    def n(self):
        return self.groups * self.members

    @property
    def scales(self):
        return {"sigma": self.sigma} | ({} if self.within is None else {"within": self.within})

    def simulated(self, seed):
        """(name -> truth, effects, y)."""
        rng = generator(seed, "calibration")
        truth = {name: float(prior.value_for(rng.random())) for name, prior in self.scales.items()}
        truth["mean"] = float(MEAN.value_for(rng.random()))
        centres = np.repeat(truth["mean"] + truth["sigma"] * rng.normal(size=self.groups), self.members)
        effects = centres + truth.get("within", 0.0) * rng.normal(size=self.n)
        return truth, effects, effects + self.noise * rng.normal(size=self.n)

    def fitted(self, y, seed):
        """Draws through the door that everyone uses."""
        mean = cv.GaussianPrior(MEAN.mean, MEAN.sigma)
        population = cv.HierarchicalFactor(cv.GaussianPrior, mean=mean, sigma=self.sigma, name="population")
        factors, namespace = [], {"population": population}
        for group, own in enumerate(y.reshape(self.groups, self.members)):
            parent = population
            if self.within is not None:
                namespace["within"] = self.within
                parent = cv.HierarchicalFactor(
                    cv.GaussianPrior, mean=population.drawn_variable(), sigma=self.within, name=f"group{group}"
                )
            factors += [
                cv.AnalysisFactor(
                    cv.Model(Effect, effect=parent.drawn_variable()), Estimate(v, self.noise), name=f"d{group}{k}"
                )
                for k, v in enumerate(own)
            ]
        graph = cv.FactorGraphModel(*factors, names=name_shared(namespace))
        search = cv.Laplace(n_draws=128, n_scan=16, n_starts=1, n_adapt=64)
        result = graph.optimise(cv.ExpectationPropagation(search=search, seed=seed, n_draws=100))
        hyper = dict(zip(result.shared.names, result.shared.values.T))
        hyper = {name.removeprefix("population."): values for name, values in hyper.items() if "group" not in name}
        effects = np.concatenate([local.values for local in result.locals.values()], axis=1)
        return Draws(hyper, np.exp(result.shared.log_weights), effects)


class Exact:
    """Draws of a hierarchy's posterior by linear algebra over a lattice of its scales, in cells of equal prior mass.

    Parameters
    ----------
    power
        Of every parent's density; 1 is right.
    used
        Datasets that are looked at; all of them is right.
    """

    def __init__(self, problem, cells, power=1, used=None):
        used, g, n = problem.n if used is None else used, problem.groups, problem.n
        self.problem, self.used, self.cells = problem, used, cells
        lattice = np.meshgrid(*[(np.arange(cells) + 0.5) / cells] * len(problem.scales), indexing="ij")
        self.unit = np.stack([axis.ravel() for axis in lattice], axis=-1)
        values = np.stack([p.value_for(u) for p, u in zip(problem.scales.values(), self.unit.T)], axis=-1)
        self.log_prior = (1 - power) * g * np.log(values[:, 0])  # N(x; m, s)^k is s^(1 - k) N(x; m, s / sqrt k)
        variances = np.zeros((len(values), 1 + g + n))
        variances[:, 0], variances[:, 1 : 1 + g] = MEAN.sigma**2, values[:, :1] ** 2 / power
        if problem.within is not None:
            self.log_prior = self.log_prior + (1 - power) * n * np.log(values[:, 1])
            variances[:, 1 + g :] = values[:, 1:] ** 2 / power
        own = np.repeat(np.eye(g), problem.members, axis=0)
        effects = np.concatenate([np.ones((n, 1)), own, np.eye(n)], axis=1)  # of mean, centres and effects' own parts
        outputs = np.concatenate([np.eye(1, 1 + g + n), effects])  # mean, effects
        prior = np.einsum("al,ql,bl->qab", outputs, variances, outputs)
        seen = prior[:, 1 : 1 + used, 1 : 1 + used] + problem.noise**2 * np.eye(used)
        self.inverse, self.log_det = np.linalg.inv(seen), np.linalg.slogdet(seen)[1]
        self.gain = prior[:, :, 1 : 1 + used] @ self.inverse
        covariance = prior - self.gain @ prior[:, 1 : 1 + used]
        values, vectors = np.linalg.eigh(covariance)
        self.root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None]

    def draws(self, y, seed, n=400):
        y, rng = y[: self.used], generator(seed, "exact")
        log_p = self.log_prior - 0.5 * np.einsum("a,qab,b->q", y, self.inverse, y) - 0.5 * self.log_det
        cell = rng.choice(len(log_p), n, p=np.exp(log_p - log_sum_exp(log_p)))
        x = self.gain[cell] @ y + np.einsum("rab,rb->ra", self.root[cell], rng.normal(size=(n, 1 + self.problem.n)))
        unit = self.unit[cell] + (rng.random((n, self.unit.shape[1])) - 0.5) / self.cells
        scales = {name: prior.value_for(u) for (name, prior), u in zip(self.problem.scales.items(), unit.T)}
        return Draws({"mean": x[:, 0], **scales}, np.full(n, 1 / n), x[:, 1:])


TWO = Levels(8, 1, noise=1.0, sigma=cv.HalfNormalPrior(2.0))
#: A half-normal prior of the spreads would take five times as long: funnels, which test_graph.py looks at.
THREE = Levels(3, 3, noise=0.5, sigma=cv.LogGaussianPrior(0.0, 0.5), within=cv.LogGaussianPrior(-0.5, 0.5))
PROBLEMS = {"two levels": TWO, "three levels": THREE}
CELLS = {"two levels": 400, "three levels": 40}


def ranks(draws, truth, effects, y, noise):
    """Share of the draws below the truth, of each quantity."""
    found = {name: float(draws.weights @ (values < truth[name])) for name, values in draws.hyper.items()}
    found["first effect"] = float(np.mean(draws.effects[:, 0] < effects[0]))
    at_draws, at_truth = (log_normal(y, x, noise**2).sum(-1) for x in (draws.effects, effects))
    return found | {"log likelihood": float(np.mean(at_draws < at_truth))}


def all_ranks(problem, draws_of, replications=REPLICATIONS):
    """Quantity -> ranks [replications]; of several posteriors of the same data where ``draws_of`` gives several."""
    rows = []
    for seed in range(replications):
        truth, effects, y = problem.simulated(seed)
        rows.append([ranks(draws, truth, effects, y, problem.noise) for draws in draws_of(y, seed)])
    return [{name: np.array([row[name] for row in one]) for name in one[0]} for one in zip(*rows)]


def p_values(found, bins=10):
    """(test, quantity) -> p, of uniform ranks."""
    counted = {name: np.histogram(u, bins, (0.0, 1.0))[0] for name, u in found.items()}
    return {("chi2", name): chisquare(count).pvalue for name, count in counted.items()} | {
        ("KS", name): kstest(u, "uniform").pvalue for name, u in found.items()
    }


N_TESTS = 2 * (4 + 5)  # of four quantities and of five


def assert_calibrated(found):
    p = p_values(found)
    worst = min(p, key=p.get)
    assert p[worst] > 0.01 / N_TESTS, f"{worst[0]} of the ranks of {worst[1]}: p = {p[worst]:.2g}"


def assert_fails(found):
    assert min(p_values(found).values()) < 0.001
    with pytest.raises(AssertionError, match="of the ranks of"):
        assert_calibrated(found)


@pytest.mark.long
@pytest.mark.parametrize("name", PROBLEMS)
def test_ranks_of_fits_are_uniform(name):
    problem = PROBLEMS[name]

    def draws(y, seed):
        found = problem.fitted(y, seed)
        return found, found.narrowed()

    right, narrow = all_ranks(problem, draws)
    print(name, {key: round(float(p), 4) for key, p in p_values(right).items()})
    assert_calibrated(right)
    assert_fails(narrow)


def test_ranks_of_three_fits_lie_near_those_of_linear_algebra():
    def draws(y, seed):
        return TWO.fitted(y, seed), exact.draws(y, seed, 4000)

    exact = Exact(TWO, CELLS["two levels"])
    fitted, right = all_ranks(TWO, draws, replications=3)
    assert set(fitted) == set(right)
    for name in right:  # a dataset's own parameter rests on some 60 effective draws of its site: three standard errors
        limit = 3 * 0.5 / np.sqrt(60) if name == "first effect" else 0.06
        assert np.abs(fitted[name] - right[name]).max() < limit, name


def exact_ranks(name, **wrong):
    exact = Exact(PROBLEMS[name], CELLS[name], **wrong)
    return all_ranks(PROBLEMS[name], lambda y, seed: [exact.draws(y, seed)])[0]


@pytest.mark.parametrize("name", PROBLEMS)
def test_ranks_of_exact_draws_are_uniform_and_of_narrower_ones_not(name):
    exact = Exact(PROBLEMS[name], CELLS[name])

    def draws(y, seed):
        found = exact.draws(y, seed)
        return found, found.narrowed()

    right, narrow = all_ranks(PROBLEMS[name], draws)
    assert_calibrated(right)
    assert_fails(narrow)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_check_fails_where_the_parents_density_is_squared(name):
    assert_fails(exact_ranks(name, power=2))


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_check_fails_where_a_dataset_is_dropped(name):
    found = exact_ranks(name, used=PROBLEMS[name].n - 1)
    assert_fails(found)
    assert_calibrated({key: u for key, u in found.items() if key != "log likelihood"})  # nothing else would tell
