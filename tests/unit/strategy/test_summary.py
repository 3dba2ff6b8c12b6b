"""From states and sites to a result."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.strategy.small import context

from cavity.strategy.loop import conclude, rounds_of


@pytest.fixture(scope="module")
def fitted():
    c = context()
    rounds = rounds_of(c)
    return c, rounds, conclude(c, rounds)


def test_every_parameter_is_there(fitted):
    _, _, result = fitted
    assert result.shared.names == ("population.mean", "population.sigma")
    assert all(samples.names == ("effect", "offset") for samples in result.locals.values())


def test_calls_are_counted_by_round_and_dataset(fitted):
    _, rounds, result = fitted
    calls = result.likelihood_evaluations
    assert calls["total"] == sum(calls["per_round"]) == sum(calls["per_dataset"].values())
    assert len(calls["per_round"]) == len(rounds.states) == result.rounds


def test_the_history_has_a_line_a_round(fitted):
    _, rounds, result = fitted
    assert [line["round"] for line in result.history] == list(range(len(rounds.states)))
    assert result.history[0]["kind"] == "pilot"
    for key, values in (("mean", result.shared.mean), ("sd", result.shared.sd)):
        assert list(result.history[-1][key].values()) == pytest.approx(values)


def test_local_draws_agree_with_the_population(fitted):
    c, rounds, result = fitted
    centre = np.mean([samples.mean[0] for samples in result.locals.values()])
    assert abs(centre - result.shared.mean[0]) < 1.0
    joined = rounds.last.joined
    highest = joined.draws[:, 0] / np.sqrt(joined.covariance[0, 0])  # the mean, an sd higher
    tilted = replace(joined, log_weights=joined.log_weights + highest)
    higher = conclude(c, rounds._replace(states=(*rounds.states[:-1], replace(rounds.last, joined=tilted))))
    for name, samples in result.locals.items():
        assert higher.locals[name].mean[0] > samples.mean[0] + 0.12 * samples.sd[0]


def test_a_dataset_s_own_means_have_the_error_of_their_site(fitted):
    _, _, result = fitted
    for name, samples in result.locals.items():
        for parameter, error in samples.info["mean_error"].items():
            row = result.parameters()[f"{name}.{parameter}"]
            assert 0.0 < error < row["mcse"] < 0.5 * row["sd"]
