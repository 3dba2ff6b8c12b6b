"""Fitting in one process."""

import json

import pytest
import yaml

import cavity.plot.phase_figures
from cavity.errors import StudyError
from cavity.study import Study

PARENT = "cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 1.0), sigma=cv.HalfNormalPrior(1.0))"
OWN = "cv.HierarchicalFactor(cv.GaussianPrior, mean=level + slope * dataset.time, sigma=spread)"
ABOVE = "level, slope, spread = cv.GaussianPrior(0.0, 1.0), cv.GaussianPrior(0.0, 1.0), cv.HalfNormalPrior(1.0)"


@pytest.fixture
def covariate(folder):
    """The same study with the population's mean on a line over a covariate: each dataset has a parent of its own."""
    path = folder / "study.py"
    text = path.read_text().replace(f"population = {PARENT}", ABOVE)
    path.write_text(text.replace("    point = ", f"    population = {OWN}\n    point = "))
    return folder


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


def test_a_plot_that_fails_costs_no_fit(folder, tmp_path, monkeypatch, caplog):
    def fail(*arguments, **settings):
        raise RuntimeError("no ink")

    text = (folder / "study.py").read_text()
    drawn = "    data, noise_map = [1.0, 2.0], 1.0\n    def model_data(self, instance):\n        return 1 / 0\n"
    (folder / "study.py").write_text(text.replace("    def __init__(self, y)", f"{drawn}\n    def __init__(self, y)"))
    monkeypatch.setattr(cavity.plot.phase_figures, "plot_corner", fail)
    study = Study.load(folder, results=tmp_path / "results")
    assert study.fit()["main"].converged and study.results["main"].converged
    plots = tmp_path / "results" / "points" / "main" / "plots"
    assert sorted(path.name for path in plots.iterdir()) == ["convergence.png", "graph.png", "population.png"]
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    reasons = {"fit_a": "ZeroDivisionError: division by zero", "fit_b": "ZeroDivisionError: division by zero"}
    reasons["corner"] = "RuntimeError: no ink"
    assert lines == [f"{plots / name}.png: not drawn, {why}; everything else goes on" for name, why in reasons.items()]


@pytest.mark.parametrize("inference", ["ep", "joint"])
def test_a_study_whose_parents_are_made_inside_factor_is_published_whole(covariate, tmp_path, inference):
    phase = {"name": "main", "inference": inference, "search": {"name": "Laplace"}, "ep": {"max_rounds": 1}}
    (covariate / "config.yaml").write_text(yaml.safe_dump({"phases": [phase]}))
    study = Study.load(covariate, results=tmp_path / "results")
    result = study.fit()["main"]
    assert result.shared.names == ("level", "slope", "spread") and result.locals["b"].names == ("point.x",)
    folder = tmp_path / "results" / "points" / "main"
    assert {"graph.png", "corner.png"} <= {path.name for path in (folder / "plots").iterdir()}
    summary = json.loads((folder / "summary.json").read_text())
    assert {"level", "slope", "spread", "a.point.x"} <= set(summary["parameters"])


def test_an_unknown_phase(folder):
    with pytest.raises(StudyError, match="no phase man; did you mean main?"):
        Study.load(folder).fit(["man"])
