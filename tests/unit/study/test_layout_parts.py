"""Paths and inputs of the jobs of grids and comparisons."""

import pytest

from cavity.errors import DatasetError
from cavity.study import Study
from cavity.study.layout import Layout
from cavity.study.layout_parts import PartLayout

CONFIG = """
phases:
  - {name: first, inference: independent}
  - {name: second, inference: independent, after: [grid]}
  - {name: whole, inference: ep, after: [first]}
grid_searches:
  - {name: grid, phase: first, parameters: {x: [0, 1, 2]}}
  - {name: wide, phase: whole, parameters: {population.mean: 3}}
comparisons: [{name: models, phases: [first, second]}]
"""


@pytest.fixture
def parts(folder):
    (folder / "config.yaml").write_text(CONFIG)
    return PartLayout(Layout(Study.load(folder, results="results")))


def test_a_grid_has_shards_and_their_data(parts):
    assert parts.run_pattern("grid") == "grid|wide/after-\\d+"
    assert parts.run_pattern("sensitivity") == "no-such-part"
    cells = parts.cells("grid")
    assert len(cells) == 4 and all(path.startswith("results/points/grid/cells/") for path in cells)
    shard = cells[0].rpartition("/")[2].removesuffix(".h5")
    ((dataset, _),) = parts.tasks("grid", shard)
    assert [path.rpartition("/")[2] for path in parts.data("grid", shard)] == [f"{dataset}.csv"]


def test_a_whole_fit_reads_every_dataset(parts):
    shard = next(iter(parts._shards["wide"]))
    assert [path.rpartition("/")[2] for path in parts.data("wide/after-0", shard)] == ["a.csv", "b.csv"]


def test_a_phase_after_a_grid_reads_its_cells(parts):
    assert parts.layout.earlier("second") == ["results/points/grid/cells.h5"]
    assert parts.earlier("models/after-0-0") == [
        "results/points/first/round-000/posterior.h5",
        "results/points/second/round-000/posterior.h5",
        "results/points/grid/cells.h5",
    ]
    assert parts.published("models", {"first": 0, "second": 0})[0] == "results/points/models/after-0-0/summary.json"


def test_settings_of_a_shard_name_its_own_cells_alone(parts, folder):
    shard = next(iter(parts._shards["grid"]))
    before = parts.settings("grid", shard)
    (folder / "config.yaml").write_text(CONFIG.replace("[0, 1, 2]", "[0, 1, 2, 3]"))
    refined = PartLayout(Layout(Study.load(folder, results="results")))
    assert refined.settings("grid", shard) == before and len(refined.cells("grid")) == 6


def test_a_dataset_that_is_not_there_is_one_sentence(folder):
    (folder / "config.yaml").write_text(CONFIG.replace("parameters: {x", "dataset: c, parameters: {x"))
    with pytest.raises(DatasetError, match="grid: the table has no dataset c"):
        PartLayout(Layout(Study.load(folder, results="results"))).shard_pattern  # noqa: B018
