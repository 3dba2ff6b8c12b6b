"""A finished search is found again by what it was made from, and only then."""

from dataclasses import replace

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.posterior.store import load_tree, save_tree
from cavity.strategy import loop
from cavity.strategy.round import Plan, Round, Searched
from cavity.study import Study
from cavity.study.cache import aggregate_round, search_datasets
from cavity.study.context import phase_context
from cavity.study.identity import dataset_digest


@pytest.fixture
def searches(folder, monkeypatch, tmp_path):
    """Runs round 0 and says how each dataset's site came about; the search itself is replaced."""
    made = []

    def search_site(context, dataset, plan, previous=None, checkpoint=None):
        made.append(dataset)
        return Searched(dataset, 0, "site", calls=0 if checkpoint is None else 5, ess=3.0)

    monkeypatch.setattr(loop, "search_site", search_site)

    def go(plan=None, previous=None):
        study = Study.load(folder, results=tmp_path / "results")
        context = phase_context(study, study.config.phase("main"))
        how = {}
        plan = plan or Plan(0, "pilot", ("a", "b"))
        search_datasets(study, context, plan, previous, ["a", "b"], lambda name, what: how.update({name: what}))
        return how

    go.made = made
    return go


def test_a_second_time_nothing_is_searched(searches):
    assert searches() == {"a": "searched", "b": "searched"}
    assert searches() == {"a": "known", "b": "known"}
    assert searches.made == ["a", "b"]


def test_a_changed_data_file_is_searched_again_and_the_other_is_not(searches, folder):
    searches()
    (folder / "b.csv").write_text("y\n9.0\n")
    assert searches() == {"a": "known", "b": "searched"}


@pytest.mark.parametrize("change", ["code", "seed", "plan", "site"])
def test_whatever_a_search_depends_on_makes_it_new(searches, folder, change):
    searches()
    plan, previous = Plan(0, "pilot", ("a", "b")), None
    if change == "code":
        (folder / "shapes.py").write_text((folder / "shapes.py").read_text() + "# other\n")
    elif change == "seed":
        (folder / "config.yaml").write_text("seed: 2\nphases: [{name: main, search: {name: Laplace}}]\n")
    elif change == "plan":
        plan = replace(plan, mean=np.array([1.0]))
    else:
        previous = sites_of(folder)
    assert searches(plan, previous) == {"a": "searched", "b": "searched"}


def test_tolerance_and_other_datasets_in_the_plan_do_not(searches, folder):
    searches()
    (folder / "config.yaml").write_text("phases: [{name: main, search: {name: Laplace}, ep: {tolerance: 0.01}}]\n")
    assert searches(Plan(0, "pilot", ("b", "a", "c"))) == {"a": "known", "b": "known"}


def sites_of(folder):
    """Sites of the data as they are now."""
    datasets = Study.load(folder).datasets
    return {d.id: Searched(d.id, 0, "site", calls=7, data=dataset_digest(d)) for d in datasets}


def test_a_dataset_that_needs_no_search_keeps_its_site(searches, folder):
    assert searches(Plan(1, "refresh", ("b",)), sites_of(folder)) == {"a": "kept", "b": "searched"}


def test_a_site_of_other_data_starts_no_search(searches, folder):
    previous = sites_of(folder)
    (folder / "b.csv").write_text("y\n9.0\n")
    with pytest.raises(ResultError, match="phase main: the data or the row of b changed after the search"):
        searches(Plan(1, "refresh", ("b",)), previous)


def test_every_site_carries_the_digest_of_its_data(folder, tmp_path):
    study = Study.load(folder, results=tmp_path / "results")
    context = phase_context(study, study.config.phase("main"))
    for _ in range(2):  # searched, then found again
        sites = search_datasets(study, context, loop.plan_round(context))
        assert {name: site.data for name, site in sites.items()} == {d.id: dataset_digest(d) for d in study.datasets}


def test_a_mixture_of_sites_of_different_data_is_refused_by_name(folder, tmp_path):
    def load(known=""):
        study = replace(Study.load(folder, results=tmp_path / "results"), known_data=known)
        return study, phase_context(study, study.config.phase("main"))

    study, context = load()
    before = study.data_digest()
    sites = search_datasets(study, context, loop.plan_round(context))
    assert aggregate_round(study, context, sites, None).datasets == ("a", "b")
    (folder / "a.csv").write_text("y\n9.0\n")
    with pytest.raises(ResultError, match="phase main: the data or the row of a changed after the search.* again$"):
        aggregate_round(*load(), sites, None)
    mixed = {**sites, **search_datasets(*load(), loop.plan_round(context), datasets=["a"])}
    assert aggregate_round(*load(), mixed, None).datasets == ("a", "b")
    with pytest.raises(ResultError, match="changed while the workflow was running; give the same command again$"):
        aggregate_round(*load(known=before), mixed, None)
    assert aggregate_round(*load(known=before), sites, None).datasets == ("a", "b"), "no file is read where it is known"


def test_a_kept_search_of_another_layout_is_as_good_as_none(searches, tmp_path):
    searches()
    for path in (tmp_path / "results" / "points" / ".cache").glob("*.h5"):
        save_tree(path, {**load_tree(path), "site": {"dataset": "a", "kind": "table"}})
    assert searches() == {"a": "searched", "b": "searched"}


def test_a_damaged_file_is_as_good_as_none(searches, tmp_path):
    searches()
    for path in (tmp_path / "results" / "points" / ".cache").glob("*.h5"):
        path.write_bytes(path.read_bytes()[:-100])
    assert searches() == {"a": "searched", "b": "searched"}


def test_a_joint_search_is_kept_too(folder, monkeypatch, tmp_path):
    (folder / "config.yaml").write_text("phases: [{name: main, inference: joint, search: {name: DynestyStatic}}]\n")
    made = []
    monkeypatch.setattr(
        loop, "aggregate", lambda *arguments: made.append(arguments) or Round(0, "joint", ("a", "b"), np.array([3]))
    )
    for _ in range(2):
        study = Study.load(folder, results=tmp_path / "results")
        context = phase_context(study, study.config.phase("main"))
        assert aggregate_round(study, context, {}, None).calls == [3]
    assert len(made) == 1 and made[0][3] is not None


COUNTED = """

plain, composed, likelihoods = factor, [], []
likelihood = Analysis.log_likelihood_function


def counted(self, instance):
    likelihoods.append(self)
    return likelihood(self, instance)


Analysis.log_likelihood_function = counted


def factor(dataset):
    composed.append(dataset.id)
    return plain(dataset)
"""


def work_of_one_search(folder, results, n_datasets):
    """What a job of one dataset composes, in rounds 0 and 1, and how often it calls the likelihood in round 0."""
    for number in range(n_datasets):
        (folder / f"d{number}.csv").write_text(f"y\n{0.5 * number}\n")
    rows = "".join(f"d{number}\td{number}.csv\n" for number in range(n_datasets))
    (folder / "datasets.tsv").write_text("dataset\tpath\n" + rows)
    study = Study.load(folder, results=results)
    everyone = [dataset.id for dataset in study.datasets]
    composed, likelihoods = study.namespace["composed"], study.namespace["likelihoods"]
    seen, sites, state = [], {}, None
    for number in range(2):
        composed.clear()
        likelihoods.clear()
        job = study.with_results(results / "job")
        vars(job)["namespace"] = study.namespace  # one module, one count
        context = phase_context(job, job.config.phase("main"))
        plan = loop.plan_round(context, state)
        search_datasets(job, context, plan, {"d0": sites["d0"]} if sites else None, ["d0"])
        seen.append((list(composed), len(likelihoods) if number == 0 else None))
        if number == 0:
            context = phase_context(study, study.config.phase("main"))
            sites = search_datasets(study, context, plan, sites, everyone)
            state = aggregate_round(study, context, sites, state)
    return seen


def test_a_search_of_one_dataset_costs_the_same_however_many_there_are(folder, tmp_path):
    """No cost that grows with the number of datasets: its own model is made, and that of the first for the space."""
    with (folder / "study.py").open("a") as file:
        file.write(COUNTED)
    few, many = (work_of_one_search(folder, tmp_path / str(n), n) for n in (2, 5))
    assert few == many
    assert {name for composed, _ in many for name in composed} == {"d0"} and len(many[0][0]) == 2
