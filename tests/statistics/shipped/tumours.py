"""The answer of config/tumours without this package: every parameter is summed over cells of its prior."""

import csv

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import gammaln, logsumexp, ndtr
from scipy.stats import halfnorm, norm

EDGES = np.linspace(-6.0, 3.0, 451)  # of log growth, a tumour's and a patient's
GROWTH = 0.5 * (EDGES[1:] + EDGES[:-1])
COARSE = np.linspace(EDGES[0], EDGES[-1], 181)  # log growth at which a tumour's data are summed up
OWN = 80  # cells of a tumour's log shrink and log resistant


def exact(folder, drop=()):
    """{name: (mean, sd)} of shared and patients' parameters and the log evidence; ``drop``: columns to do without."""
    patients = {}
    with open(folder / "datasets.tsv", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            data = np.genfromtxt(folder / row["path"], delimiter=",", names=True)
            for column in drop:
                data[column] = np.nan
            log_likelihood = CubicSpline(COARSE, tumour(data))(GROWTH)
            patients.setdefault(row["patient"], []).append(log_likelihood)
    within, log_within = _cells(halfnorm(scale=0.5), 2.2 * np.linspace(0.0, 1.0, 45) ** 2)
    sigma, log_sigma = _cells(halfnorm(scale=1.0), 4.0 * np.linspace(0.0, 1.0, 45) ** 2)
    mean, log_mean = _cells(norm(-1.0, 1.0), np.linspace(-5.5, 3.0, 86))
    below = np.array([_masses(mean, s) for s in sigma])  # (sigma, mean, patient's growth)
    log_joint, own = np.zeros((within.size, sigma.size, mean.size)), {name: [] for name in patients}
    for w, kernel in enumerate(_masses(GROWTH, s) for s in within):
        for name, tumours in patients.items():
            log_patient = sum(_log_sum(kernel, log_likelihood) for log_likelihood in tumours)
            log_joint[w] += _log_sum(below, log_patient)
            own[name].append(log_patient)
    log_joint += log_within[:, None, None] + log_sigma[:, None] + log_mean
    log_evidence = logsumexp(log_joint)
    joint = np.exp(log_joint - log_evidence)
    found = {"within": _moments(within, joint.sum((1, 2))), "population.sigma": _moments(sigma, joint.sum((0, 2)))}
    found["population.mean"] = _moments(mean, joint.sum((0, 1)))
    for name, log_patients in own.items():
        weights = sum(_of_patient(joint[w], below, log_patients[w]) for w in range(within.size))
        found[f"patient.{name}.log_growth"] = _moments(GROWTH, weights)
    return found, log_evidence


def tumour(data):
    """(COARSE,) log likelihood of one tumour's data given log growth, its own three parameters summed out."""
    log_shrink, log_resistant = _middle(np.log([0.1, 3.0])), _middle(np.log([0.003, 0.5]))
    months = data["months"]
    shrinking = np.log1p(-np.exp(log_resistant))[:, None] - np.exp(log_shrink)[:, None, None] * months
    found = np.empty(COARSE.size)
    for place, growth in enumerate(np.exp(COARSE)):
        resisting = log_resistant[:, None] + growth * months  # (resistant, visit)
        size = np.logaddexp(resisting, shrinking)  # (shrink, resistant, visit)
        share, other = resisting - size, shrinking - size  # their logarithms
        log_p = _scans(data["log_volume"], data["error"], size)
        for counted, total, chance in (
            ("dividing", "cells", -np.expm1(-0.5 * growth)),  # half a month is seen as a division
            ("mutant", "reads", 0.5),
        ):
            yes = np.log(chance) + share
            log_p = log_p + _counts(data[counted], data[total], yes, np.logaddexp(other, np.log1p(-chance) + share))
        found[place] = logsumexp(log_p) - np.log(log_p.size)
    return found


def _scans(log_volume, error, size):
    """Log probability of the volumes, whose unknown scale is normal around 2 with sd 2."""
    there = np.isfinite(log_volume)
    if not there.any():
        return np.zeros(size.shape[:-1])
    rest, n, error = (log_volume - size)[..., there], there.sum(), error[there][0]
    middle = rest.mean(-1)
    apart = norm.logpdf(rest, middle[..., None], error).sum(-1) + 0.5 * np.log(2.0 * np.pi * error**2 / n)
    return apart + norm.logpdf(middle, 2.0, np.sqrt(4.0 + error**2 / n))


def _counts(counted, total, yes, no):
    there = np.isfinite(counted)
    k, n = counted[there], total[there]
    chosen = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return (chosen + k * yes[..., there] + (n - k) * no[..., there]).sum(-1)


def _of_patient(joint, below, log_patient):
    """(GROWTH,) share of the joint posterior where the patient's growth is in each cell, at one ``within``."""
    known, top = joint > 1e-9, log_patient.max()
    above = joint[known] * np.exp(top - _log_sum(below, log_patient)[known])
    return np.exp(log_patient - top) * (above @ below[known])


def _log_sum(masses, log_likelihood):
    """Log of the masses' mean likelihood."""
    top = log_likelihood.max()
    return np.log(np.maximum(masses @ np.exp(log_likelihood - top), 1e-300)) + top


def _masses(centres, sd):
    """(centres, GROWTH) probability of each cell of growth under a normal around each centre."""
    return np.diff(ndtr((EDGES - np.asarray(centres)[:, None]) / sd), axis=1)


def _middle(limits):
    edges = np.linspace(*limits, OWN + 1)
    return 0.5 * (edges[1:] + edges[:-1])


def _cells(prior, edges):
    """Middles of cells and the log of the prior's mass in each."""
    return 0.5 * (edges[1:] + edges[:-1]), np.log(np.diff(prior.cdf(edges)))


def _moments(values, weights):
    mean = np.average(values, weights=weights)
    return float(mean), float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
