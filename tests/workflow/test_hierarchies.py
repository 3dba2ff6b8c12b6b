"""Hierarchies whose parents are made inside factor run whole: over a covariate, and with groups between."""

import json

import pytest

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("hierarchies")]

POPULATION = (
    "population = cv.HierarchicalFactor(cv.GaussianPrior, mean=cv.GaussianPrior(0.0, 10.0), "
    "sigma=cv.HalfNormalPrior(10.0))\n"
)
COVARIATE = (
    "a, b, s = cv.GaussianPrior(0.0, 10.0), cv.GaussianPrior(0.0, 5.0), cv.HalfNormalPrior(5.0)\n",
    "mean=a + b * dataset.x, sigma=s",
)
GROUPS = (
    f"""{POPULATION}within = cv.HalfNormalPrior(1.0)


@cv.plate("patient")
def patient(key):
    return cv.Collection(rate=population.drawn_variable())
""",
    "mean=patient(dataset.patient).rate, sigma=within",
)
GRAPH = {"graph.png", "corner.png", "convergence.png"}


def run(workspace, above, parent):
    """Published parameters and plots of six datasets in three groups along a covariate, their parents made inside."""
    folder = workspace.study
    own = f"    own = cv.HierarchicalFactor(cv.GaussianPrior, {parent})\n    effect = "
    text = (folder / "study.py").read_text()
    for old, new in ((POPULATION, above), ("    effect = ", own), ("size=population", "size=own")):
        assert old in text
        text = text.replace(old, new)
    (folder / "study.py").write_text(text)
    rows = ((1, "p1", -0.6), (2, "p1", -0.3), (3, "p2", 2.1), (4, "p2", 1.6), (5, "p3", 0.2), (6, "p3", 0.9))
    lines = ["dataset\tpath\tx\tpatient\n"]
    for x, patient, y in rows:
        (folder / f"d{x}.csv").write_text(f"y,sigma\n{y},0.5\n")
        lines.append(f"d{x}\td{x}.csv\t{x}\t{patient}\n")
    (folder / "datasets.tsv").write_text("".join(lines))
    workspace.configure(tolerance=1.0, max_rounds=1)
    workspace.run()
    published = folder.parent / "results" / "study" / "main"
    plots = {path.name for path in (published / "plots").glob("*.png")}
    return json.loads((published / "summary.json").read_text())["parameters"], plots


def test_a_covariate_of_the_population(fresh):
    parameters, plots = run(fresh, *COVARIATE)
    assert {"a", "b", "s", "d1.effect.size", "d6.effect.size"} <= set(parameters) and plots == GRAPH


def test_groups_between_datasets_and_population(fresh):
    parameters, plots = run(fresh, *GROUPS)
    assert {"population.mean", "within", "patient.p1.rate", "patient.p3.rate", "d6.effect.size"} <= set(parameters)
    assert plots == GRAPH
