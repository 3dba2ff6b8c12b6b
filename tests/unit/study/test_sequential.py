"""One dataset after the other: what each sees of the one before, what a change fits again, and what is refused."""

import json

import numpy as np
import pytest

from cavity.cli import main
from cavity.errors import GraphError, StudyError
from cavity.study import Study

from .drifting import CONFIG, data_of, posterior, write_data, write_study


@pytest.fixture
def load(tmp_path):
    """Writes the study and loads it; data that are there already stay."""

    def make(n=4, **how):
        return Study.load(write_study(tmp_path / "line", n, **how), results=tmp_path / "results")

    return make


def fitted_datasets(study):
    """The datasets whose likelihood a fit calls, in the order of the first call."""
    calls = study.namespace["Analysis"].calls
    calls.clear()
    study.fit()
    return list(dict.fromkeys(calls))


def again(study):
    """The same study in another process, so to say."""
    return Study.load(study.path, results=study.results_root)


@pytest.mark.parametrize("seed", range(3))
def test_each_fit_is_its_own_posterior_under_the_prior_that_was_passed(load, seed):
    result = load(seed=seed).fit()["main"]
    assert result.inference == "sequential" and list(result.locals) == ["t0", "t1", "t2", "t3"]
    passed, total = {}, 0.0
    for index, samples in enumerate(result.locals.values()):
        y = data_of(index, seed=seed)
        mean, sd, log_evidence = posterior(y, **passed)
        assert np.abs((samples.mean - mean) / sd).max() < 0.08
        assert samples.sd == pytest.approx(sd, rel=0.05)
        assert samples.log_evidence == pytest.approx(log_evidence, abs=0.05)
        alone, _, _ = posterior(y)
        assert np.abs((samples.mean - alone) / sd).max() < 0.15, "passed widely, the data alone decide"
        passed, total = {"mean": samples.mean, "sd": 10.0 * samples.sd}, total + log_evidence
    assert result.log_evidence == pytest.approx(total, abs=0.1)


def test_the_same_check_fails_where_the_prior_is_passed_narrowly(load):
    result = load(factor=1.0).fit()["main"]
    alone, sd, _ = posterior(data_of(3))
    assert np.abs((result.locals["t3"].mean - alone) / sd).max() > 0.5


def test_the_centre_that_is_passed_is_that_of_the_dataset_before(load):
    result = load().fit()["main"]
    for before, dataset in (("t0", "t1"), ("t1", "t2"), ("t2", "t3")):
        priors = result.models[dataset]["priors"].values()
        assert [prior["mean"] for prior in priors] == pytest.approx(result.locals[before].mean.tolist())


def test_a_changed_dataset_is_fitted_again_with_those_after_it(load):
    study = load()
    assert fitted_datasets(study) == ["t0", "t1", "t2", "t3"]
    assert fitted_datasets(again(study)) == []
    write_data(study.folder, 2, shift=0.1)
    assert fitted_datasets(again(study)) == ["t2", "t3"]


def test_a_later_phase_a_grid_and_a_comparison_see_the_chain(load):
    grid = "grid_searches: [{name: cells, phase: main, parameters: {line.level: 2}, dataset: t2}]\n"
    last = "  - {name: last, inference: independent, factor: later, search: {name: Laplace, n_draws: 4000}}\n"
    search = "{name: main, inference: sequential, search: {name: Laplace, n_draws: 4000}}"
    compared = "comparisons: [{name: models, phases: [main, last]}]\n"
    results = load(config=f"phases:\n  - {search}\n{last}{grid}{compared}").fit()
    chain = results["main"]
    for dataset in ("t0", "t3"):
        assert results["last"].locals[dataset].mean == pytest.approx(chain.locals[dataset].mean, abs=0.02)
    whole = chain.locals["t2"]
    assert results["cells"].fits["t2"].log_evidence == pytest.approx(whole.log_evidence, abs=0.05)
    assert set(results["models"].per_dataset) == set(chain.locals)


def test_a_shared_parameter_stays_the_same_and_is_not_passed(load):
    study = load()
    path = study.folder / "study.py"
    text = path.read_text().replace("def first_model", "slope = cv.GaussianPrior(0.0, 20.0)\n\n\ndef first_model")
    path.write_text(text.replace('"slope": cv.GaussianPrior(0.0, 20.0)', '"slope": slope'))
    models = again(study).fit()["main"].models
    assert all(model["shared"] == {"line.slope": "slope"} for model in models.values())
    for model in models.values():
        _, slope = model["priors"].values()
        assert (slope["mean"], slope["sigma"]) == (0.0, 20.0)


def test_a_look_before_any_fit_takes_a_stand_in_for_the_fit_before(load, capsys):
    study = load(n=3)
    assert main(["check", str(study.folder)]) == 0
    text = capsys.readouterr().out
    assert "line, phase main: 3 datasets, sequential" in text and "with a stand-in for the fit of the one" in text
    (study.folder / "t2.csv").write_text("x,y\n0.0,nan\n")
    assert main(["check", str(study.folder)]) == 2
    assert "dataset t2: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("before.model_with", "before.modl_with", "dataset t1: AttributeError: .*modl_with"),
        ('previous.get("main")', 'previous["main"]', r'main sees no fit of its own here; .*previous.get\("main"\)'),
        ('previous.get("main")', 'previous["mian"]', "phase main sees no earlier phase mian"),
    ],
)
def test_a_mistake_in_factor_is_one_sentence_before_any_fit(load, capsys, old, new, sentence):
    study = load()
    path = study.folder / "study.py"
    path.write_text(path.read_text().replace(old, new))
    assert main(["check", str(study.folder)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    with pytest.raises(StudyError, match=sentence):
        raise StudyError(error.strip())


def test_a_parameter_drawn_from_a_population_is_refused(load, capsys):
    study = load()
    path = study.folder / "study.py"
    parent = "parent = cv.HierarchicalFactor(cv.GaussianPrior, mean=0.0, sigma=1.0)"
    text = path.read_text().replace("def first_model", f"{parent}\n\n\ndef first_model")
    path.write_text(text.replace('"level": cv.GaussianPrior(0.0, 20.0)', '"level": parent.drawn_variable()'))
    assert main(["check", str(study.folder)]) == 2
    assert "dataset t0: line.level is drawn from a parent, which sequential fits do not have" in capsys.readouterr().err
    with pytest.raises(GraphError, match="which sequential fits do not have"):
        again(study).fit()


def test_a_dataset_whose_fit_before_is_missing_is_one_sentence(load):
    with pytest.raises(StudyError, match="phase main, dataset t2: it comes after dataset t1, which has no fit yet"):
        load().factor("main", "t2")


def test_summary_says_so(load):
    study = load(n=2, config=CONFIG)
    study.fit()
    summary = json.loads((study.paths.phase("main") / "summary.json").read_text())
    assert summary["inference"] == "sequential" and set(summary["log_evidence_per_dataset"]) == {"t0", "t1"}
