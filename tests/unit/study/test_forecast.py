"""What a whole study is said to cost before it runs."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.unit.strategy.small import context

import cavity as cv
from cavity.cli import main
from cavity.cli.inputs import phase_context
from cavity.study import Study, forecast
from cavity.study.forecast import Cost, Forecast

ROOT = Path(__file__).parents[3]


def costs_of(folder):
    """(study, {name: Cost}) of a folder."""
    study = Study.load(folder)
    first = [phase.name for phase in study.config.phases if not study.config.earlier(phase.name)]
    said = forecast.forecast(study, {name: phase_context(study, name, [])[1] for name in first})
    return study, {cost.name: cost for cost in said.costs}


def test_every_phase_and_everything_made_of_phases_has_a_cost():
    study, costs = costs_of(ROOT / "config" / "feature_grid")
    assert set(costs) == {phase.name for phase in study.config.phases} | set(study.config.derived)
    assert costs["measured"].like == "anywhere" and not costs["anywhere"].like
    assert costs["feature"].searches > 3 * costs["anywhere"].searches  # five cells each
    assert costs["detectable"].jobs == 20 + 2 and costs["evidence"].jobs == 2


def test_a_phase_that_sees_earlier_fits_is_composed_with_something_in_their_place():
    _, costs = costs_of(ROOT / "config" / "lensing")
    assert not any(cost.like for cost in costs.values())
    assert costs["mass"].searches > 5 * costs["light"].searches


def test_the_jobs_are_those_of_the_workflow(folder):
    """Two rounds of two searches, an aggregate and a decision; a look, a summary, plots."""
    assert costs_of(folder)[1]["main"].jobs == 11


def test_a_first_look_before_a_table_is_cheap_however_long_its_search_would_be():
    study = Study.load(ROOT / "config" / "gaussian_shared")
    phase = study.config.phase("main")
    found = []
    for nlive in (50, 500):
        context = replace(phase_context(study, "main", [])[1], search=cv.DynestyStatic(nlive=nlive))
        found.append(forecast._phase_cost(study, phase, forecast._looked(study, phase, context, {})).searches)
    assert found[1] == pytest.approx(found[0], rel=0.2)


@pytest.mark.parametrize(("ndim", "doublings"), [(1, 0), (3, 0), (6, 0), (17, 3)])
def test_many_parameters_of_a_dataset_take_more_rounds(ndim, doublings):
    assert forecast._doublings(context(n_draws=400), ndim) == doublings


def test_a_call_of_a_joint_phase_is_of_all_datasets(folder, monkeypatch):
    monkeypatch.setattr(forecast, "own_seconds", lambda search, ndim, calls: 0.0)
    monkeypatch.setattr(forecast, "seconds_of", lambda calls: 1.0)
    monkeypatch.setattr(forecast, "first_calls", lambda context, views: (3, 100))
    (folder / "config.yaml").write_text(yaml.safe_dump({"phases": [{"name": "main", "inference": "joint"}]}))
    assert costs_of(folder)[1]["main"].searches == 200.0


def test_a_slower_machine_takes_longer_for_all_but_what_was_timed_on_it(folder, monkeypatch):
    monkeypatch.setattr(forecast, "seconds_of", lambda calls: 1e-5)
    found = []
    for slower in (1.0, 3.0):
        monkeypatch.setattr(forecast, "pace", lambda slower=slower: slower)
        found.append(costs_of(folder)[1]["main"])
    assert found[1] == replace(found[0], joining=3 * found[0].joining, plots=3 * found[0].plots)


def test_jobs_cost_their_start():
    few, many = (Forecast((Cost("main", 10.0, 1.0, 2.0, jobs, 1),), 1.0) for jobs in (10, 110))
    assert few.in_one_process == many.in_one_process == pytest.approx(13.0 + forecast.PROCESS)
    assert many.in_jobs - few.in_jobs == pytest.approx(100 * (forecast.JOB + forecast.SCHEDULED))
    assert "snakemake:  about 26.0 seconds of CPU time, of it 13.0 seconds to start jobs" in str(few)


def test_check_prints_it_for_the_study_and_not_for_a_job(folder, capsys):
    assert main(["check", str(folder)]) == 0
    assert "cavity run: about " in capsys.readouterr().out
    assert main(["check", str(folder), "--phase", "main"]) == 0
    assert "cavity run: about " not in capsys.readouterr().out


@pytest.mark.long
def test_the_forecast_holds_for_a_shipped_study():
    """All of them: benchmarks/forecast.py."""
    spec = importlib.util.spec_from_file_location("forecast_benchmark", ROOT / "benchmarks" / "forecast.py")
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    said, _ = benchmark.forecasts("eight_schools")
    used = benchmark.used(sys.executable, "-m", "cavity", "run", str(ROOT / "config" / "eight_schools"))
    assert 1 / benchmark.FACTOR < said / used < benchmark.FACTOR
