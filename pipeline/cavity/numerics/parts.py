"""Parts of a sample: drawn apart, so that how they differ tells the noise of their average."""

from typing import Annotated

import numpy as np

from cavity.numerics.types import Array

PARTS = 4  # of a site's draws


def part_of(n: int, parts: int = PARTS) -> Annotated[Array, "n"]:
    """The part that each of n points in their order is in: consecutive runs, equal to within one point."""
    return parts * np.arange(n) // max(n, 1)


def averaging(n: int, parts: int = PARTS) -> Annotated[Array, "n parts"]:
    """The matrix that takes n weights, which add up to 1, to each part's average in units of the whole's.

    Fewer points than parts are no sample: they are taken as exact, every ratio is 1.
    """
    if n < parts:
        return np.ones((n, parts))
    member = part_of(n, parts)[:, None] == np.arange(parts)
    return member * (n / member.sum(0))


def variance_of_mean(ratios: Annotated[Array, "... parts"]) -> Annotated[Array, "..."]:
    """The relative variance of an average over parts, sum_p (r_p - 1)^2 / (P (P - 1)): the jackknife over the parts.

    It is the variance of the logarithm of the average to first order, and at most 1; half of it is how much too low
    that logarithm is on average (Quenouille 1956; Efron & Tibshirani 1993, chapter 11).
    """
    parts = ratios.shape[-1]
    return ((ratios - 1.0) ** 2).sum(-1) / (parts * (parts - 1))
