"""Model comparison: a row for all data, and one for each dataset."""

from types import SimpleNamespace

import numpy as np

from cavity.combine.compare import ModelComparison, compare_models
from cavity.combine.interpolate import CovariateCurves
from cavity.plot.combinations import plot_comparison, plot_covariate


def evidence(value):
    return SimpleNamespace(log_evidence=value, log_evidence_error=0.3)


def test_differences_are_drawn_for_every_model():
    part = compare_models({"a": evidence(-1.0), "b": evidence(-4.0)})
    whole = ModelComparison(part.names, part.log_evidences, part.errors, {"d1": part, "d2": part})
    ax = plot_comparison(whole)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["all datasets", "d1", "d2"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_large_differences_have_a_logarithmic_axis():
    assert plot_comparison(compare_models({"a": evidence(0.0), "b": evidence(-300.0)})).get_xscale() == "symlog"


def test_every_parameter_has_a_panel():
    names, at = ("a", "b", "c", "d"), np.linspace(0.0, 1.0, 5)
    curves = {name: np.array([at - 0.1, at, at + 0.1]) for name in names}
    fitted = {name: np.array([[-0.1, 0.9], [0.0, 1.0], [0.1, 1.1]]) for name in names}
    figure = plot_covariate(CovariateCurves("time", at, curves, np.array([0.0, 1.0]), fitted))
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_ylabel() for ax in shown] == list(names) and shown[0].get_xlabel() == "time"
