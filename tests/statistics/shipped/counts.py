"""The answer of config/counts without this package: plates by quadrature, shared parameters by importance sampling."""

import csv

import numpy as np
from scipy.special import gammaln, log_expit, logsumexp
from scipy.stats import multivariate_t

from tests.statistics.check import moments

COEFFICIENTS = ("intercept", "variety_73", "cucumber", "interaction")
NODES, MASSES = np.polynomial.hermite_e.hermegauss(41)
LOG_MASSES = np.log(MASSES / np.sqrt(2.0 * np.pi))
START = np.array([-0.5, 0.0, 1.3, -0.8, -1.2]), np.diag([0.3, 0.5, 0.5, 0.7, 0.9]) ** 2  # the last is log scatter
DRAWS = (2000, 4000, 8000, 8000, 40_000)  # of each step; the last is the answer


def exact(folder, copies=1):
    """{name: (mean, sd)} of the shared parameters and the log evidence; ``copies``: each plate counted so often."""
    log_density, (centre, covariance) = _log_density(folder, copies), START
    for step, draws in enumerate(DRAWS):
        proposal = multivariate_t(centre, 1.3 * covariance, df=5, seed=step)
        points = proposal.rvs(draws)
        parts = [log_density(part) for part in np.array_split(points, draws // 1000)]
        log_weights = np.concatenate(parts) - proposal.logpdf(points)
        weights = np.exp(log_weights - logsumexp(log_weights))
        centre = weights @ points
        covariance = (points - centre).T @ (weights[:, None] * (points - centre))
    assert 1.0 / np.sum(weights**2) > 0.2 * draws, "the proposal does not fit"
    points[:, 4] = np.exp(points[:, 4])
    return moments((*COEFFICIENTS, "scatter"), points, log_weights), logsumexp(log_weights) - np.log(draws)


def _log_density(folder, copies):
    with open(folder / "datasets.tsv", encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    with open(folder / "plates.csv", encoding="utf-8") as file:
        plates = {plate["dataset"]: plate for plate in csv.DictReader(file)}
    variety, extract = (np.array([float(row[key]) for row in rows]) for key in ("variety", "extract"))
    design = np.stack([np.ones(len(rows)), variety, extract, variety * extract])
    yes, n = (np.array([float(plates[row["dataset"]][key]) for row in rows]) for key in ("germinated", "seeds"))
    chosen = gammaln(n + 1.0) - gammaln(yes + 1.0) - gammaln(n - yes + 1.0)

    def log_density(points):
        scatter = np.exp(points[:, 4])
        odds = (points[:, :4] @ design)[:, :, None] + scatter[:, None, None] * NODES
        log_p = yes[:, None] * log_expit(odds) + (n - yes)[:, None] * log_expit(-odds)
        log_likelihood = copies * np.sum(logsumexp(log_p + LOG_MASSES, axis=2) + chosen, axis=1)
        log_prior = -0.5 * np.sum(points[:, :4] ** 2 / 4.0 + np.log(8.0 * np.pi), axis=1)
        return log_likelihood + log_prior + 0.5 * np.log(2.0 / np.pi) - 0.5 * scatter**2 + points[:, 4]

    return log_density
