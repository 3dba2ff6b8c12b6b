"""Convergence plot."""

import pytest

from cavity.errors import ResultError
from cavity.plot.convergence import plot_convergence

HISTORY = [
    {"round": 0, "kind": "pilot", "mean": {"a": 1.0}, "sd": {"a": 0.5}, "log_evidence": None, "evaluations": 1000},
    {"round": 1, "kind": "refresh", "mean": {"a": 1.1}, "sd": {"a": 0.4}, "log_evidence": -3.0, "evaluations": 200},
]


def test_a_panel_per_parameter_evidence_and_cost():
    figure = plot_convergence(HISTORY, mcse={"a": 0.05})
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a", "log evidence", "likelihood calls"]
    assert figure.axes[0].get_title(loc="right") == "MC error 0.05 sd"
    assert figure.axes[2].patches[0].get_height() == 1000


def test_missing_entries_are_left_out():
    figure = plot_convergence([{"round": 0, "mean": {"a": 1.0}, "sd": {"a": 0.5}}, {"round": 1}])
    assert len(figure.axes) == 1


def test_nothing_to_plot_is_a_sentence():
    with pytest.raises(ResultError, match="no history"):
        plot_convergence([])
    with pytest.raises(ResultError, match="nothing to plot"):
        plot_convergence([{"round": 0}])


def test_kinds_of_many_rounds_do_not_run_into_each_other():
    def below(rounds):
        axes = plot_convergence([{**HISTORY[1], "round": k} for k in range(rounds)]).axes
        return [tick.get_text() for tick in axes[0].get_xticklabels()]

    assert below(2) == ["0\nrefresh", "1\nrefresh"] and below(5) == ["0\n", "1\n", "2\n", "3\n", "4\n"]
