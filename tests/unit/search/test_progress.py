import io
from types import SimpleNamespace

from cavity.search import Progress
from cavity.search.progress import Line, progress_line

GUARD = SimpleNamespace(
    calls=12300, best=-38.12, rejected=2, status={"log_evidence": -46.21, "remaining": 0.31, "until": 0.06}
)


def test_the_line_says_calls_evidence_and_what_remains():
    assert progress_line(GUARD, 41.4, "d07") == (
        "d07: 12,300 calls, ln Z -46.2, remaining 0.31 (until 0.06), best ln L -38.1, 2 rejected, 41 s"
    )


def test_a_search_without_evidence_has_a_shorter_line():
    guard = SimpleNamespace(calls=5, best=-1.0, rejected=0, status={})
    assert progress_line(guard, 0.2) == "5 calls, best ln L -1.0, 0 s"


def test_a_terminal_gets_one_line_that_is_rewritten():
    stream = io.StringIO()
    progress = Progress(stream=stream, terminal=True, interval=0.0)
    progress.update(GUARD)
    progress.update(GUARD)
    progress.close(GUARD)
    assert stream.getvalue().count("\r") == 3 and stream.getvalue().endswith("\n")
    assert stream.getvalue().count("\n") == 1


def test_a_log_gets_plain_lines():
    stream = io.StringIO()
    progress = Progress(stream=stream, interval=0.0)
    progress.update(GUARD)
    progress.close(GUARD)
    assert "\r" not in stream.getvalue() and stream.getvalue().count("\n") == 1


def test_nothing_is_written_before_the_interval():
    stream = io.StringIO()
    progress = Progress(stream=stream, interval=1000.0)
    progress.update(GUARD)
    progress.close(GUARD)
    assert stream.getvalue() == ""


def test_a_line_of_others_is_not_ended():
    stream = io.StringIO()
    line = Line(stream, terminal=True, interval=0.0)
    progress = Progress("d07", line=line)
    progress.update(GUARD)
    progress.close(GUARD)
    assert "\n" not in stream.getvalue()
    line.end("done")
    assert stream.getvalue().endswith("\r\x1b[Kdone\n")


def test_no_more_is_shown_than_the_terminal_is_wide(monkeypatch):
    stream = io.StringIO()
    stream.fileno = lambda: 7
    monkeypatch.setattr("os.get_terminal_size", lambda number: SimpleNamespace(columns=10) if number == 7 else None)
    line = Line(stream, terminal=True)
    line.show("0123456789ABC")
    line.end("0123456789ABC")
    assert stream.getvalue() == "\r\x1b[K012345678\r\x1b[K0123456789ABC\n"
