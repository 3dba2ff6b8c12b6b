"""Ctrl-C ends with one sentence and exit code 130, and the same command goes on from what is finished."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ENDS = "interrupted; what is finished is kept, and the same command goes on from there\n"


def start(study, results):
    command = [sys.executable, "-m", "cavity", "run", str(study.folder), "--results", str(results)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(process, ready):
    deadline = time.monotonic() + 120
    while not ready() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def summary(results):
    return json.loads((results / "effects" / "main" / "summary.json").read_text())["parameters"]


def test_a_fit_that_is_interrupted_goes_on(study, tmp_path):
    slow = "        import time\n        time.sleep(0.001)\n        return -0.5"
    study.replace("study.py", "        return -0.5", slow)
    results = tmp_path / "results"
    process = start(study, results)
    wait_until(process, lambda: list(results.glob("effects/.cache/*.h5")))
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate()
    assert process.returncode == 130 and not printed
    assert said.endswith(f"cavity run: {ENDS}") and said.count("interrupted") == 1 and "Traceback" not in said
    finished = {path: path.stat().st_mtime_ns for path in results.glob("effects/.cache/*.h5")}
    assert 0 < len(finished) < 6
    for folder in (results, tmp_path / "whole"):
        process = start(study, folder)
        process.communicate()
        assert process.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert summary(results) == summary(tmp_path / "whole")


def python_runs(process):
    """Whether the interpreter is there: it catches SIGINT, signal 2."""
    status = Path(f"/proc/{process.pid}/status")
    return not status.exists() or bool(int(status.read_text().split("SigCgt:")[1].split()[0], 16) & 2)


@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_so_does_one_that_has_only_begun(study, tmp_path, seconds):
    process = start(study, tmp_path / "results")
    wait_until(process, lambda: python_runs(process))
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130 and said.endswith(ENDS) and "Traceback" not in said


def test_a_job_of_the_workflow_says_it_too(study):
    """A terminal sends the signal to Snakemake and to its jobs."""
    study.replace("study.py", "        return -0.5", "        import time\n        time.sleep(1)\n        return -0.5")
    command = [sys.executable, "-m", "cavity", "search", str(study.folder), "--phase", "main", "--shard", "a"]
    log = study.folder.parent / "x.log"
    more = ["--results", "results", "--out", "a.h5", "--log", str(log)]
    process = subprocess.Popen([*command, *more], stderr=subprocess.PIPE, text=True, cwd=study.folder.parent)
    wait_until(process, log.exists)
    time.sleep(2.0)
    os.kill(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130 and said == f"cavity search: {ENDS}" == log.read_text()
