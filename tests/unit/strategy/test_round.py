"""What travels through the rounds comes back from a file to the bit, and nothing is read past its one reader."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.unit.strategy.small import context

import cavity as cv
from cavity.errors import ResultError
from cavity.posterior.store import load_json, load_tree, save_tree, tree_checksum, write_json
from cavity.strategy import round as records
from cavity.strategy.loop import plan_round, rounds_of
from cavity.strategy.round import Decision, Plan, Round, Searched, from_tree, to_tree

PACKAGE = Path(cv.__file__).parent


@pytest.fixture(scope="module", params=["drawn", "shared", "local", "joint"])
def rounds(request):
    inference = {"local": "independent", "joint": "joint"}.get(request.param, "ep")
    kind = "drawn" if request.param == "joint" else request.param
    c = context(inference, n=2, kind=kind, max_rounds=3)
    return c, rounds_of(c)


def through_a_file(record, path):
    save_tree(path, to_tree(record))
    return from_tree(type(record), load_tree(path))


def test_rounds_plans_and_sites_come_back_to_the_bit(rounds, tmp_path):
    c, found = rounds
    for record in (*found.states, *found.sites.values(), plan_round(c, found.last)):
        back = through_a_file(record, tmp_path / "record.h5")
        assert tree_checksum(to_tree(back)) == tree_checksum(to_tree(record))
        for item in fields(record):
            one, other = getattr(record, item.name), getattr(back, item.name)
            assert type(one) is type(other) or is_dataclass(one) is is_dataclass(other)


def test_a_round_on_from_files_is_the_round_in_memory(tmp_path):
    c = context(n=2, tolerance=1e-6, max_rounds=2)
    found = rounds_of(c)
    before = through_a_file(found.states[0], tmp_path / "state.h5")
    sites = {name: through_a_file(site, tmp_path / f"{name}.h5") for name, site in found.sites.items()}
    from cavity.strategy.loop import aggregate

    again = aggregate(c, sites, before)
    assert tree_checksum(to_tree(again)) == tree_checksum(to_tree(found.last))


def test_a_decision_is_json(tmp_path):
    write_json(tmp_path / "decision.json", to_tree(Decision("refresh", 2, "because", 0.25)))
    assert load_json(tmp_path / "decision.json") == {"decision": "refresh", "round": 2, "why": "because", "mcse": 0.25}
    assert from_tree(Decision, load_json(tmp_path / "decision.json")) == Decision("refresh", 2, "because", 0.25)


def test_which_decisions_go_on():
    names = ("pilot", "refresh", "converged", "max_rounds", "stopped")
    assert [name for name in names if Decision(name, 0, "").goes_on] == ["pilot", "refresh"]
    assert [name for name in names if Decision(name, 0, "").converged] == ["converged"]


def test_a_file_of_another_kind_is_one_sentence():
    with pytest.raises(ResultError, match="a Round needs datasets, which the file lacks; delete it and run again"):
        from_tree(Round, to_tree(Plan(0, "pilot", ("a",))))


def test_what_is_kept_costs_nothing():
    site = Searched("a", 0, "site", calls=7, rejected=2, ess=np.float64(3.0))
    assert (site.kept().calls, site.kept().rejected, site.kept().ess) == (0, 0, 3.0)


def test_every_field_is_documented_where_it_stands():
    lines = Path(records.__file__).read_text().splitlines()
    bare = [line for line in lines if re.match(r"    [a-z_]+: .*", line) and "  # " not in line]
    assert not bare


def test_nothing_reads_a_tree_but_its_reader():
    pattern = re.compile(r"\b(tree|state|plan|found|searched|decision|previous|points|joined)\[\"")
    files = [*(PACKAGE / "strategy").glob("*.py"), *(PACKAGE / "cli").glob("*.py"), PACKAGE / "study" / "fit.py"]
    lines = [
        f"{path.name}: {line.strip()}"
        for path in files
        for line in path.read_text().splitlines()
        if pattern.search(line)
    ]
    assert lines == []
