"""What a search would refuse is refused by a look, for every way to infer a phase."""

import pytest
from tests.unit.strategy.small import Effect, Measured, context

import cavity as cv
from cavity.errors import CavityError
from cavity.study.rehearse import rehearse


def looked(c):
    rehearse(c, [c.view(dataset) for dataset in c.datasets])


def asserting(relation, **arguments):
    """A phase whose models have an assertion, and a search of that phase's first dataset."""
    c = context(**arguments)
    made = c.factor

    def factor(dataset):
        found = made(dataset)
        found.prior_model.add_assertion(relation(found.prior_model))
        return found

    object.__setattr__(c, "factor", factor)
    return c


@pytest.mark.parametrize(
    ("inference", "kind"), [("ep", "drawn"), ("ep", "shared"), ("joint", "drawn"), ("independent", "local")]
)
def test_a_phase_with_nothing_wrong(inference, kind):
    looked(context(inference=inference, kind=kind))


def test_a_parent_that_cannot_be_propagated():
    parent = cv.HierarchicalFactor(cv.BetaPrior, alpha=cv.GammaPrior(2.0, 1.0), beta=2.0)
    c = context()
    model = lambda: cv.Model(Effect, effect=parent.drawn_variable(), offset=0.0)  # noqa: E731
    object.__setattr__(c, "factor", lambda dataset: cv.AnalysisFactor(model(), Measured(0.0)))
    with pytest.raises(CavityError, match="dataset d0: effect is drawn from a BetaPrior; .* use inference: joint"):
        looked(c)


@pytest.mark.parametrize(
    ("inference", "kind", "relation", "sentence"),
    [
        (
            "ep",
            "drawn",
            lambda m: m.effect > m.offset,
            "dataset d0: the assertion .* is about shared or drawn parameters",
        ),
        ("ep", "drawn", lambda m: m.offset > 99.0, "dataset d0: .*; loosen it or the priors"),
        ("independent", "local", lambda m: m.offset > 99.0, "offset"),
        ("joint", "drawn", lambda m: m.offset > 99.0, "offset"),
    ],
)
def test_an_assertion_that_no_search_can_meet(inference, kind, relation, sentence):
    with pytest.raises(CavityError, match=sentence):
        looked(asserting(relation, inference=inference, kind=kind))


@pytest.mark.parametrize(("inference", "kind"), [("ep", "drawn"), ("joint", "drawn"), ("independent", "local")])
def test_a_search_that_cannot_have_so_many_parameters(inference, kind):
    with pytest.raises(CavityError, match="Emcee.nwalkers is 5; .* parameters need an even number"):
        looked(context(inference=inference, kind=kind, search=cv.Emcee(nwalkers=5)))
