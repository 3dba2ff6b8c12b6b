"""A drawn variable above the datasets is refused in the same sentence, whichever door it comes through."""

import pytest

import cavity as cv
from cavity.errors import GraphError
from cavity.graph import name_shared, with_groups
from cavity.strategy.context import EPSettings, PhaseContext, check_graph
from cavity.strategy.groups import join_groups
from cavity.strategy.round import Searched
from cavity.strategy.run import ExpectationPropagation, rounds_of

REFUSED = (
    "which expectation propagation does not fit yet; use inference: joint, in Python a search over "
    "graph.global_prior_model, or a cavity.plate where datasets lie in groups"
)


class Level:
    def __init__(self, level=0.0, offset=0.0):
        self.level, self.offset = level, offset


class Reading(cv.Analysis):
    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        return -0.5 * (self.y - instance.level - instance.offset) ** 2


def population(**hyper):
    priors = {"mean": cv.GaussianPrior(0.0, 3.0), "sigma": cv.HalfNormalPrior(3.0), **hyper}
    return cv.HierarchicalFactor(cv.GaussianPrior, **priors)


def one_draw_in_two_datasets():
    """Two instruments look at each of two objects."""
    top = population()
    objects = [top.drawn_variable(), top.drawn_variable()]
    models = {f"d{i}{j}": cv.Model(Level, level=objects[i], offset=0.0) for i in range(2) for j in range(2)}
    return {"top": top}, models, "one draw from a parent in more than one dataset|the same draw from a parent as in"


def a_draw_above_a_parent():
    """Three levels without a plate."""
    top = population()
    middle = population(mean=top.drawn_variable(), sigma=0.5)
    models = {f"d{i}": cv.Model(Level, level=middle.drawn_variable(), offset=0.0) for i in range(3)}
    return {"top": top, "middle": middle}, models, "the parent of level has a drawn variable above it"


def crossed_effects():
    """Rows and columns: every row meets every column."""
    rows, columns = population(), population()
    row = cv.plate("row")(lambda key: cv.Collection(effect=rows.drawn_variable()))
    column = cv.plate("column")(lambda key: cv.Collection(effect=columns.drawn_variable()))
    models = {
        f"d{i}{j}": cv.Model(Level, level=row(i).effect, offset=column(j).effect) for i in range(2) for j in range(2)
    }
    return {"rows": rows, "columns": columns, "row": row, "column": column}, models, "groups cross: row.0 is in"


CASES = (one_draw_in_two_datasets, a_draw_above_a_parent, crossed_effects)


def factors_of(models):
    return [cv.AnalysisFactor(model, Reading(float(i)), name=name) for i, (name, model) in enumerate(models.items())]


def through_python(namespace, models):
    cv.FactorGraphModel(*factors_of(models)).optimise(cv.Laplace())


def phase(namespace, models, inference="ep"):
    names = with_groups(name_shared(namespace), {"row": ("0", "1"), "column": ("0", "1")})
    factors = {factor.name: factor for factor in factors_of(models)}
    return PhaseContext("study", "main", inference, tuple(factors), factors.__getitem__, names, cv.Laplace())


def through_a_study(namespace, models):
    rounds_of(phase(namespace, models))


@pytest.mark.parametrize("door", (through_python, through_a_study))
@pytest.mark.parametrize("case", CASES)
def test_both_doors_refuse_it_in_one_sentence(case, door):
    namespace, models, what = case()
    with pytest.raises(GraphError, match=what) as error:
        door(namespace, models)
    assert str(error.value).endswith(REFUSED) and str(error.value).startswith("dataset d")


@pytest.mark.parametrize("case", CASES)
def test_a_joint_fit_takes_it_from_both_doors(case):
    namespace, models, _ = case()
    graph = cv.FactorGraphModel(*factors_of(models))
    results = cv.Laplace(n_draws=256).fit(model=graph.global_prior_model, analysis=graph)
    result = rounds_of(phase(namespace, models, "joint"))
    assert len(results.samples.names) == len(result.last.samples.names)


def test_crossed_groups_are_refused_when_each_job_sees_one_dataset():
    """In the workflow no search sees another dataset: the aggregate does."""

    namespace, models, what = crossed_effects()
    c = phase(namespace, models)
    links = {name: {"drawn": [], "shared": [f"row.{name[1]}.effect", f"column.{name[2]}.effect"]} for name in models}
    sites = {name: Searched(name, 0, "site", 0, link=link) for name, link in links.items()}
    with pytest.raises(GraphError, match=what):
        join_groups(c, sites, 0, rounds_of)


def test_the_same_two_levels_are_not_refused():
    top = population()
    models = {f"d{i}": cv.Model(Level, level=top.drawn_variable(), offset=cv.GaussianPrior(0.0, 1.0)) for i in range(3)}
    graph = cv.FactorGraphModel(*factors_of(models))
    context = ExpectationPropagation(cv.Laplace()).context(graph)
    check_graph(context, [context.view(name) for name in models])
    assert context.ep == EPSettings()
