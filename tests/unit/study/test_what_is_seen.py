"""A fit after others depends on what its own dataset sees of them: another dataset's change leaves it alone."""

import numpy as np
import pytest

from cavity.errors import ResultError
from cavity.study import Study
from cavity.study.earlier import previous_of

from .drifting import write_data, write_study

TWO_PHASES = """
phases:
  - {name: main, inference: independent, factor: alone, search: {name: Laplace}}
  - {name: last, inference: independent, factor: later, search: {name: Laplace}}
grid_searches: [{name: cells, phase: last, parameters: {line.level: 2}}]
sensitivity_maps: [{name: map, phase: last, parameters: {level: {values: [1.0]}}}]
"""
EXTRA = """

def alone(dataset):
    return cv.AnalysisFactor(first_model(), Analysis(dataset.id, **dataset.load()))


def perturbation(dataset):
    return cv.Model(Line, level=cv.GaussianPrior(0.0, 5.0), slope=0.0)


def simulate(instance, dataset, rng):
    return dataset.load()
"""


@pytest.fixture
def folder(tmp_path):
    folder = write_study(tmp_path / "line", 3, TWO_PHASES)
    with (folder / "study.py").open("a") as file:
        file.write(EXTRA)
    return folder


def searched(folder, tmp_path):
    """Files of searches that a fit of the whole study adds to the cache, and the datasets whose likelihood it calls."""
    study = Study.load(folder, results=tmp_path / "results")
    before = set(study.paths.cache.glob("*.h5"))
    study.fit()
    calls = dict.fromkeys(study.namespace["Analysis"].calls)
    return len(set(study.paths.cache.glob("*.h5")) - before), set(calls)


def test_one_dataset_changes_and_only_its_fits_are_searched_again(folder, tmp_path):
    assert searched(folder, tmp_path) == (3 * (1 + 1 + 2 + 1), {"t0", "t1", "t2"})
    assert searched(folder, tmp_path) == (0, set())
    write_data(folder, 1, shift=0.2)
    assert searched(folder, tmp_path) == (1 + 1 + 2 + 1, {"t1"})


def test_a_setting_of_the_early_phase_changes_all_that_follows(folder, tmp_path):
    searched(folder, tmp_path)
    path = folder / "config.yaml"
    path.write_text(path.read_text().replace("{name: Laplace}", "{name: Laplace, n_draws: 600}", 1))
    assert searched(folder, tmp_path)[0] == 15


def test_a_shared_answer_is_seen_by_all(folder, tmp_path):
    """Every fit of the last phase follows a population, because its factor may read it."""
    path = folder / "config.yaml"
    path.write_text(
        "phases:\n"
        "  - {name: main, factor: drawn, search: {name: Laplace}}\n"
        "  - {name: last, inference: independent, factor: later, search: {name: Laplace}}\n"
    )
    text = (folder / "study.py").read_text().replace('previous["main"].model_within(6.0)', "first_model()")
    (folder / "study.py").write_text(
        text
        + (
            "\n\nparent = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 5.0), sigma=2.0)\n"
            "\n\ndef drawn(dataset):\n"
            "    line = cv.Model(Line, level=parent.drawn_variable(), slope=cv.GaussianPrior(0.0, 5.0))\n"
            "    return cv.AnalysisFactor(cv.Collection(line=line), Analysis(dataset.id, **dataset.load()))\n"
        )
    )
    searched(folder, tmp_path)
    write_data(folder, 1, shift=0.2)
    assert searched(folder, tmp_path)[1] == {"t0", "t1", "t2"}


def test_what_is_seen_is_the_same_in_a_process_and_in_a_job(folder, tmp_path):
    """A result from this process and the one read from its file count as one."""
    study = Study.load(folder, results=tmp_path / "results")
    made = study.fit()
    read = Study.load(folder, results=tmp_path / "results").results
    seen = [previous_of(study, "last", "t1", results).checksum for results in (made, read)]
    assert seen[0] == seen[1] != previous_of(study, "last", "t2", made).checksum


def test_a_dataset_sees_nothing_of_another(folder, tmp_path):
    study = Study.load(folder, results=tmp_path / "results")
    results = study.fit(["main"])
    entry = previous_of(study, "last", "t1", results)["main"]
    assert list(entry.result.locals) == ["t1"] and entry.result.log_evidence is None
    assert np.isfinite(entry.log_evidence)
    with pytest.raises(ResultError, match="no fit of dataset t9"):
        results["main"].of_dataset("t9")
