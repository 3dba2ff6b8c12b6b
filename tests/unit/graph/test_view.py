"""Roles of a factor's parameters, and the link that a site stores."""

import pytest

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import coordinates_of, link_of, name_shared, view_factor


class Three:
    def __init__(self, a=0.0, b=0.0, c=0.0):
        self.a, self.b, self.c = a, b, c


class Flat(cv.Analysis):
    def log_likelihood_function(self, instance):
        return 0.0


shared = cv.UniformPrior(0.0, 1.0)
population = cv.HierarchicalFactor(cv.GaussianPrior, mean=2.0 * shared, sigma=cv.HalfNormalPrior(1.0))
NAMES = name_shared({"shared": shared, "population": population})


def view_of(**arguments):
    return view_factor(cv.AnalysisFactor(cv.Model(Three, **arguments), Flat()), "d", NAMES.priors, tuple(NAMES.parents))


def test_parameters_are_sorted_by_role():
    view = view_of(a=population.drawn_variable(), b=shared, c=cv.UniformPrior(0.0, 1.0))
    assert [d.name for d in view.drawn] == ["a"]
    assert view.shared == ((1, "shared"),)
    assert [path for _, path, _ in view.local] == ["c"]


def test_the_link_is_plain_data():
    view = view_of(a=population.drawn_variable(lower_limit=0.0), b=shared, c=1.0)
    link = link_of(view, coordinates_of(NAMES))
    assert link["shared"] == ["shared"]
    (drawn,) = link["drawn"]
    assert drawn["sigma"] == {"variable": "population.sigma"}
    assert drawn["mean"]["ufunc"] == "multiply" and (drawn["lower"], drawn["upper"]) == (0.0, None)


def test_a_family_that_is_not_integrated_is_refused_with_the_way_out():
    parent = cv.HierarchicalFactor(cv.StudentTPrior, df=3.0, mean=0.0, sigma=1.0)
    view = view_of(a=parent.drawn_variable(), b=0.0, c=0.0)
    with pytest.raises(GraphError, match="inference: joint"):
        link_of(view, coordinates_of(NAMES))
