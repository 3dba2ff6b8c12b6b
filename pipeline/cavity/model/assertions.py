"""How much of the prior the assertions leave: what the evidence of the renormalised prior needs."""

import math
from typing import NamedTuple

import numpy as np

from cavity.errors import ModelError
from cavity.numerics.sobol import sobol_uniform

PARTS, FIRST = 16, 2**12  # parts that are scrambled apart, and the points that each has at first
MOST_NUMBERS = 2**24  # held at once
MOST_DRAWS = 2**22
ENOUGH_HITS = 20_000  # log fraction known to .007, had they been random
ENOUGH_KNOWN = 0.002  # of the log fraction


class Acceptance(NamedTuple):
    """The fraction of the prior's mass where all assertions hold."""

    fraction: float  # between 0 and 1
    error: float  # standard error of the fraction
    draws: int  # prior draws it was counted from; 0 without assertions

    @property
    def log_fraction(self):
        """To be subtracted from the log evidence of a search that rejects: log Z = log Z_search - log_fraction."""
        return math.log(self.fraction)

    @property
    def log_error(self):
        """Standard error of ``log_fraction``."""
        return self.error / self.fraction


def acceptance(compiled, rng, priors=None):
    """How much of the prior satisfies the assertions of a compiled model.

    From sixteen parts of quasi-random points, scrambled apart: how their shares differ is the error. They grow until
    the log fraction is known to .002, there are 20,000 hits (.007 at worst) or 4,194,304 draws.

    Parameters
    ----------
    compiled
        A ``CompiledModel``.
    rng
        A ``numpy.random.Generator``.
    priors
        The only variables that the assertions are about, to be drawn alone; every parameter of the model without.

    Raises
    ------
    ModelError
        If no draw satisfies them; the sentence names the assertion, or says that they exclude each other.
    """
    if not compiled.assertions:
        return Acceptance(1.0, 0.0, 0)
    ndim = compiled.ndim if priors is None else len(priors)
    hits, each, n, drawn = np.zeros(PARTS, int), np.zeros(len(compiled.assertions), int), FIRST, 0
    while True:
        for part in range(PARTS):
            unit = sobol_uniform(n, ndim, rng)
            if priors is None:
                values = dict(zip(compiled.priors, compiled.vectors(unit).T, strict=True))
            else:
                values = {prior: prior.value_for(column) for prior, column in zip(priors, unit.T, strict=True)}
            holds = np.array([np.broadcast_to(assertion.satisfied(values), n) for assertion in compiled.assertions])
            each += holds.sum(axis=1)
            hits[part] += int(holds.all(axis=0).sum())
        drawn += n
        found = _counted(hits, drawn)
        known = found.fraction > 0 and found.log_error < ENOUGH_KNOWN
        if known or hits.sum() >= ENOUGH_HITS or found.draws >= MOST_DRAWS:
            break
        n = min(drawn, max(FIRST, MOST_NUMBERS // ndim))
    if not found.fraction:
        raise ModelError(_never_true(compiled, each, found.draws))
    return found


def _counted(hits, drawn):
    """Fraction and error from the hits of parts of ``drawn`` points; none is known to better than one point of all."""
    draws = PARTS * drawn
    spread = float(np.std(hits, ddof=1)) / math.sqrt(PARTS) / drawn
    return Acceptance(int(hits.sum()) / draws, max(spread, 1.0 / draws), draws)


def _never_true(compiled, each, draws):
    if (each == 0).any():
        shown = compiled.described(compiled.assertions[int(np.argmin(each))])
        return f"the assertion {shown} is never true: none of {draws:,} draws from the prior satisfies it"
    shown = " and ".join(compiled.described(assertion) for assertion in compiled.assertions)
    return f"the assertions {shown} are never true together: none of {draws:,} draws from the prior satisfies them all"
