"""The table of datasets is checked before anything runs."""

import math

import pytest

from cavity.errors import DatasetError
from cavity.study.table import read_table


@pytest.fixture
def write(tmp_path):
    def write(text, name="datasets.tsv"):
        (tmp_path / "x.csv").write_text("y\n1\n")
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_rows_are_datasets_with_typed_covariates(write):
    first, second = read_table(write("dataset\tpath\tn\ttime\tpatient\na\tx.csv\t3\t1.5\tann\nb\tx.csv\t4\t\t\n"))
    assert (first.id, first.n, first.time, first.patient) == ("a", 3, 1.5, "ann")
    assert isinstance(first.n, int) and math.isnan(second.time) and second.patient is None
    assert (first.row, second.row) == ((0, 2), (1, 2))
    assert first.path.name == "x.csv"


def test_a_csv_table_and_one_without_paths(write):
    (only,) = read_table(write("dataset,size\na,3\n", "datasets.csv"))
    assert only.path is None and only.size == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the table is empty"),
        ("dataset\tpath\n", "the table has no rows"),
        ("datset\tpath\na\tx.csv\n", "there is no column dataset; did you mean datset?"),
        ("dataset\tpath\na/b\tx.csv\n", "line 2: 'a/b' cannot be a dataset id"),
        ("dataset\tpath\n..\tx.csv\n", "line 2: '..' cannot be a dataset id"),
        ("dataset\tpath\na\tx.csv\na\tx.csv\n", r"line 3: the dataset a is there twice \(first in line 2\)"),
        ("dataset\tpath\na\tnone.csv\n", "dataset a: none.csv: no such file"),
        ("dataset\tpath\na\t\n", "dataset a: its path is empty"),
        ("dataset\tpath\na\n", "line 2: 1 fields where the header has 2"),
        ("dataset\tpath\tload\na\tx.csv\t1\n", "a column cannot be named 'load'"),
        ("dataset\tpath\tpath\na\tx.csv\tx.csv\n", "the column path is there twice"),
    ],
)
def test_a_bad_table_is_one_sentence(write, text, sentence):
    with pytest.raises(DatasetError, match=sentence):
        read_table(write(text))


def test_a_missing_table(tmp_path):
    with pytest.raises(DatasetError, match="datasets.tsv: no such file"):
        read_table(tmp_path / "datasets.tsv")
