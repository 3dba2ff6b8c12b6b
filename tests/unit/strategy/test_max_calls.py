"""The budget of likelihood calls of one dataset in one phase: it ends, is named, and leaves healthy datasets alone."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.strategy import ep, loop
from cavity.strategy.round import Plan, Searched
from cavity.strategy.site_search import affordable


class Three:
    """One drawn parameter and two local ones."""

    def __init__(self, effect=0.0, a=0.0, b=0.0):
        self.effect, self.a, self.b = effect, a, b


class Measured(cv.Analysis):
    """Three measured numbers; with a spike, the likelihood rises as r^-8 towards a point, down to 1e-7."""

    def __init__(self, y, spike):
        self.y, self.spike = y, spike

    def log_likelihood_function(self, instance):
        effect, a, b = instance.effect, instance.a, instance.b
        value = -0.5 * (self.y - effect) ** 2 - 0.5 * ((a - 0.3) / 0.1) ** 2 - 0.5 * ((b + 0.2) / 0.1) ** 2
        if self.spike:
            r2 = (effect - self.y - 0.02) ** 2 + (a - 0.31) ** 2 + (b + 0.19) ** 2
            value -= 4.0 * np.log(100.0 * r2 + 1e-12)
        return float(value)


def concluded(c):
    return loop.conclude(c, loop.rounds_of(c))


def fit(spikes, max_calls):
    parent = cv.HierarchicalFactor(
        cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 2.0), sigma=cv.HalfNormalPrior(2.0), name="population"
    )

    def factor(name, y):
        uniform = {key: cv.UniformPrior(-1.0, 1.0) for key in "ab"}
        model = cv.Model(Three, effect=parent.drawn_variable(), **uniform)
        return cv.AnalysisFactor(model, Measured(y, name in spikes), name=name)

    graph = cv.FactorGraphModel(*(factor(f"d{k}", y) for k, y in enumerate((-1.0, 0.0, 2.0))))
    search = cv.ExpectationPropagation(cv.DynestyStatic(nlive=50), max_rounds=3, max_calls=max_calls)
    return graph.optimise(search)


def test_a_dataset_with_a_spike_ends_and_is_named():
    result = fit({"d1"}, 8_000)
    calls = result.likelihood_evaluations["per_dataset"]
    assert result.converged is False
    assert "8,000 likelihood calls a dataset, are spent on d1; raise max_calls, or narrow" in result.warnings[-1]
    assert calls["d1"] < 1.1 * 8_000 + 1000 and "d0" not in result.warnings[-1]


def test_the_same_dataset_with_a_larger_budget_converges():
    assert fit({"d1"}, 50_000).likelihood_evaluations["per_dataset"]["d1"] > 8_000


def test_healthy_datasets_have_the_same_bits_with_and_without():
    with_budget, without = fit((), 50_000), fit((), None)
    assert with_budget.converged and with_budget.shared == without.shared
    assert with_budget.log_evidence == without.log_evidence and with_budget.locals == without.locals


def test_fits_of_one_dataset_each_have_it_too():
    c = replace(context("independent", kind="local", search=cv.DynestyStatic(nlive=50)), max_calls=50_000)
    healthy, free = concluded(c), concluded(replace(c, max_calls=None))
    assert healthy.converged and healthy.locals == free.locals

    def spiked(dataset):
        priors = {
            "effect": cv.GaussianPrior(0.0, 3.0),
            "a": cv.UniformPrior(-1.0, 1.0),
            "b": cv.UniformPrior(-1.0, 1.0),
        }
        return cv.AnalysisFactor(cv.Model(Three, **priors), Measured(0.0, dataset == "d2"))

    cut = concluded(replace(c, factor=spiked, max_calls=3000))
    assert cut.converged is False
    assert "3,000 likelihood calls a dataset, are spent on d2; raise max_calls" in cut.warnings[-1]
    assert cut.likelihood_evaluations["per_dataset"]["d2"] < 1.1 * 3000 + 1000


def test_a_joint_phase_has_none_unless_told():
    c = context("joint", search=cv.DynestyStatic(nlive=50))
    assert c.max_calls is None
    cut = concluded(replace(c, max_calls=400))
    assert cut.converged is False and "before the remaining evidence had settled" in cut.warnings[-1]


def test_later_rounds_of_a_dataset_whose_budget_is_used_up_keep_its_site():
    c = replace(context(search=cv.Laplace()), max_calls=50_000)
    sites = {d: loop.search_site(c, d, loop.plan_round(c)) for d in c.datasets}
    state = ep.aggregate(c, sites)
    sites["d1"] = replace(sites["d1"], spent=49_990)
    plan = loop.plan_round(c, state)
    later = {d: loop.search_site(c, d, plan, sites[d]) for d in c.datasets}
    assert later["d1"].site is sites["d1"].site and later["d1"].calls == 0 and later["d1"].exhausted
    assert later["d0"].calls > 0 and later["d0"].spent == sites["d0"].spent + later["d0"].calls


def test_where_nothing_can_be_searched_any_more_the_rounds_stop():
    c = replace(context(search=cv.Laplace()), max_calls=50_000)
    sites = {d: loop.search_site(c, d, loop.plan_round(c)) for d in c.datasets}
    state = ep.aggregate(c, sites)
    kept = {d: site.kept(exhausted=True) for d, site in sites.items()}
    decision = ep.decide(c, ep.aggregate(c, kept, state), tolerance=1e-6)
    assert decision.decision == "stopped" and "are spent on d0 and 3 more" in decision.why


@pytest.mark.parametrize("left, kind, draws", [(350, "site", 350), (100, "site", 256), (300, "table", 300)])
def test_tables_spend_what_is_left(left, kind, draws):
    plan = Plan(2, "table", ("d0",), n_draws=400, nodes=np.zeros((100, 1)))
    assert affordable(plan, Searched("d0", 1, kind, 0), left, 1).n_draws == draws
    assert affordable(plan, Searched("d0", 1, "table", 0), 250, 1) is None
