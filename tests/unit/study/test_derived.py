"""What a study makes of its phases, in one process: kept cells, refusals, text for a terminal."""

import numpy as np
import pytest

from cavity.errors import SearchError, StudyError
from cavity.study import Study
from cavity.study.derived import make_part, read_cells, report_part

STUDY = """
import numpy as np

import cavity as cv


class Level:
    def __init__(self, height=0.0):
        self.height = height


class Analysis(cv.Analysis):
    def __init__(self, y):
        self.y = y

    def log_likelihood_function(self, instance):
        if FAILS and instance.level.height > 5.0:
            raise RuntimeError("a detector is off")
        extra = getattr(instance, "perturbation", None)
        return -0.5 * float(((self.y - instance.level.height - (extra.height if extra else 0.0)) ** 2).sum())


FAILS = False


def factor(dataset):
    model = cv.Collection(level=cv.Model(Level, height=cv.UniformPrior(0.0, 10.0)))
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))


def perturbation(dataset):
    return cv.Model(Level, height=cv.UniformPrior(-1.0, 1.0))


def simulate(instance, dataset, rng):
    return {"y": np.array([instance.level.height + instance.perturbation.height] * 2)}
"""
CONFIG = """
phases: [{name: main, inference: independent, search: {name: Laplace}}]
grid_searches: [{name: grid, phase: main, parameters: {level.height: [0, 5, 10]}}]
sensitivity_maps: [{name: map, phase: main, dataset: a, parameters: {height: 2}}]
interpolations: [{name: curve, phase: main, covariate: time}]
"""


@pytest.fixture
def study(tmp_path):
    return Study.load(write_levels(tmp_path / "levels"), results=tmp_path / "results")


def write_levels(folder):
    """Write the study."""
    folder.mkdir()
    (folder / "study.py").write_text(STUDY)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "datasets.tsv").write_text("dataset\tpath\ttime\na\ta.csv\t1\nb\tb.csv\t2\n")
    (folder / "a.csv").write_text("y\n3.0\n3.2\n")
    (folder / "b.csv").write_text("y\n8.0\n8.1\n")
    return folder


def test_everything_is_made_and_written(study):
    results = study.fit()
    assert list(results) == ["main", "grid", "map", "curve"]
    for dataset, best in (("a", (0.0, 5.0)), ("b", (5.0, 10.0))):
        fit = results["grid"].fits[dataset]
        assert dict(fit.best_cell.boxes) == {"level.height": best}
        assert fit.log_evidence == pytest.approx(results["main"].locals[dataset].log_evidence, abs=0.1)
    stored = read_cells(study.paths.phase("grid") / "cells.h5")
    np.testing.assert_array_equal(stored.fits["a"].log_evidence_values, results["grid"].fits["a"].log_evidence_values)
    assert "a: level.height in [0, 5] holds" in report_part(study, study.config.derived["grid"])
    assert "a: detected in 0 of 2 cells" in report_part(study, study.config.derived["map"])
    assert (study.paths.phase("curve") / "plots" / "curves.png").is_file()


def test_cells_that_failed_are_named_and_the_others_are_kept(study):
    study.namespace["factor"].__globals__["FAILS"] = True
    grid = study.config.derived["grid"]
    sentence = r"grid: 2 of 4 cells failed, the others are kept: a, cell level.height in \[5"
    with pytest.raises(SearchError, match=sentence):
        make_part(study, grid, {})
    study.namespace["factor"].__globals__["FAILS"] = False
    kept = sorted(study.paths.cache.glob("*.h5"))
    assert len(kept) == 2
    times = [path.stat().st_mtime_ns for path in kept]
    make_part(study, grid, {})
    assert [path.stat().st_mtime_ns for path in kept] == times and len(list(study.paths.cache.glob("*.h5"))) == 4


def test_a_function_that_study_py_lacks_is_named(study):
    part = study.config.derived["map"].model_copy(update={"simulate": "simulat"})
    sentence = r"map needs a function simulat\(instance, dataset, rng\); did you mean simulate"
    with pytest.raises(StudyError, match=sentence):
        make_part(study, part, study.fit(["main"]))
