"""A search that is killed and started again is the run that was never killed, to the bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from .killed_run import SEARCHES, main

SCRIPT = Path(__file__).parent / "killed_run.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def start(name, folder, out, seconds=0.001):
    command = [sys.executable, str(SCRIPT), name, str(folder), str(out), str(seconds)]
    return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE)


def finished(name, folder, out):
    """Run to the end, here."""
    main(name, folder, out, seconds=0.0)
    with np.load(out) as found:
        arrays = {key: found[key] for key in ("values", "log_weights", "log_likelihoods", "unit")}
        return arrays, json.loads(bytes(found["counts"]))


def kill_when(process, ready, after, how=signal.SIGKILL):
    """Kill once ``ready()`` holds and ``after`` seconds more have passed; False if the run was quicker."""
    deadline = time.monotonic() + 120
    while not ready() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(after)
    if process.poll() is not None:
        return False
    process.send_signal(how)
    process.wait()
    return True


def blocks(folder):
    return sorted(Path(folder).glob("*/calls-*"))


def check_same(one, other):
    for key, array in one[0].items():
        assert array.tobytes() == other[0][key].tobytes(), key
    assert one[1]["log_evidence"] == other[1]["log_evidence"] and one[1]["calls"] == other[1]["calls"]


def kill_and_resume(name, tmp_path, delays, how=signal.SIGKILL, seconds=0.001):
    whole = finished(name, tmp_path / "whole", tmp_path / "whole.npz")
    folder = tmp_path / "checkpoints"
    killed = 0
    for delay in delays:
        before = len(blocks(folder))
        process = start(name, folder, tmp_path / "never.npz", seconds)
        killed += kill_when(process, lambda before=before: len(blocks(folder)) > before, delay, how)
        process.communicate()
    resumed = finished(name, folder, tmp_path / "resumed.npz")
    check_same(whole, resumed)
    return whole, resumed, killed


def test_dynesty_static_goes_on_where_it_was_killed(tmp_path):
    whole, resumed, killed = kill_and_resume("DynestyStatic", tmp_path, [0.0, 0.3])
    assert killed == 2
    assert resumed[1]["made"] < whole[1]["made"] == whole[1]["calls"]
    assert not blocks(tmp_path / "checkpoints")


def test_a_term_signal_leaves_the_last_good_checkpoint(tmp_path):
    whole, resumed, killed = kill_and_resume("Laplace", tmp_path, [0.1], how=signal.SIGTERM, seconds=0.003)
    assert killed == 1
    assert resumed[1]["made"] < whole[1]["made"]


def test_the_comparison_notices_the_last_bit(tmp_path):
    one = finished("Laplace", tmp_path / "a", tmp_path / "a.npz")
    other = ({**one[0], "values": np.nextafter(one[0]["values"], 1.0)}, one[1])
    with pytest.raises(AssertionError, match="values"):
        check_same(one, other)


def test_a_damaged_checkpoint_is_never_silently_taken(tmp_path):
    whole = finished("Laplace", tmp_path / "whole", tmp_path / "whole.npz")
    folder = tmp_path / "checkpoints"
    process = start("Laplace", folder, tmp_path / "never.npz", 0.003)
    assert kill_when(process, lambda: len(blocks(folder)) > 2, 0.0)
    process.communicate()
    path = blocks(folder)[1]
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(bytes(content))
    check_same(whole, finished("Laplace", folder, tmp_path / "resumed.npz"))


@pytest.mark.long
@pytest.mark.parametrize("name", SEARCHES)
def test_twenty_kills_change_nothing(name, tmp_path):
    delays = np.random.default_rng(0).uniform(0.0, 0.15, 20)
    _, _, killed = kill_and_resume(name, tmp_path, delays, seconds=0.002)
    assert killed >= 3
