"""Where a workflow may be started from, used as a module, and reported."""

import ast
import base64
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from snakemake import report

ROOT = Path(__file__).parents[2]


def snakemake(*arguments, **keywords):
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **keywords)


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_the_default_study_is_found_from_any_working_directory(tmp_path, snakefile):
    done = snakemake("--snakefile", ROOT / snakefile, "--directory", tmp_path, "--dry-run", "--quiet", "host")
    assert done.returncode == 0, done.stdout
    assert "study=gaussian_hierarchical" in done.stdout


def test_a_configfile_elsewhere_is_a_study(fresh):
    done = fresh.run("--configfile", str(fresh.study / "config.yaml"), "--dry-run")
    assert "study=study, run=main" in done.output and "study/d3.csv" in done.output


@pytest.mark.parametrize("name", ["a+b", "a(b)", "[ab]"])
def test_a_study_s_folder_is_no_pattern(fresh, name):
    folder = fresh.study.rename(fresh.folder / name)
    run = fresh.run("--configfile", str(folder / "config.yaml"), "--dry-run")
    assert f"study={name}, run=main" in run.output and f"{name}/d3.csv" in run.output


@pytest.mark.long
def test_a_study_called_a_b_with_a_plus_is_fitted(fresh):
    folder = fresh.study.rename(fresh.folder / "a+b")
    fresh.run("--configfile", str(folder / "config.yaml"))
    assert (fresh.folder / "results" / "a+b" / "main" / "summary.json").is_file()


@pytest.mark.parametrize("renamed", ["study", "study/d0.csv"])
def test_braces_in_a_name_are_refused(fresh, renamed):
    folder, path = fresh.study, fresh.folder / renamed
    if path.is_dir():
        folder = path.rename(path.with_name("x{y}"))
    else:
        path.rename(path.with_name("x{y}"))
        table = folder / "datasets.tsv"
        table.write_text(table.read_text().replace("d0.csv", "x{y}"))
    run = fresh.run("--configfile", str(folder / "config.yaml"), "--dry-run", check=False)
    assert run.returncode == 2 and "Traceback" not in run.output
    assert "x{y}: braces mean a pattern to Snakemake; rename it, or fit with cavity run" in run.output


@pytest.mark.parametrize("content", ["phases: [{name: first}]", "study: study.py\nphases: [{name: first}]"])
def test_a_configfile_without_datasets_is_the_study_of_its_folder(fresh, tmp_path, content):
    (fresh.study / "config.yaml").write_text(content)
    run = ("--directory", tmp_path / "w", "--dry-run", "--quiet", "host", "--snakefile", ROOT / "Snakefile")
    done = snakemake(*run, "--configfile", "study/config.yaml", cwd=fresh.folder)
    assert done.returncode == 0, done.stdout
    assert "study=study, run=first" in done.stdout and "study=gaussian_hierarchical" not in done.stdout


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        ("seed: 1", ["{default}"], "lie in two folders"),
        ("seed: 1", ["--config", "study=eight_schools"], "give one of them"),
        ("study: eight_schools", [], "--config study=NAME"),
    ],
)
def test_a_configfile_is_never_another_study(fresh, content, arguments, sentence):
    (fresh.study / "config.yaml").write_text(content)
    default = ROOT / "config" / "gaussian_hierarchical" / "config.yaml"
    more = [argument.format(default=default) for argument in arguments]
    done = fresh.run("--dry-run", "--configfile", str(fresh.study / "config.yaml"), *more, check=False)
    assert done.returncode != 0 and "Building DAG" not in done.output
    assert done.output.count(sentence) == 1 and "Traceback" not in done.output, done.output


def test_a_modules_own_study_is_not_the_configfile_of_the_command_line(fresh):
    module = "module one:\n    snakefile: {!r}\n    config: {}\nuse rule * from one as one_*\n"
    (fresh.folder / "own.yaml").write_text("lanes: 3\n")
    for config, files in (
        ('{"study": "study/config.yaml", "seed": 5}', "own.yaml"),  # it has its own
        ('{"study": "gaussian_hierarchical", **config}', "study/config.yaml"),  # it is made of the command line's
    ):
        (fresh.folder / "Snakefile").write_text(module.format(str(ROOT / "Snakefile"), config))
        done = snakemake("one_all", "--dry-run", "--quiet", "host", "--configfile", files, cwd=fresh.folder)
        assert done.returncode == 0 and "study=study, run=main" in done.stdout, done.stdout


def test_a_key_on_the_command_line_overrides_the_study(fresh):
    run = fresh.run("--dry-run", "--printshellcmds", "--config", "study=study/config.yaml", "seed=5")
    assert "--set=seed=5" in run.output


def test_no_rule_has_a_run_block_and_only_the_target_asks_the_checkpoint():
    rules = {path: path.read_text() for path in [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]}
    assert not [path for path, text in rules.items() if re.search(r"^\s*run:", text, re.MULTILINE)]
    assert [path.name for path, text in rules.items() if "checkpoints." in text] == ["common.smk"]
    users = [path.name for path, text in rules.items() if "last_round_files(" in text]
    assert sorted(users) == ["Snakefile", "common.smk"]
    assert len(rules[ROOT / "Snakefile"].splitlines()) <= 60


def test_no_profile_asks_for_job_arrays():
    """Arrays hang where they are longer than ``jobs``, and every task is judged by the first one's output."""
    profiles = {path.parent.name: yaml.safe_load(path.read_text()) for path in ROOT.glob("profiles/*/config.yaml")}
    assert {"default", "slurm"} <= set(profiles)
    assert [(name, key) for name, keys in profiles.items() for key in keys if "array" in key] == []


def test_the_conda_environment_pins_the_versions_of_the_lock():
    lock = dict(line.lower().split("==") for line in (ROOT / "requirements.lock").read_text().split())
    pins = dict(re.findall(r"^  - ([a-z0-9-]+) =(\S+)$", (ROOT / "envs" / "cavity.yaml").read_text(), re.MULTILINE))
    assert len(pins) >= 8
    assert {name.removesuffix("-base"): version for name, version in pins.items()} == {
        name: lock[name] for name in (pin.removesuffix("-base") for pin in pins)
    }


def test_the_lock_has_versions_and_no_addresses():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in lines)


def installed_with(requirements):
    """Names of the distributions that these requirements bring, theirs included."""
    names, queue = set(), [Requirement(line) for line in requirements]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        extras = [{"extra": extra} for extra in (*requirement.extras, "")]
        if (name, *requirement.extras) not in names:
            names.add((name, *requirement.extras))
            further = [Requirement(line) for line in requires(name) or ()]
            queue += [r for r in further if not r.marker or any(r.marker.evaluate(extra) for extra in extras)]
    return {name for name, *_ in names}


def imported_by(folder):
    """Top-level modules that the Python files below a folder import, wherever in them."""
    nodes = [node for file in Path(folder).rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names


def test_the_package_brings_what_a_report_imports():
    """``make example`` installs no extra; Snakemake leaves to an extra of its own what colours a report's code."""
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    owners, brought = packages_distributions(), installed_with(requirements)
    imported = imported_by(Path(report.__file__).parent)
    assert {"pygments", "jinja2", "snakemake"} <= imported
    assert {name for name in imported if not {canonicalize_name(o) for o in owners[name]} & brought} == set()
    without = installed_with([line for line in requirements if not line.startswith("pygments")])
    assert "pygments" not in without and "jinja2" in without, "the check sees what is missing"


@pytest.mark.long
def test_the_workflow_is_used_twice_as_a_module(finished, tmp_path):
    (tmp_path / "Snakefile").write_text(
        "\n".join(
            f"""
module {name}:
    snakefile: {str(ROOT / "Snakefile")!r}
    config: {{"study": {str(finished.study / "config.yaml")!r}, "seed": {seed}}}
    prefix: {name!r}

use rule * from {name} as {name}_*
"""
            for name, seed in (("one", 1), ("two", 2))
        )
    )
    done = snakemake("--directory", tmp_path, "one_all", "two_all", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    folders = [tmp_path / name / "results" / "study" / "main" for name in ("one", "two")]
    one, two = ((folder / "posterior.h5").read_bytes() for folder in folders)
    assert one == finished.published()["posterior.h5"] != two


@pytest.mark.long
def test_the_report_is_one_file_with_the_plots_in_it(workspace):
    workspace.run("--report", "report.html")
    page = (workspace.folder / "report.html").read_text()
    graph = (workspace.folder / "results" / "study" / "main" / "plots" / "graph.png").read_bytes()
    assert "summary.json" in page and base64.b64encode(graph).decode() in page
