"""Fitting in one process."""

import json

import pytest

from cavity.errors import StudyError
from cavity.study import Study


def test_a_study_is_fitted_and_published(folder, tmp_path):
    lines = []
    study = Study.load(folder, results=tmp_path / "results")
    result = study.fit(progress=lines.append)["main"]
    assert result.shared.names == ("population.mean", "population.sigma")
    assert set(result.locals) == {"a", "b"}
    assert any("converged" in line for line in lines) and result.converged
    summary = json.loads((tmp_path / "results" / "points" / "main" / "summary.json").read_text())
    assert "a.point.x" in summary["parameters"]
    assert summary["provenance"]["hash"] == study.identity("main")
    assert Study.load(folder, results=tmp_path / "results").results["main"] == result


def test_an_unknown_phase(folder):
    with pytest.raises(StudyError, match="no phase man; did you mean main?"):
        Study.load(folder).fit(["man"])
