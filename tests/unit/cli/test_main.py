"""The command line finds verbs, and turns a user's error into a sentence and exit code 2."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from cavity.cli.main import VERBS, main
from cavity.errors import DamagedError


def test_help_lists_every_verb(capsys):
    assert main([]) == 0 and main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(verb in printed for verb in VERBS)


def test_every_verb_has_help(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit) as end:
            main([verb, "--help"])
        assert end.value.code == 0
    assert "usage: cavity decide" in capsys.readouterr().out


def test_an_unknown_verb(capsys):
    assert main(["serch"]) == 2
    assert "there is no verb serch; did you mean search?" in capsys.readouterr().err


def test_an_error_of_the_user_is_one_line_and_no_traceback(tmp_path, capsys):
    assert main(["check", str(tmp_path / "none.yaml")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "none.yaml: no such file" in error


def test_with_a_log_the_sentence_is_in_both_places(tmp_path):
    log = tmp_path / "x.log"
    command = [sys.executable, "-m", "cavity", "check", str(tmp_path / "none.yaml"), "--log", str(log)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no such file" in done.stderr and "no such file" in log.read_text()
    assert "Traceback" not in done.stderr + log.read_text()


def test_a_fault_of_the_program_keeps_its_traceback_in_the_log(tmp_path):
    log = tmp_path / "x.log"
    code = (
        "import cavity.cli.schema as schema; schema.run = lambda options: 1 / 0;"
        f"from cavity.cli import main; main(['schema', '--log', {str(log)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr and "Traceback" not in done.stderr
    assert "Traceback" in log.read_text()


def test_starting_imports_neither_samplers_nor_plots():
    code = (
        "import sys; from cavity.cli.main import main; main(['schema']);"
        "heavy = ('dynesty', 'scipy.stats', 'matplotlib', 'pandas', 'h5py');"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


def schema_that(monkeypatch, error):
    """The verb ``schema``, which takes no study, raising an error."""

    def run(options):
        raise error

    monkeypatch.setattr("cavity.cli.schema.run", run)


@pytest.mark.parametrize("code", [0, 1, None])
def test_code_of_a_study_that_ends_the_process_is_an_error(monkeypatch, capsys, code):
    schema_that(monkeypatch, SystemExit(code))
    assert main(["schema"]) == 2
    assert "ends the process" in capsys.readouterr().err


def test_ctrl_c_is_a_sentence_and_130(monkeypatch, capsys):
    monkeypatch.setattr(signal, "signal", lambda *handler: None)
    schema_that(monkeypatch, KeyboardInterrupt())
    assert main(["schema"]) == 130
    said = "cavity schema: interrupted; what is finished is kept, and the same command goes on from there\n"
    assert capsys.readouterr().err == said


def test_what_the_machine_refuses_is_a_sentence(monkeypatch, capsys):
    schema_that(monkeypatch, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results/x.h5"))
    assert main(["schema"]) == 2
    error = capsys.readouterr().err
    assert error == (
        "results/x.h5: No space left on device; make space on the disk (what is finished is kept), "
        "then give the same command again\n"
    )


@pytest.mark.parametrize("log", ["missing/x.log", "file/x.log", "."])
def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path, capsys, log):
    (tmp_path / "file").write_text("")
    assert main(["schema", "--log", str(tmp_path / log)]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path) in error and error.count("\n") == 1 and "then give the same command again" in error


def test_a_full_disk_under_the_log_hides_no_sentence(tmp_path, capfd):
    assert main(["check", str(tmp_path / "none.yaml"), "--log", "/dev/full"]) == 2
    assert "none.yaml: no such file" in capfd.readouterr().err


def test_what_is_damaged_is_put_aside(monkeypatch, tmp_path, capsys):
    path = tmp_path / "global.h5"
    for content in ("one", "two"):
        path.write_text(content)
        schema_that(monkeypatch, DamagedError(path, "not a readable result"))
        assert main(["schema"]) == 2
        said = f"{path}: not a readable result; put aside as {path.name}.damaged, and the same command makes it"
        assert capsys.readouterr().err == f"{said} again where it is needed\n"
        assert not path.exists() and (tmp_path / "global.h5.damaged").read_text() == content
