"""Every mutant is caught by a unit test; pytest lists at its end which test caught which."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import cavity
from cavity.strategy.limits import Limits
from tests.mutants.mutants import LIMITS, MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
PACKAGE = Path(cavity.__file__).parent
A_LIMIT = re.compile(r"(?<!\{)\blimits\.([a-z_]+)")


def mutated(mutant, folder):
    """A copy of the package in ``folder`` with the mutant in it."""
    shutil.copytree(PACKAGE, folder / "cavity")
    file = folder / "cavity" / mutant.file
    text = file.read_text()
    assert text.count(mutant.old) == 1, (
        f"{mutant.file} has {mutant.old!r} {text.count(mutant.old)} times: mend the mutant"
    )
    file.write_text(text.replace(mutant.old, mutant.new))


def caught_by(folder, tests):
    """The first of these tests that fails with the package in ``folder``; None where all pass."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *tests],
        cwd=ROOT,
        env={**inherited, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(folder), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert run.returncode in (0, 1) and "\nERROR " not in run.stdout, run.stdout + run.stderr
    return re.search(r"^FAILED (.*?)(?: - .*)?$", run.stdout, re.MULTILINE)[1] if run.returncode else None


def named(mutant):
    return f"{mutant.file}: {' '.join(mutant.old.split())} -> {' '.join(mutant.new.split())}"


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=named)
def test_a_mutant_is_caught(mutant, tmp_path, record_property):
    mutated(mutant, tmp_path)
    test = caught_by(tmp_path, mutant.tests)
    assert test, f"no test of {', '.join(mutant.tests)} fails"
    record_property("mutant", f"{named(mutant)}\n    {test}")


@pytest.mark.long
def test_without_a_fault_the_same_tests_pass(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "cavity")
    assert caught_by(tmp_path, sorted({test for mutant in MUTANTS for test in mutant.tests})) is None


def test_text_that_is_gone_or_stands_twice_is_no_mutant(tmp_path):
    for k, old in enumerate(("no such text", "import numpy as np\n", "log_weights")):
        mutant = Mutant("numerics/weights.py", old, "", ())
        if k == 1:
            mutated(mutant, tmp_path / str(k))
            continue
        with pytest.raises(AssertionError, match="mend the mutant"):
            mutated(mutant, tmp_path / str(k))


def test_every_mutant_still_has_its_text():
    for mutant in MUTANTS:
        assert (PACKAGE / mutant.file).read_text().count(mutant.old) == 1, named(mutant)
        assert mutant.old != mutant.new


def test_every_place_that_reads_a_limit_has_its_mutant():
    read = [
        (str(file.relative_to(PACKAGE)), limit)
        for file in PACKAGE.glob("strategy/*.py")
        for limit in A_LIMIT.findall(file.read_text())
        if limit in Limits.__slots__
    ]
    assert {limit for _, limit in read} == {item.name for item in fields(Limits)}
    mutants = [(mutant.file, A_LIMIT.search(mutant.old)[1]) for mutant in LIMITS]
    assert sorted(mutants) == sorted(read)
