"""Tumours under treatment: cells that shrink and cells that resist, seen by scans, biopsies and sequencing."""

from dataclasses import dataclass

import numpy as np

from cavity.rng import generator
from cavity.simulate.simulation import Simulation

MONTHS = np.array([0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0])  # since treatment began: one visit each
BIOPSIES, SEQUENCED = (5, 7), (0, 3, 7)  # visits
CELLS, READS = 150, 300  # counted in a biopsy, and in a sequencing
DIVISION = 0.5  # months in which a dividing cell is seen as one
KINDS = {"scans": ("log_volume", "error"), "biopsies": ("dividing", "cells"), "sequencing": ("mutant", "reads")}
MISSED = (None, "biopsies", None, "scans", None, "sequencing")  # what a patient misses, again and again
TUMOURS = (2, 3, 1, 2, 3, 2)  # of a patient, again and again


@dataclass(frozen=True, kw_only=True)
class Tumours:
    """Patients with several tumours; how fast resistant cells grow differs between patients, and within each.

    Parameters
    ----------
    patients
        How many; every second one misses a kind of data.
    mean, sigma
        The population of the patients' mean log growth, of a rate a month.
    within
        Standard deviation of log growth among the tumours of one patient.
    error
        Standard deviation of a scan's log volume.
    """

    patients: int = 9
    mean: float = -1.3
    sigma: float = 0.4
    within: float = 0.2
    error: float = 0.15

    def simulate(self, seed):
        """A :class:`Simulation`, the same for the same seed; what was not measured at a visit is nan."""
        rng = generator(seed, "tumours")
        truth = {"population.mean": self.mean, "population.sigma": self.sigma, "within": self.within}
        data, covariates = {}, {}
        for number in range(self.patients):
            patient, missed = f"p{number + 1}", MISSED[number % len(MISSED)]
            growth = rng.normal(self.mean, self.sigma)
            truth[f"patient.{patient}.log_growth"] = growth
            for letter in "abc"[: TUMOURS[number % len(TUMOURS)]]:
                tumour = draw_tumour(rng, rng.normal(growth, self.within))
                columns = visits(rng, tumour, self.error)
                for column in KINDS.get(missed, ()):
                    columns[column][:] = np.nan
                if missed == "scans":
                    del tumour["log_volume"]
                name = f"{patient}{letter}"
                data[name], covariates[name] = columns, {"patient": patient}
                truth |= {f"{name}.tumour.{key}": float(value) for key, value in tumour.items()}
        return Simulation(data=data, truth=truth, covariates=covariates)


def draw_tumour(rng, log_growth):
    """The parameters of one tumour; volumes in millilitres, rates a month."""
    return {
        "log_growth": log_growth,
        "shrink": np.exp(rng.uniform(np.log(0.3), np.log(1.2))),
        "resistant": np.exp(rng.uniform(np.log(0.02), np.log(0.2))),
        "log_volume": rng.normal(2.5, 0.8),
    }


def visits(rng, tumour, error):
    """{column: (visits,)} of everything that can be measured."""
    resistant = tumour["resistant"] * np.exp(np.exp(tumour["log_growth"]) * MONTHS)
    size = resistant + (1.0 - tumour["resistant"]) * np.exp(-tumour["shrink"] * MONTHS)
    share = resistant / size
    dividing = share * -np.expm1(-np.exp(tumour["log_growth"]) * DIVISION)
    columns = {"months": MONTHS, "log_volume": rng.normal(tumour["log_volume"] + np.log(size), error)}
    columns["error"] = np.full(MONTHS.size, error)
    for (counted, total), n, chance, when in (
        (KINDS["biopsies"], CELLS, dividing, BIOPSIES),
        (KINDS["sequencing"], READS, 0.5 * share, SEQUENCED),
    ):
        there = np.isin(np.arange(MONTHS.size), when)
        columns[counted] = np.where(there, rng.binomial(n, chance), np.nan)
        columns[total] = np.where(there, float(n), np.nan)
    return columns
