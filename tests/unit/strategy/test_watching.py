"""What can be seen of searches while they run: the best model so far, and a line of progress."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.strategy.small import Measured, context

import cavity as cv
from cavity.search.progress import Progress
from cavity.strategy import loop
from cavity.study.context import phase_context


class Drawing(Measured):
    def visualize(self, paths, instance):
        (Path(paths.image_path) / "best.txt").write_text(f"{instance.effect:.3f}")


def searched(tmp_path, inference, kind, monkeypatch, draws=Drawing, **changes):
    c = context(inference=inference, kind=kind, n=2)
    monkeypatch.setattr("tests.unit.strategy.small.Measured", draws)
    c = replace(c, output=tmp_path / "fits", **changes)
    plan = loop.plan_round(c)
    if inference == "joint":
        loop.aggregate(c, {}, None)
    else:
        loop.search_site(c, "d1", plan)


@pytest.mark.parametrize(
    "inference, kind", [("ep", "drawn"), ("ep", "shared"), ("independent", "local"), ("joint", "drawn")]
)
def test_the_best_model_is_drawn_into_the_dataset_s_folder(inference, kind, tmp_path, monkeypatch):
    searched(tmp_path, inference, kind, monkeypatch)
    drawn = tmp_path / "fits" / "d1" / "image" / "best.txt"
    assert float(drawn.read_text()) == pytest.approx(2.0, abs=0.8)


def test_nothing_is_made_where_nothing_is_drawn(tmp_path, monkeypatch):
    searched(tmp_path, "ep", "drawn", monkeypatch, draws=Measured)
    assert not (tmp_path / "fits").exists()


def test_a_drawing_that_fails_costs_a_warning_and_not_the_fit(tmp_path, monkeypatch, caplog):
    class Broken(Measured):
        def visualize(self, paths, instance):
            raise ValueError("no colour")

    searched(tmp_path, "independent", "local", monkeypatch, draws=Broken)
    assert "dataset d1: visualize raised ValueError: no colour; the fit goes on" in caplog.text


def test_each_search_says_how_far_it_is(tmp_path, monkeypatch, capsys):
    class Slow(Measured):
        def log_likelihood_function(self, instance):
            time.sleep(0.002)
            return super().log_likelihood_function(instance)

    searched(tmp_path, "ep", "drawn", monkeypatch, Slow, progress=lambda label: Progress(label, interval=0.0))
    lines = capsys.readouterr().err.splitlines()
    assert lines and all(line.startswith("d1: ") and " calls, " in line for line in lines)


def test_a_study_shows_both(tmp_path):
    study = Path(__file__).parents[3] / "config" / "eight_schools"
    loaded = cv.Study.load(study, results=tmp_path)
    c = phase_context(loaded, loaded.config.phases[0])
    assert c.output == tmp_path / "eight_schools" / loaded.config.phases[0].name / "fits"
    assert isinstance(c.progress_of("a"), Progress)
