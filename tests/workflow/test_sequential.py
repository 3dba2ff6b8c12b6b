"""A sequential phase as a chain of jobs: what a change fits again, and that a chain that ended goes on."""

import signal

import pytest
from tests.unit.study.drifting import write_data, write_study

from .conftest import Workspace

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("sequential")]


@pytest.fixture
def chain(tmp_path):
    """Four datasets, nothing done."""
    return Workspace(write_study(tmp_path / "work" / "study").parent)


def fitted(run):
    return [name for _, name in run.searched]


def test_first_run_then_changes_one_at_a_time(chain):
    first = chain.run()
    jobs = {"check": 1, "search_sites": 4, "aggregate": 1, "decide": 1, "summarise": 1, "plot": 1, "all": 1}
    assert first.jobs == jobs and fitted(first) == ["t0", "t1", "t2", "t3"]
    assert chain.run().jobs == {"all": 1}

    # one dataset's data: it and those after it
    write_data(chain.study, 2, shift=0.1)
    changed = chain.run()
    assert changed.jobs["search_sites"] == 2 and fitted(changed) == ["t2", "t3"] and "check" not in changed.jobs

    # a row moved to the end: those whose dataset before is another one
    table = chain.study / "datasets.tsv"
    header, t0, t1, t2, t3 = table.read_text().splitlines()
    table.write_text("\n".join([header, t0, t2, t3, t1]) + "\n")
    assert fitted(chain.run()) == ["t1", "t2", "t3"]

    # a covariate of one row
    rows = [header + "\ttime", f"{t0}\t0.0", f"{t2}\t1.0", f"{t3}\t2.0", f"{t1}\t3.0"]
    table.write_text("\n".join(rows) + "\n")
    assert fitted(chain.run()) == ["t0", "t1", "t2", "t3"]
    rows[3] = f"{t3}\t2.5"
    table.write_text("\n".join(rows) + "\n")
    moved = chain.run()
    assert fitted(moved) == ["t3"]

    # a dataset added at the end: itself
    write_data(chain.study, 4)
    table.write_text("\n".join([*rows, "t4\tt4.csv\t4"]) + "\n")
    added = chain.run()
    assert added.jobs["search_sites"] == 1 and fitted(added) == ["t4"]


def test_a_chain_that_was_ended_goes_on_where_it_stopped(chain, tmp_path):
    assert chain.interrupt("searches, searched t1", signal.SIGTERM) != 0
    resumed = chain.run()
    assert "t0" not in fitted(resumed) and fitted(resumed)[-1] == "t3"
    whole = Workspace(write_study(tmp_path / "other" / "study").parent)
    whole.run()
    assert chain.published() == whole.published()


def test_one_process_gives_the_bits_of_the_workflow(chain, tmp_path):
    from cavity.study import Study

    chain.run()
    result = Study.load(chain.study, results=tmp_path).fit()["main"]
    result.write(tmp_path)
    published = chain.published()
    for name in ("summary.json", "posterior.h5"):
        assert (tmp_path / name).read_bytes() == published[name]


def test_a_grid_over_a_chain_and_a_phase_after_it(chain):
    (chain.study / "config.yaml").write_text(
        "phases:\n"
        "  - {name: main, inference: sequential, search: {name: Laplace}}\n"
        "  - {name: last, inference: sequential, factor: later, search: {name: Laplace}, after: [main]}\n"
        "grid_searches: [{name: cells, phase: main, parameters: {line.level: 2}}]\n"
    )
    jobs = chain.run().jobs
    assert jobs["search_sites"] == 8 and jobs["grid_cells"] == 8 and jobs["check"] == 2
    assert (chain.folder / "results" / "study" / "cells" / "after-0" / "cells.h5").is_file()
    assert chain.run().jobs == {"all": 1}
