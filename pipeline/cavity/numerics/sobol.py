"""Scrambled Sobol points, uniform and standard normal."""

import warnings
from typing import Annotated

import numpy as np
from scipy.special import ndtri

from cavity.numerics.types import Array, Seed

TAIL = 1e-10  # keeps Phi^-1 finite


def sobol_uniform(n: int, d: int, seed: Seed) -> Annotated[Array, "n d"]:
    """The first n points of a scrambled Sobol sequence in d dimensions.

    Parameters
    ----------
    n, d
        Any n; the sequence is balanced where n is a power of two.
    seed
        An integer, a SeedSequence or a Generator (which it advances).

    Returns
    -------
    ndarray
        [n, d] in the open unit cube.
    """
    if d == 0:
        return np.zeros((n, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scipy's word that n is no power of two
        return np.clip(_sequence(d, np.random.default_rng(seed)).random(n), TAIL, 1 - TAIL)


def sobol_normal(n: int, d: int, seed: Seed) -> Annotated[Array, "n d"]:
    """:func:`sobol_uniform` through the normal quantile function: [n, d], standard normal."""
    return ndtri(sobol_uniform(n, d, seed))


def _sequence(d, rng):
    from scipy.stats import qmc  # 0.9 s to import

    try:
        return qmc.Sobol(d, rng=rng)
    except TypeError:  # scipy < 1.15
        return qmc.Sobol(d, seed=rng)
