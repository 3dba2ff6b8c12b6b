"""The verbs plot and draw where a plot fails: exit code 0, a line on the terminal and in the log."""

import subprocess
import sys

import pytest

from .levels import fit_cells, verb, write_levels

CODE = """
import sys
import {module}
from cavity.cli import main

def fail(*arguments, **settings):
    raise RuntimeError("no ink")

{module}.{function} = fail
sys.exit(main(sys.argv[1:]))
"""


def run_without(module, function, *arguments):
    """A verb in a process of its own in which one function of a plot raises."""
    command = [sys.executable, "-c", CODE.format(module=module, function=function), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("logged", [True, False])
def test_a_round_is_drawn_without_the_plot_that_fails(tmp_path, logged):
    folder, log, plots = write_levels(tmp_path / "levels"), tmp_path / "plot.log", tmp_path / "plots"
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("independent", "joint"))
    assert verb("run", folder, "--phase", "main") == 0
    result = tmp_path / "results" / "levels" / "main"
    arguments = ["plot", folder, "--phase", "main", "--result", result, "--out", plots]
    done = run_without("cavity.plot.phase_figures", "plot_graph", *arguments, *(["--log", log] if logged else []))
    line = f"{plots / 'graph.png'}: not drawn, RuntimeError: no ink; everything else goes on\n"
    assert (done.returncode, done.stderr) == (0, line)
    assert not logged or log.read_text() == line
    assert plots.is_dir() and "graph.png" not in {path.name for path in plots.iterdir()}


def test_a_grid_is_drawn_without_the_plot_that_fails(tmp_path):
    folder, log, plots = write_levels(tmp_path / "levels"), tmp_path / "draw.log", tmp_path / "plots"
    assert verb("collect", folder, "--part", "grid", "--cells", *fit_cells(folder), "--out", tmp_path / "out") == 0
    arguments = ["draw", folder, "--part", "grid", "--cells", tmp_path / "out" / "cells.h5", "--out", plots]
    done = run_without("cavity.plot.part_figures", "plot_grid", *arguments, "--log", log)
    line = f"{plots / 'a.png'}: not drawn, RuntimeError: no ink; everything else goes on\n"
    assert (done.returncode, done.stderr, log.read_text()) == (0, line, line)
    assert plots.is_dir() and not list(plots.iterdir())
