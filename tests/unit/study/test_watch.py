"""What a fit in one process says of itself."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

import cavity.study.watch as watching
from cavity.posterior.store import load_json
from cavity.search.progress import Line
from cavity.strategy.standing import Standing
from cavity.study import Study

BEGUN = Standing("main", 0, 4, round=1, max_rounds=12, tolerance=0.15, mcse=0.2)
GUARD = SimpleNamespace(calls=12, best=-1.0, rejected=0, status={})


@pytest.fixture
def study(folder, tmp_path):
    return Study.load(folder, results=tmp_path / "results")


def test_a_terminal_has_a_line_a_round_and_one_that_is_rewritten(study):
    stream = io.StringIO()
    watch = watching.Watch(study, line=Line(stream, terminal=True, interval=0.0))
    watch(BEGUN)
    search = watch.search("d1")
    search.update(GUARD)
    search.close(GUARD)
    watch(replace(BEGUN, searched=1))
    watch(replace(BEGUN, searched=4, decision="converged", why="all holds"))
    watch.say("main: the line that stays")
    shown = stream.getvalue()
    assert shown.count("\n") == 1 and shown.endswith("\r\x1b[Kmain: the line that stays\n")
    assert "main, round 1, 0 of 4 searches, d1: 12 calls" in shown and "main, round 1: 1 of 4 searches" in shown


def test_a_log_has_plain_lines(study):
    stream = io.StringIO()
    watch = watching.Watch(study, line=Line(stream, terminal=False, interval=1000.0))
    watch(BEGUN)
    watch.say("main: the line that stays")
    assert stream.getvalue() == "main: the line that stays\n"


def test_silence(study, capsys):
    watch = watching.Watch(study, say=False)
    watch(BEGUN)
    watch.say("nothing")
    assert capsys.readouterr() == ("", "")


def test_the_record_is_of_the_last_second_and_of_every_decision(study, monkeypatch):
    clock = iter([0.0, 0.1, 0.2, 0.3, 5.0, 5.1])
    monkeypatch.setattr(watching, "perf_counter", lambda: next(clock))
    watch, path = watching.Watch(study, say=False), study.paths.standing("main")
    watch(BEGUN)
    watch(replace(BEGUN, searched=1))
    assert load_json(path)["searched"] == 0
    watch(replace(BEGUN, searched=2, decision="refresh"))
    assert load_json(path)["searched"] == 2


def test_a_record_that_cannot_be_written_ends_no_fit(study):
    study.paths.cache.parent.mkdir(parents=True)
    study.paths.cache.write_text("a file where the folder should be")
    watching.Watch(study, say=False)(BEGUN)


def test_cells_are_counted(study):
    watch = watching.Watch(study, say=False)
    progress = watch.cells("feature", 3)
    progress("d1", "0", "searched")
    progress("d1", "1", "known")
    watch.published()
    assert Standing(**load_json(study.paths.standing("feature"))) == Standing("feature", 2, 3, published=True)
