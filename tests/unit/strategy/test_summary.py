"""From states and sites to a result."""

import numpy as np
import pytest
from tests.unit.strategy.small import context

from cavity.strategy.run import conclude, rounds_of


@pytest.fixture(scope="module")
def fitted():
    c = context()
    rounds = rounds_of(c)
    return c, rounds.states, conclude(c, rounds)


def test_every_parameter_is_there(fitted):
    _, _, result = fitted
    assert result.shared.names == ("population.mean", "population.sigma")
    assert all(samples.names == ("effect", "offset") for samples in result.locals.values())


def test_calls_are_counted_by_round_and_dataset(fitted):
    _, states, result = fitted
    calls = result.likelihood_evaluations
    assert calls["total"] == sum(calls["per_round"]) == sum(calls["per_dataset"].values())
    assert len(calls["per_round"]) == len(states) == result.rounds


def test_the_history_has_a_line_a_round(fitted):
    _, states, result = fitted
    assert [line["round"] for line in result.history] == list(range(len(states)))
    assert result.history[0]["kind"] == "pilot"


def test_local_draws_agree_with_the_population(fitted):
    _, _, result = fitted
    centre = np.mean([samples.mean[0] for samples in result.locals.values()])
    assert abs(centre - result.shared.mean[0]) < 1.0
