"""A hook that could not be called at the end of a fit is refused before it."""

import functools
import math

import pytest

import cavity as cv
from cavity.errors import AnalysisError
from cavity.search.hooks import check_hooks


class Point:
    def __init__(self, x=0.0):
        self.x = x


class Fine(cv.Analysis):
    def log_likelihood_function(self, instance):
        return -0.5 * instance.x**2


def with_hook(name, hook):
    return type("Mine", (Fine,), {name: hook})()


GOOD = {
    "nothing of its own": ("spare", 1),
    "the documented ones": ("make_result", lambda self, samples, model, **origin: samples),
    "more arguments with defaults": ("visualize", lambda self, paths, instance, colour="red": None),
    "any arguments": ("visualize", lambda self, *arguments: None),
    "a static function": ("log_likelihood_batch", staticmethod(lambda arrays: arrays)),
    "a partial": ("model_data", functools.partial(lambda scale, instance: scale, 2.0)),
    "no signature to look at": ("log_likelihood_batch", math.hypot),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_called_is_accepted(name):
    check_hooks(with_hook(*GOOD[name]))


BAD = [
    (
        "visualize",
        lambda self, paths: None,
        r"Mine.visualize takes \(paths\) .* visualize\(paths, instance\)",
    ),
    ("visualize", lambda self, paths, instance, during: None, "Mine.visualize takes .*during"),
    ("visualize", "a picture", "Mine.visualize is a str; define it as a function"),
    ("make_result", lambda self, samples, model: samples, r"give it \(self, samples, model, \*\*origin\)"),
    ("log_likelihood_batch", lambda self: 0.0, r"called as log_likelihood_batch\(arrays\)"),
    ("log_likelihood_function", lambda self: 0.0, r"called as log_likelihood_function\(instance\)"),
    ("model_data", lambda self: 0.0, r"called as model_data\(instance\)"),
]


@pytest.mark.parametrize(("name", "hook", "sentence"), BAD)
def test_what_cannot_is_refused_where_a_factor_is_made_and_where_a_search_begins(name, hook, sentence):
    model = cv.Model(Point, x=cv.GaussianPrior(0.0, 1.0))
    with pytest.raises(AnalysisError, match=sentence):
        cv.AnalysisFactor(model, with_hook(name, hook))
    with pytest.raises(AnalysisError, match=sentence):
        cv.Laplace().fit(model, with_hook(name, hook), progress=False)
