"""What a phase is said to cost before it runs."""

import time
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.strategy.small import Measured, context

import cavity as cv
from cavity.errors import LikelihoodError
from cavity.strategy.loop import conclude, rounds_of
from cavity.study import cost


def said(c):
    return cost.price(None, c, [c.view(dataset) for dataset in c.datasets])


def test_the_calls_are_those_of_the_fit_within_a_factor_of_two():
    c = context(search=cv.DynestyStatic(nlive=50), n=3, n_draws=400)
    needed = int(said(c).split("about ")[1].split(" calls")[0].replace(",", ""))
    evaluations = conclude(c, rounds_of(c)).likelihood_evaluations["total"] / 3
    assert 0.5 < needed / evaluations < 2.0


@pytest.mark.parametrize("inference, kind", [("joint", "drawn"), ("independent", "local"), ("ep", "shared")])
def test_every_inference_has_a_price(inference, kind):
    assert "on one core" in said(context(inference=inference, kind=kind))


def test_a_warning_where_threads_hurt(monkeypatch):
    monkeypatch.setattr(cost, "threads_slow_down", lambda call: True)
    monkeypatch.setattr(cost.os, "cpu_count", lambda: 8)
    assert "warning: a likelihood is slower with 8 threads" in said(context())


def test_threads_are_not_compared_on_one_core(monkeypatch):
    monkeypatch.setattr(cost, "threads_slow_down", lambda call: pytest.fail("compared"))
    monkeypatch.setattr(cost.os, "cpu_count", lambda: 1)
    assert "warning" not in said(context())


def test_expensive_likelihoods_are_not_all_called(monkeypatch):
    monkeypatch.setattr(cost, "PATIENCE", 0.01)
    monkeypatch.setattr(Measured, "log_likelihood_function", lambda self, instance: time.sleep(0.02) or 0.0)
    assert "the likelihoods of 1 of 4 datasets were called" in said(context())


def test_a_bad_likelihood_names_its_dataset():
    c = context()
    broken = replace(c, factor=lambda d: replace(c.factor(d), analysis=Measured(np.nan if d == "d2" else 0.0)))
    with pytest.raises(LikelihoodError, match="dataset d2: the likelihood is NaN"):
        said(broken)
