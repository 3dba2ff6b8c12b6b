"""The stated errors are the errors: ln Z and the means of one study over many seeds, against linear algebra."""

from typing import NamedTuple

import numpy as np
import pytest

import cavity as cv
from cavity.strategy import site_search
from cavity.strategy.draws import weighted_together
from tests.statistics.linear import LinearProblem
from tests.statistics.profiles import hierarchical_profiles


class Case(NamedTuple):
    """A linear-Gaussian study; a dataset has one drawn parameter, ``shared`` and ``local`` others."""

    n_datasets: int
    shared: int
    local: int
    seeds: int
    members: int = 1  # of a group, where there are three levels


CASES = {
    "5 datasets, one drawn": Case(5, 0, 0, 50),
    "20 datasets, one drawn": Case(20, 0, 0, 20),
    "5 datasets, one drawn and two shared": Case(5, 2, 0, 20),
    "20 datasets, one drawn and two shared": Case(20, 2, 0, 20),
    "200 datasets, one drawn": Case(200, 0, 0, 12),
    "100 datasets, one drawn and three local": Case(100, 0, 3, 20),
    "10 datasets in five groups": Case(10, 0, 0, 20, members=2),
    "20 datasets in five groups": Case(20, 0, 0, 20, members=4),
}


class Repeated(NamedTuple):
    """What the seeds of one case gave."""

    off: np.ndarray  # [R] log evidence less the exact one
    stated: np.ndarray  # [R] its stated error
    means: np.ndarray  # [R, D] means less the exact ones, in exact sds
    mcse: np.ndarray  # [R, D] their stated errors
    n_datasets: int

    @property
    def pull(self):
        """Root mean square of the pulls of the log evidence."""
        return float(np.sqrt(np.mean((self.off / self.stated) ** 2)))

    @property
    def bias(self):
        """Mean error of the log evidence a dataset, and its standard error."""
        return self.off.mean() / self.n_datasets, self.off.std(ddof=1) / np.sqrt(len(self.off)) / self.n_datasets

    @property
    def mcse_ratio(self):
        """Stated over seen error of each mean [D]."""
        return np.sqrt((self.mcse**2).mean(0)) / self.means.std(0, ddof=1)

    def __str__(self):
        bias, error = self.bias
        ratios = " ".join(f"{ratio:.2f}" for ratio in self.mcse_ratio)
        return (
            f"rms pull {self.pull:.2f}; bias {bias:+.5f} +- {error:.5f} a dataset; sd {self.off.std(ddof=1):.4f}, "
            f"stated {self.stated.mean():.4f}; mcse over spread {ratios}"
        )


def repeated(case, seeds=None):
    """One data set, fitted with every seed."""
    problem = LinearProblem.simulate(case.n_datasets, 8, case.shared, 1, local=case.local, members=case.members)
    exact, log_evidence = problem.exact()
    rows = []
    for seed in range(case.seeds if seeds is None else seeds):
        result = problem.graph().optimise(cv.ExpectationPropagation(search=cv.Laplace(), seed=seed))
        found = result.shared.statistics()
        means = [(found[name]["mean"] - mean) / sd for name, (mean, sd) in exact.items()]
        errors = [result.mcse[name] for name in exact]
        rows.append((result.log_evidence - log_evidence, result.log_evidence_error, means, errors))
    return Repeated(*(np.array(column) for column in zip(*rows)), case.n_datasets)


def assert_calibrated(found, pull=(0.55, 1.5), ratio=(0.55, 1.7)):
    """The limits of one configuration of some twenty seeds."""
    assert pull[0] < found.pull < pull[1], f"pulls of ln Z: {found}"
    bias, error = found.bias
    assert abs(bias) < 4 * error, f"bias of ln Z: {found}"
    assert (found.mcse_ratio > ratio[0]).all() and (found.mcse_ratio < ratio[1]).all(), f"errors of means: {found}"


def assert_calibrated_together(cases):
    """The limits of all configurations together: 180 pulls and more."""
    pulls = np.concatenate([found.off / found.stated for found in cases.values()])
    rms = np.sqrt((pulls**2).mean())
    assert 0.85 < rms < 1.18, f"rms of {len(pulls)} pulls of ln Z: {rms:.2f}"


@pytest.fixture(scope="module")
def all_cases():
    return {name: repeated(case) for name, case in CASES.items()}


@pytest.mark.long
@pytest.mark.xdist_group("evidence")
@pytest.mark.parametrize("name", CASES)
def test_every_configuration_is_calibrated(name, all_cases):
    print(f"{name}: {all_cases[name]}")
    assert_calibrated(all_cases[name])


@pytest.mark.long
@pytest.mark.xdist_group("evidence")
def test_pulls_over_all_configurations_are_those_of_a_standard_normal(all_cases):
    assert_calibrated_together(all_cases)


@pytest.mark.long
@pytest.mark.xdist_group("evidence")
def test_half_the_stated_errors_would_fail(all_cases):
    """Control, of the configurations together and of the means in each."""
    with pytest.raises(AssertionError, match="pulls of ln Z"):
        assert_calibrated_together({k: found._replace(stated=0.5 * found.stated) for k, found in all_cases.items()})
    for found in all_cases.values():
        with pytest.raises(AssertionError):
            assert_calibrated(found._replace(stated=0.5 * found.stated, mcse=0.5 * found.mcse))


def test_a_few_seeds_of_a_small_study_are_calibrated():
    found = repeated(CASES["5 datasets, one drawn"], seeds=4)
    few = {"pull": (0.3, 1.9), "ratio": (0.3, 3.0)}
    assert_calibrated(found, **few)
    with pytest.raises(AssertionError, match="pulls of ln Z"):
        assert_calibrated(found._replace(stated=found.stated / 4), **few)
    with pytest.raises(AssertionError, match="errors of means"):
        assert_calibrated(found._replace(mcse=found.mcse / 8), **few)


@pytest.mark.long
def test_weighting_draws_by_what_was_fitted_to_them_would_fail(monkeypatch):
    """Control: the site of all draws together, each weighted by a mixture that was fitted to most of them."""
    anew = site_search._Searches.explored

    def recycled(self, site, is_covered):
        drawing = self.drawing
        return anew(self, weighted_together(drawing.batches, drawing.tilted.interim), is_covered)

    monkeypatch.setattr(site_search._Searches, "explored", recycled)
    found = repeated(CASES["100 datasets, one drawn and three local"], seeds=8)
    bias, error = found.bias
    assert bias < -4 * error, str(found)


@pytest.mark.long
@pytest.mark.parametrize("problem", [1, 2, 3])
def test_errors_of_a_dataset_s_own_means_are_what_seeds_show(problem):
    """Stated over seen, pooled over fifteen parameters; the last draws alone, two thousand of them, say too little."""
    graph = hierarchical_profiles(5, seed=10 + problem).graph
    fits = [graph().optimise(cv.ExpectationPropagation(cv.DynestyStatic(nlive=50), seed=s)) for s in range(5)]
    rows = [fit.parameters() for fit in fits]
    names = [name for name in rows[0] if not name.startswith("population")]
    mean, sd, mcse, ess = (
        np.array([[row[n][key] for n in names] for row in rows]) for key in ("mean", "sd", "mcse", "ess")
    )
    seen = (mean.std(0, ddof=1) / sd.mean(0)) ** 2
    stated, draws_alone = (np.sqrt(np.mean((e / sd) ** 2) / seen.mean()) for e in (mcse, sd / np.sqrt(ess)))
    assert 0.7 < stated < 1.5 and draws_alone < 0.7
