"""The joint fit of all datasets."""

import numpy as np
import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.graph import name_shared
from cavity.strategy import joint
from cavity.strategy.loop import Rounds, aggregate, conclude, decide, rounds_of
from cavity.strategy.phase_context import PhaseContext


def fit(c):
    return conclude(c, rounds_of(c))


@pytest.fixture(scope="module")
def result():
    c = context("joint", n=3, search=cv.Laplace(n_draws=400))
    return fit(c)


def test_shared_and_local_parameters_have_their_names(result):
    assert set(result.shared.names) == {"population.mean", "population.sigma"}
    assert result.locals["d1"].names == ("effect", "offset")


def test_rows_stay_aligned_and_the_evidence_is_the_searchs(result):
    assert len(result.shared) == len(result.locals["d0"]) == 400
    assert result.log_evidence is not None and result.converged


def test_there_is_one_round():
    assert joint.plan_round(context("joint"), None).refresh == ()


class Ten:
    """One shared parameter and nine local ones."""

    def __init__(self, x=0.0, a=0.0, b=0.0, c=0.0, d=0.0, e=0.0, f=0.0, g=0.0, h=0.0, i=0.0):
        self.x = x
        self.local = np.array([a, b, c, d, e, f, g, h, i])


class Curved(cv.Analysis):
    """Every local parameter is the square of the shared one, within .05: no ellipse holds that."""

    def log_likelihood_function(self, instance):
        return -0.5 * float(np.sum(((instance.local - instance.x**2) / 0.05) ** 2))


class Straight(cv.Analysis):
    """Every local parameter is the shared one, within .5."""

    def log_likelihood_function(self, instance):
        return -0.5 * float(np.sum(((instance.local - instance.x) / 0.5) ** 2))


def ten(analysis, search, seed=1):
    x = cv.GaussianPrior(0.0, 3.0)

    def factor(dataset):
        model = cv.Model(Ten, x=x, **{name: cv.UniformPrior(-20.0, 20.0) for name in "abcdefghi"})
        return cv.AnalysisFactor(model, analysis)

    names = name_shared({"x": x})
    return PhaseContext("ten", "main", "joint", ("d0",), factor, names, search, seed=seed)


@pytest.mark.parametrize("seed", (1, 2, 3))
def test_laplace_on_a_banana_of_ten_dimensions_does_not_say_converged(seed):
    result = fit(ten(Curved(), cv.Laplace(), seed))
    assert result.pareto_k > 1 and result.converged is False
    assert f"Pareto k of its draws is {result.pareto_k:.2f}" in result.warnings[-1]
    assert "draws count, 50 must" in result.warnings[-1]


@pytest.mark.parametrize("seed", (1, 2, 3))
def test_laplace_on_an_ellipse_of_ten_dimensions_does(seed):
    result = fit(ten(Straight(), cv.Laplace(), seed))
    assert result.pareto_k < 0.5 and result.converged is True and result.warnings == ()


@pytest.mark.parametrize("analysis, decision", [(Curved, "stopped"), (Straight, "converged")])
def test_the_decision_and_the_summary_agree(analysis, decision):
    c = ten(analysis(), cv.Laplace())
    state = aggregate(c, {})
    assert decide(c, state).decision == decision
    assert conclude(c, Rounds({}, [state], decide(c, state))).converged == (decision == "converged")


@pytest.mark.parametrize(
    "search, why",
    [
        (cv.DynestyStatic(nlive=50, maxcall=400), "before the remaining evidence had settled"),
        (cv.Emcee(nwalkers=20, nsteps=200), "autocorrelation times, 50 are needed; raise nsteps"),
        (cv.LBFGS(maxiter=1), "before the optimum had settled"),
        (cv.Laplace(n_draws=32, n_adapt=0, prior_fraction=0.9), "of its draws count, 50 must"),
    ],
)
def test_a_search_that_was_cut_short_has_not_converged(search, why):
    decision = joint.decide(context("joint"), joint.aggregate(context("joint", search=search)))
    assert decision.decision == "stopped" and why in decision.why


@pytest.mark.parametrize("search", [cv.DynestyStatic(nlive=50), cv.Emcee(nwalkers=16, nsteps=20000), cv.LBFGS()])
def test_one_that_ends_by_itself_has(search):
    c = context("joint", n=1, kind="shared", search=search)
    assert joint.decide(c, joint.aggregate(c)).decision == "converged"


def test_a_chain_that_hardly_moves_has_not_converged():
    settings = {"auto_correlations_settings": {"required_length": 50, "check_for_convergence": True}}
    info = {"search": settings, "steps": 1000, "autocorrelation_times": [2.0], "converged": True, "acceptance": 0.001}
    samples = cv.Samples(("x",), np.zeros((200, 1)), info=info)
    assert joint.reasons(samples) == ["only 0.1% of its steps were accepted"]
    assert joint.reasons(cv.Samples(("x",), np.zeros((200, 1)), info={**info, "acceptance": 0.3})) == []
