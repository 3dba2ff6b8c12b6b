"""Every code block of README.md and docs/ runs, in the order of its page."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from cavity.cli import main
from cavity.config.read import validate

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "config" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# file: (\S+)\n")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory that looks like the repository's root, with data for the study that README writes."""
    for name in ("config", "profiles", "Snakefile", "workflow", "pipeline", "envs"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "lines" / "data").mkdir(parents=True)
    rows = ["dataset\tpath"]
    rng = np.random.default_rng(1)
    for index in range(4):
        x = np.linspace(-1.0, 1.0, 20)
        y = rng.normal(3.0, 1.0) * x + rng.normal(0.0, 2.0) + rng.normal(0.0, 0.1, x.size)
        table = np.column_stack([x, y, np.full(x.size, 0.1)])
        np.savetxt(tmp_path / "lines" / "data" / f"{index}.csv", table, delimiter=",", header="x,y,noise", comments="")
        rows.append(f"l{index}\tdata/{index}.csv")
    (tmp_path / "lines" / "datasets.tsv").write_text("\n".join(rows) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page, folder, capsys):
    namespace = {"__name__": "__main__"}
    for language, text in BLOCK.findall(page.read_text()):
        RUN[language](text, namespace)


def python(text, namespace):
    """A file is written; anything else runs in the page's namespace."""
    if not write_file(text):
        exec(compile(text, "<block>", "exec"), namespace)


def configuration(text, namespace):
    """A config.yaml holds to the schema; a priors.yaml is only written."""
    named = FILE.match(text)
    if not named or named[1].endswith("config.yaml"):
        validate(yaml.safe_load(text), "config.yaml")
    write_file(text)


def shell(text, namespace):
    """make targets exist, verbs of cavity run, and Snakemake plans."""
    for line in text.splitlines():
        program, *arguments = shlex.split(line)
        if program == "make":
            assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line
        elif program == "cavity":
            assert main(arguments) == 0, line
        else:
            assert program == "snakemake", line
            run_snakemake(arguments, line)


def run_snakemake(arguments, line):
    """A dry run; a report needs results first, so it is left to tests/workflow."""
    if "--report" in arguments:
        return
    own = ["--dry-run", "--quiet", "all"]
    command = [sys.executable, "-m", "snakemake", *arguments, *own]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (line, done.stdout, done.stderr)


def write_file(text):
    """Write a block that begins with its file's name."""
    named = FILE.match(text)
    if named:
        Path(named[1]).parent.mkdir(exist_ok=True)
        Path(named[1]).write_text(text)
    return bool(named)


RUN = {"python": python, "yaml": configuration, "sh": shell, "": lambda text, namespace: None}


def test_readme_shows_the_picture_that_exists_and_links_to_pages_that_exist():
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_study_has_a_readme_of_a_page_and_its_truth_where_it_was_simulated():
    for config in sorted((ROOT / "config").glob("*/config.yaml")):
        assert len((config.parent / "README.md").read_text().splitlines()) <= 60
    assert json.loads((ROOT / "config" / "gaussian_hierarchical" / "truth.json").read_text())["population.mean"] == 50.0
