"""Files of a simulation are a study's data, and those of the repository come from the simulator."""

import json
from pathlib import Path

import numpy as np
import pytest

from cavity.errors import DatasetError
from cavity.simulate import SIMULATORS, write_simulation
from cavity.simulate.simulation import Simulation
from cavity.study import read_table

ROOT = Path(__file__).parents[3]


def test_what_is_written_can_be_read_as_datasets(tmp_path):
    simulation = SIMULATORS["gaussian_shared"](datasets=2).simulate(1)
    write_simulation(simulation, tmp_path)
    datasets = read_table(tmp_path / "datasets.tsv")
    assert [dataset.id for dataset in datasets] == list(simulation.data)
    assert datasets[0].load()["data"] == pytest.approx(simulation.data[datasets[0].id]["data"], rel=1e-5)
    assert json.loads((tmp_path / "truth.json").read_text())["centre"] == 50.0


def test_a_table_that_exists_is_not_overwritten(tmp_path):
    (tmp_path / "datasets.tsv").write_text("mine\n")
    with pytest.raises(DatasetError, match="exists already"):
        write_simulation(SIMULATORS["gaussian_shared"](datasets=2).simulate(1), tmp_path)


@pytest.mark.parametrize("name", ["gaussian_hierarchical", "gaussian_shared", "orbits", "tumours"])
def test_the_files_of_the_repository_are_the_simulators(tmp_path, name):
    write_simulation(SIMULATORS[name]().simulate(1), tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {path: (ROOT / "config" / name / path).read_bytes() for path in written}


def test_covariates_are_columns_of_the_table(tmp_path):
    data = {name: {"y": np.array([1.0, np.nan])} for name in "ab"}
    covariates = {"a": {"patient": "007"}, "b": {"patient": "7"}}
    write_simulation(Simulation(data=data, truth={}, covariates=covariates), tmp_path)
    assert (tmp_path / "datasets.tsv").read_text() == "dataset\tpath\tpatient\na\tdata/a.csv\t007\nb\tdata/b.csv\t7\n"
    assert (tmp_path / "data" / "a.csv").read_text() == "y\n1\nnan\n"
