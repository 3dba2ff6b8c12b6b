"""What the machine refuses is one sentence, and once it is mended the same command goes on from what is finished."""

import errno
import os
import resource
import subprocess
import sys

import pytest

from cavity.cli import main
from cavity.posterior.store import load_tree, save_tree

SPACE = "make space on the disk (what is finished is kept), then give the same command again"
RIGHTS = "make it accessible to you or choose another folder for the results, then give the same command again"
FOLDER = "bring the folder back, then give the same command again"
OTHER = "mend that, then give the same command again"


def fit(study, capsys):
    """(exit code, what was said on standard error besides progress) of ``cavity run``."""
    code = main(["run", str(study.folder), "--results", str(study.folder.parent / "results")])
    lines = capsys.readouterr().err.splitlines()
    return code, [line for line in lines if not line.startswith("main")]


REFUSALS = [
    (".cache/", errno.ENOSPC, SPACE),
    (".cache/", errno.EACCES, RIGHTS),
    (".cache/", errno.EIO, OTHER),
    ("summary.json", errno.ENOENT, FOLDER),
    ("corner.png", errno.EROFS, RIGHTS),
]


@pytest.mark.parametrize(("name", "code", "remedy"), REFUSALS)
def test_a_write_that_is_refused(study, capsys, monkeypatch, name, code, remedy):
    replace = os.replace

    def refuse(source, target):
        if name in str(target):
            raise OSError(code, os.strerror(code), str(source))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    exit_code, said = fit(study, capsys)
    assert exit_code == 2 and len(said) == 1
    assert name in said[0] and said[0].endswith(f": {os.strerror(code)}; {remedy}")
    monkeypatch.undo()
    assert not list(study.folder.parent.rglob("results/**/.*.part"))
    finished = len(list(study.folder.parent.glob("results/effects/.cache/*.h5")))
    assert (finished == 0) == (name == ".cache/")
    assert fit(study, capsys) == (0, [])
    if finished:
        assert len(list(study.folder.parent.glob("results/effects/.cache/*.h5"))) == finished


def test_hdf5_s_own_words_are_not_what_is_said(study):
    """A real refusal in the middle of a file: no file may be longer than 5 kB."""
    command = [sys.executable, "-m", "cavity", "run", str(study.folder), "--results", str(study.folder / "results")]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # noqa: E731
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    said = [line for line in done.stderr.splitlines() if not line.startswith("main")]
    assert done.returncode == 2 and len(said) == 1, done.stderr
    assert said[0].endswith(f": File too large; {SPACE}") and ".cache/" in said[0]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_a_results_folder_that_is_a_file(study, capsys):
    path = study.folder.parent / "results"
    path.write_text("")
    code, said = fit(study, capsys)
    assert code == 2 and len(said) == 1 and said[0].endswith(FOLDER)
    path.unlink()
    assert fit(study, capsys) == (0, [])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("study.py", "import cavity as cv", "import cavity as cv\nraise SystemExit"),
        ("study.py", "def factor(dataset):", "def factor(dataset):\n    raise SystemExit(0)"),
        ("study.py", "        return -0.5", "        raise SystemExit(0)\n        return -0.5"),
    ],
)
def test_a_study_that_ends_the_process_does_not_end_well(study, capsys, name, old, new):
    before = (study.folder / name).read_text()
    study.replace(name, old, new)
    code, said = fit(study, capsys)
    assert code == 2 and len(said) == 1 and "SystemExit" in said[0]
    (study.folder / name).write_text(before)
    assert fit(study, capsys) == (0, [])


def test_sites_of_an_older_layout_are_put_aside(study, capsys):
    sites, out = (study.folder.parent / name for name in ("sites.h5", "global.h5"))
    arguments = [str(study.folder), "--results", str(study.folder.parent / "results"), "--phase", "main"]
    for name in "abc":
        assert main(["search", *arguments, "--shard", name, "--out", f"{sites}.{name}"]) == 0
    searched = [f"{sites}.{name}" for name in "abc"]
    joining = ["aggregate", *arguments, "--sites", *searched, "--out", str(out)]
    assert main(joining) == 0
    tree = load_tree(searched[1])
    del tree["b"]["site"]["node"]
    save_tree(searched[1], tree)
    capsys.readouterr()
    assert main(joining) == 2
    said = f"{searched[1]}: not a readable result ('node'); put aside as sites.h5.b.damaged, and the same command"
    assert capsys.readouterr().err == f"{said} makes it again where it is needed\n"


def test_sites_of_other_data_are_not_joined(study, capsys):
    sites, out = (study.folder.parent / name for name in ("sites.h5", "global.h5"))
    arguments = [str(study.folder), "--results", str(study.folder.parent / "results"), "--phase", "main"]
    for name in "abc":
        assert main(["search", *arguments, "--shard", name, "--out", f"{sites}.{name}"]) == 0
    joining = ["aggregate", *arguments, "--sites", *(f"{sites}.{name}" for name in "abc"), "--out", str(out)]
    study.replace("b.csv", "4.0", "5.0")
    capsys.readouterr()
    assert main(joining) == 2
    assert "phase main: the data or the row of b changed after the search" in capsys.readouterr().err
    assert main(["search", *arguments, "--shard", "b", "--out", f"{sites}.b"]) == 0 and main(joining) == 0


@pytest.mark.parametrize("option", ["--code", "--data"])
def test_a_job_is_held_to_what_the_workflow_began_with(study, capsys, option):
    arguments = [str(study.folder), "--results", str(study.folder.parent / "results"), "--phase", "main"]
    command = ["search", *arguments, "--shard", "b", "--out", str(study.folder.parent / "b.h5"), option, "another"]
    assert main(command) == 2
    said = "changed while the workflow was running; give the same command again\n"
    assert capsys.readouterr().err.endswith(said)


def test_a_data_file_that_cannot_be_read(study):
    (study.folder / "b.csv").rename(study.folder / "kept")
    (study.folder / "b.csv").symlink_to("/proc/self/mem")
    code, output = study.snakemake("-n")
    assert code == 2 and "Traceback" not in output
    assert "b.csv: cannot be read (Input/output error); give it back and run again" in output
