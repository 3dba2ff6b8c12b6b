"""Damaged files: what is said, and that the same command makes them again, or searches them, to the same bytes."""

import os
import shutil
import sqlite3

import pytest

from .conftest import Workspace, make_study

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("damage")]

ROUND = "main/round-000"
CHECKSUM = "the content does not match its checksum"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study of two datasets that stopped after its first round, with the bytes that it published."""
    workspace = make_study(tmp_path_factory.mktemp("damage") / "work" / "study", datasets=2)
    workspace.configure(max_rounds=1)
    workspace.run()
    return workspace, workspace.published()


@pytest.fixture
def copied(whole, tmp_path):
    shutil.copytree(whole[0].folder, tmp_path / "work", symlinks=True)
    return Workspace(tmp_path / "work")


def empty(path):
    path.write_bytes(b"")


def flip(path):
    """Flip bits in the middle of a file and keep its times."""
    state, content = path.stat(), bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content) // 2 + 64):
        content[place] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def remove_content(path):
    for file in path.iterdir():
        file.unlink()


def empty_everywhere(path):
    """A site in the round and in the cache; the round's summary has to be made again."""
    empty(path)
    (path.parents[1] / "summary.json").unlink()
    for entry in path.parents[3].glob(".cache/*.h5"):
        empty(entry)


AGAIN = "and the same command makes it again where it is needed"
#: file, damage, what the next command says (nothing: it mends the file by itself), what the one after it searches
DAMAGES = [
    (f"{ROUND}/decision.json", empty, "decision.json: not readable as JSON", []),
    (f"{ROUND}/decision.json", flip, "decision.json: ", []),
    (f"{ROUND}/summary.json", empty, f"{ROUND}/summary.json: not readable as JSON", []),
    (f"{ROUND}/summary.json", flip, f"{ROUND}/summary.json: ", []),
    (f"{ROUND}/posterior.h5", empty, f"{ROUND}/posterior.h5: not a readable result", []),
    (f"{ROUND}/posterior.h5", flip, f"{ROUND}/posterior.h5: {CHECKSUM}", []),
    (f"{ROUND}/global.h5", empty, f"{ROUND}/global.h5: not a readable result", []),
    (f"{ROUND}/sites/d0.h5", empty, f"{ROUND}/sites/d0.h5: not a readable result", []),
    (f"{ROUND}/sites/d0.h5", empty_everywhere, f"{ROUND}/sites/d0.h5: not a readable result", ["d0"]),
    (f"{ROUND}/plots/corner.png", empty, f"{ROUND}/plots: corner.png is damaged", []),
    (f"{ROUND}/plots/graph.png", flip, f"{ROUND}/plots: graph.png is damaged", []),
    (f"{ROUND}/plots", remove_content, f"{ROUND}/plots: there is no plot in it", []),
    ("main/check.txt", empty, f"main/check.txt: {CHECKSUM}", []),
    ("main/check.txt", flip, f"main/check.txt: {CHECKSUM}", []),
    ("main/summary.json", empty, "", []),
    ("main/posterior.h5", flip, "", []),
    ("main/plots/corner.png", empty, "", []),
    ("results.sqlite", empty, "", []),
    ("results.sqlite", flip, "", []),
    ("results.sqlite", os.unlink, "", []),
]


@pytest.mark.parametrize(("name", "damage", "sentence", "searched"), DAMAGES)
def test_what_is_damaged_is_named_and_the_same_command_makes_it_again(copied, whole, name, damage, sentence, searched):
    results = copied.folder / "results" / "study"
    damage(results / name)
    first = copied.run(check=False)
    assert first.returncode == (1 if sentence else 0) and "Traceback" not in first.output
    if sentence:
        said = [line for line in first.output.splitlines() if sentence in line]
        assert said and all(line.endswith(AGAIN) for line in said), first.output
        again = copied.run()
        assert [dataset for _, dataset in again.searched] == searched
    assert copied.published() == whole[1]
    assert sqlite3.connect(results / "results.sqlite").execute("SELECT count(*) FROM fits").fetchone() == (3,)
    assert copied.run().jobs == {"all": 1}


def test_bits_that_nothing_reads_again_change_no_answer(copied, whole):
    flip(copied.folder / "results" / "study" / ROUND / "global.h5")
    assert copied.run().jobs == {"all": 1} and copied.published() == whole[1]
