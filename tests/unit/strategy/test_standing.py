"""How far a phase is, in one line."""

from types import SimpleNamespace

import numpy as np
import pytest

from cavity.strategy import standing
from cavity.strategy.loop import rounds_of
from cavity.strategy.round import Decision
from cavity.strategy.standing import Pace, Standing, rounds_more

from .small import context


def test_the_line_has_searches_rounds_error_and_time():
    here = Standing("main", 7, 20, 1, 12, 0.15, 0.314, 130.0)
    assert here.line == (
        "main, round 1: 7 of 20 searches, 1 of at most 12 rounds, largest Monte Carlo error 0.31 sd (tolerance 0.15), "
        "about 2.2 minutes left"
    )


def test_what_a_phase_does_not_have_is_left_out():
    assert Standing("light", 5, 5, 0, decision="converged", why="one round").line == (
        "light, round 0: 5 of 5 searches: converged (one round)"
    )
    assert Standing("feature", 2, 9).line == "feature: 2 of 9 cells"


@pytest.mark.parametrize(
    ("decision", "mcse", "rounds"),
    [("converged", 0.1, 0), ("max_rounds", 0.9, 0), ("pilot", 9.0, 1), ("refresh", 0.1, 1), ("refresh", 0.2, 1)]
    + [("refresh", 0.6, 4), ("refresh", 100.0, 9), ("refresh", np.inf, 1), ("refresh", None, 1)],
)
def test_rounds_that_follow(decision, mcse, rounds):
    """Draws double from round to round: four times the tolerance is four rounds."""
    assert rounds_more(Decision(decision, 2, "", mcse), 12, 0.15) == rounds


def test_the_time_left_is_what_the_searches_that_are_left_take(monkeypatch):
    clock = iter([0.0, 3.0, 6.0, 6.0])
    monkeypatch.setattr(standing, "perf_counter", lambda: next(clock))
    pace = Pace(context(), SimpleNamespace(round=1, kind="refresh", refresh=("d0", "d1", "d2")))
    assert pace.searched("kept").searched == 0
    assert pace.searched("searched").seconds_left == pytest.approx(6.0)
    assert pace.searched("searched").seconds_left == pytest.approx(3.0)


def test_what_was_found_again_is_no_part_of_the_pace(monkeypatch):
    clock = iter([0.0, 0.0, 4.0])
    monkeypatch.setattr(standing, "perf_counter", lambda: next(clock))
    pace = Pace(context(), SimpleNamespace(round=1, kind="refresh", refresh=("d0", "d1", "d2")))
    pace.searched("known")
    assert pace.searched("searched").seconds_left == pytest.approx(4.0)


@pytest.mark.parametrize("inference, kind", [("joint", "drawn"), ("independent", "local"), ("ep", "drawn")])
def test_a_fit_tells_every_search_and_every_decision(inference, kind):
    seen, lines = [], []
    rounds = rounds_of(context(inference=inference, kind=kind), say=lines.append, watch=seen.append)
    decided = [here for here in seen if here.decision]
    assert [here.line for here in decided] == lines and len(lines) == len(rounds.states)
    assert decided[-1].decision == rounds.decision.decision and decided[-1].mcse == rounds.decision.mcse
    first = [here.searched for here in seen if here.round == 0]
    assert first == ([0, 1] if inference == "joint" else [0, 1, 2, 3, 4, 4])
