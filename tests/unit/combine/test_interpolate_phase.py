"""Curves through a phase's datasets over a column of the table."""

from dataclasses import dataclass

import numpy as np
import pytest

import cavity as cv
from cavity.combine.interpolate import interpolate_phase
from cavity.errors import ResultError
from cavity.posterior.phase import PhaseResult

TIMES = {"a": 0.0, "b": 2.0, "c": 1.0}


@dataclass(frozen=True)
class Part:
    """An interpolation's configuration."""

    name: str = "over_time"
    covariate: str = "time"
    kind: str = "linear"
    at: tuple = ()


def phase():
    rng = np.random.default_rng(0)
    draws = {name: rng.normal([10.0 + time, -time], 0.1, (2000, 2)) for name, time in TIMES.items()}
    samples = {name: cv.Samples(names=("x", "y"), values=values) for name, values in draws.items()}
    return PhaseResult(study="s", phase="p", inference="independent", locals=samples)


def covariates(**changes):
    return {name: {"time": time, "kind": "old"} | changes for name, time in TIMES.items()}


@pytest.mark.parametrize("kind", ["linear", "spline"])
def test_curves_pass_through_the_fits_and_between_them(kind):
    found = interpolate_phase(Part(kind=kind, at=(0.0, 0.5, 1.0)), phase(), covariates())
    assert found.curves["x"][1] == pytest.approx([10.0, 10.5, 11.0], abs=0.03)
    assert found.curves["y"][1] == pytest.approx([0.0, -0.5, -1.0], abs=0.03)
    half_width = 0.5 * (found.curves["x"][2] - found.curves["x"][0])
    assert half_width[0] == pytest.approx(0.1, rel=0.15) and half_width[1] < half_width[0]
    assert found.fitted_at.tolist() == [0.0, 1.0, 2.0]
    assert found.fitted["x"][1] == pytest.approx([10.0, 11.0, 12.0], abs=0.02)


def test_without_points_the_curve_covers_the_fits():
    summary = interpolate_phase(Part(), phase(), covariates()).summary()
    assert len(summary["at"]) == 50 and summary["at"][0] == 0.0 and summary["at"][-1] == 2.0
    assert set(summary["parameters"]["x"]) == {"q16", "q50", "q84"}


@pytest.mark.parametrize(
    ("part", "columns", "sentence"),
    [
        (Part(covariate="tame"), covariates(), "the table of datasets has no column tame; did you mean time"),
        (Part(covariate="kind"), covariates(), "kind of dataset a is 'old'; a number is needed"),
        (Part(at=(3.0,)), covariates(), "outside the fits, which cover 0 to 2"),
        (Part(), covariates(time=1.0), "two fits have time = 1"),
    ],
)
def test_a_wrong_covariate_is_one_sentence(part, columns, sentence):
    with pytest.raises(ResultError, match=sentence):
        interpolate_phase(part, phase(), columns)
