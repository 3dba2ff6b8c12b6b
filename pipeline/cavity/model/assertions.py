"""How much of the prior the assertions leave: what the evidence of the renormalised prior needs."""

import math
from typing import NamedTuple

import numpy as np

from cavity.errors import ModelError

BLOCK = 2**16
MOST_DRAWS = 2**22
ENOUGH_HITS = 20_000  # log fraction known to .007


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


def acceptance(compiled, rng):
    """Count how many draws of the prior satisfy the assertions of a compiled model.

    Draws stop at 20,000 hits (log fraction known to .007) or at 4,194,304 draws.

    Parameters
    ----------
    compiled
        A ``CompiledModel``.
    rng
        A ``numpy.random.Generator``.

    Raises
    ------
    ModelError
        If no draw satisfies them; the sentence names the assertion, or says that they exclude each other.
    """
    if not compiled.assertions:
        return Acceptance(1.0, 0.0, 0)
    hits = draws = 0
    each = np.zeros(len(compiled.assertions), int)
    while hits < ENOUGH_HITS and draws < MOST_DRAWS:
        vectors = compiled.vectors(rng.random((BLOCK, compiled.ndim)))
        values = dict(zip(compiled.priors, vectors.T, strict=True))
        holds = np.array([np.broadcast_to(assertion.satisfied(values), BLOCK) for assertion in compiled.assertions])
        each += holds.sum(axis=1)
        hits += int(holds.all(axis=0).sum())
        draws += BLOCK
    if hits == 0:
        raise ModelError(_never_true(compiled, each, draws))
    fraction = hits / draws
    return Acceptance(fraction, math.sqrt(fraction * (1.0 - fraction) / draws), draws)


def _never_true(compiled, each, draws):
    if (each == 0).any():
        shown = compiled.described(compiled.assertions[int(np.argmin(each))])
        return f"the assertion {shown} is never true: none of {draws:,} draws from the prior satisfies it"
    shown = " and ".join(compiled.described(assertion) for assertion in compiled.assertions)
    return f"the assertions {shown} are never true together: none of {draws:,} draws from the prior satisfies them all"
