"""How far a phase is, in one line: searches, rounds, Monte Carlo error against the tolerance, time left."""

from dataclasses import dataclass, replace
from math import ceil, log2
from time import perf_counter
from typing import Any

import numpy as np

from cavity.inference import GOES_ON
from cavity.search.estimate import duration
from cavity.strategy.phase_context import PhaseContext
from cavity.strategy.round import Decision, Plan, Round


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a phase, or the cells of a grid, are."""

    name: str  # of the phase or grid
    searched: int  # datasets of this round, or cells, that are done
    to_search: int  # of so many
    round: int | None = None  # from 0; None of a grid
    max_rounds: int | None = None  # of expectation propagation
    tolerance: float | None = None  # likewise
    mcse: float | None = None  # the largest Monte Carlo error so far, in posterior sd
    seconds_left: float | None = None  # until the last round is decided about, roughly
    decision: str = ""  # about this round; empty while it is searched
    why: str = ""  # and its reason
    published: bool = False  # whether what is read at the end has been written

    @property
    def line(self) -> str:
        """'main, round 1: 20 of 20 searches, 2 of at most 12 rounds, Monte Carlo error 0.1 sd ...'."""
        done = f"{self.searched} of {self.to_search} {'cells' if self.round is None else 'searches'}"
        parts = [f"{self.name}: {done}" if self.round is None else f"{self.name}, round {self.round}: {done}"]
        if self.max_rounds is not None:
            parts.append(f"{self.round + bool(self.decision)} of at most {self.max_rounds} rounds")
        if self.mcse is not None:
            parts.append(f"largest Monte Carlo error {self.mcse:.2g} sd (tolerance {self.tolerance:g})")
        if self.seconds_left:
            parts.append(f"about {duration(self.seconds_left)} left")
        return ", ".join(parts) + (f": {self.decision} ({self.why})" if self.decision else "")


def standing_of(context: PhaseContext, number: int, to_search: int, last: Decision | None = None) -> Standing:
    """A round that begins; ``last`` is the decision about the round before it."""
    propagated = context.inference == "ep"
    return Standing(
        name=context.phase,
        searched=0,
        to_search=to_search,
        round=number,
        max_rounds=context.ep.max_rounds if propagated else None,
        tolerance=context.ep.tolerance if propagated else None,
        mcse=None if last is None else last.mcse,
    )


def rounds_more(decision: Decision, max_rounds: int, tolerance: float) -> int:
    """How many rounds follow, roughly: each has twice the draws of the one before, and half the variance."""
    if decision.decision not in GOES_ON:
        return 0
    short = decision.decision == "refresh" and decision.mcse is not None and decision.mcse > tolerance > 0
    needed = ceil(2 * log2(decision.mcse / tolerance)) if short and np.isfinite(decision.mcse) else 1
    return max(1, min(needed, max_rounds - decision.round - 1))


def searches_next(state: Round) -> int:
    """How many datasets the round after this one searches."""
    return 0 if state.following is None else int(np.sum(state.following.needs_search))


class Pace:
    """The searches of one round as they are done in this process, and the time that is left by them.

    Parameters
    ----------
    context
        The phase.
    plan
        Of the round.
    last
        The decision about the round before, or None.
    """

    def __init__(self, context: PhaseContext, plan: Plan, last: Decision | None = None):
        self._context, self._last = context, last
        self.standing = standing_of(context, plan.round, 1 if plan.kind == "joint" else len(plan.refresh), last)
        self._start, self._made = perf_counter(), 0

    def searched(self, how: str) -> Standing:
        """After one more dataset; ``how`` as in :func:`~cavity.strategy.loop.search_round`."""
        if how == "kept":
            return self.standing
        self._made += how == "searched"
        k, n = self.standing.searched + 1, self.standing.to_search
        later = n * max(0, self._rounds(self._last) - 1)
        self.standing = replace(self.standing, searched=k, seconds_left=self._each * (n - k + later))
        return self.standing

    def decided(self, state: Round, decision: Decision) -> Standing:
        """After the decision about the round."""
        left = self._rounds(decision) * searches_next(state) * self._each
        about = {"decision": decision.decision, "why": decision.why, "mcse": decision.mcse}
        return replace(self.standing, searched=self.standing.to_search, seconds_left=left, **about)

    @property
    def _each(self):
        """Seconds of this round for each search that was made in it."""
        return (perf_counter() - self._start) / max(1, self._made)

    def _rounds(self, decision: Decision | None) -> Any:
        ep = self._context.ep
        return 0 if decision is None else rounds_more(decision, ep.max_rounds, ep.tolerance)
