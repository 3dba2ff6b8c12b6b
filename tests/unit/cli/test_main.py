"""The command line finds verbs, and turns a user's error into a sentence and exit code 2."""

import subprocess
import sys

import pytest

from cavity.cli.main import VERBS, main


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
