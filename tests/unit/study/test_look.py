"""A likelihood that is -inf in the middle of its prior: an error where it is so everywhere, else a warning."""

import math
from dataclasses import replace

import pytest
from tests.unit.strategy.small import Measured, context

import cavity as cv
from cavity.errors import NotFiniteError
from cavity.study import look


def looked(monkeypatch, likelihood, **arguments):
    monkeypatch.setattr(Measured, "log_likelihood_function", lambda self, instance: likelihood(instance))
    c = replace(context(), **arguments)
    view = c.view("d0")
    model = view.compiled
    return look.look(None, c, view, lambda vector: likelihood(model.instance(vector)))


def test_nothing_is_said_of_a_finite_one(monkeypatch):
    assert looked(monkeypatch, lambda instance: 0.0) is None


def test_a_warning_where_it_is_finite_elsewhere(monkeypatch):
    calls = iter([-math.inf, -math.inf, 0.0])
    found = looked(monkeypatch, lambda instance: next(calls))
    assert found.startswith("warning: dataset d0: the likelihood is -inf in the middle of the prior, at ")


@pytest.mark.parametrize("search", [cv.Laplace(n_scan=20), cv.DynestyStatic()])
def test_an_error_where_the_search_would_give_up(monkeypatch, search):
    points = 21 if isinstance(search, cv.Laplace) else look.PATIENCE - 1
    with pytest.raises(NotFiniteError, match=f"dataset d0: .* finite at none of {points:,} points of it"):
        looked(monkeypatch, lambda instance: -math.inf, search=search)


def test_a_slow_one_is_a_warning(monkeypatch):
    monkeypatch.setattr(look, "SECONDS", 0.0)
    assert "warning" in looked(monkeypatch, lambda instance: -math.inf)
