"""The walks of CONTRIBUTING.md pass what is there, and no file twice."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WALKS = [item for item in (ROOT / "CONTRIBUTING.md").read_text().split("## Three walks")[1].split("\n- ")[1:]]


def defined(path):
    """Names of all functions and classes of a module, methods too."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "name")}


def faults(walk):
    """What is wrong with a walk: a stop that is not there, a file that is come back to."""
    stops = re.findall(r"`([a-z_/]+\.py):(\w+)`", walk)
    files = [file for file, _ in stops]
    gone = [f"{file}:{name}" for file, name in stops if name not in defined(ROOT / "pipeline" / "cavity" / file)]
    return gone + [file for file in files if files.count(file) > 1] + ([] if stops else ["no stop"])


@pytest.mark.parametrize("walk", WALKS, ids=[walk.split("`")[1] for walk in WALKS])
def test_every_stop_is_there_and_none_is_come_back_to(walk):
    assert faults(walk) == []


def test_the_same_check_finds_a_stop_that_is_gone_and_a_way_back():
    assert faults("`cli/run.py:run`, `study/fit.py:nothing`") == ["study/fit.py:nothing"]
    assert faults("`cli/run.py:run`, `study/fit.py:fit_phases`, `cli/run.py:run`") == ["cli/run.py", "cli/run.py"]
    assert faults("words alone") == ["no stop"]
