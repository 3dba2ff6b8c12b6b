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


def test_columns_are_read_as_they_are(write):
    header = "dataset\tlabel\tflagged\tpatient\tcode\n"
    one, two = read_table(write(f"{header}J0037+0942\t1e1\ttrue\t007\t1e1\n7\t12\tFalse\t7\t10\n"))
    assert (one.id, one.label, one.flagged, one.patient, one.code) == ("J0037+0942", "1e1", True, "007", "1e1")
    assert (two.id, two.label, two.flagged, two.patient, two.code) == ("7", "12", False, "7", "10")


def test_a_column_of_groups_is_text_as_it_is_written(write):
    (only,) = read_table(write("dataset\tpatient\tage\na\t7.0\t7.0\n"))
    assert only.patient == 7.0
    grouped = only.with_texts(["patient", "organ"])
    assert grouped.patient == "7.0" and grouped.age == 7.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the table is empty"),
        ("dataset\tpath\n", "the table has no rows"),
        ("datset\tpath\na\tx.csv\n", "there is no column dataset; did you mean datset?"),
        ("dataset\tpath\na/b\tx.csv\n", "line 2: 'a/b' cannot be a dataset id"),
        ("dataset\tpath\n..\tx.csv\n", "line 2: '..' cannot be a dataset id"),
        ("dataset\tpath\na\tx.csv\na\tx.csv\n", r"line 3: the dataset a is there twice \(first in line 2\)"),
        ('dataset\tnote\na\t"seen\nb\tok\n', "line 2, column note: the cell begins with a quote"),
        ("dataset\ty\na\t1.5\nb\tn/a\n", "line 3, column y: 'n/a' is not a number"),
        ("dataset path\na x.csv\n", "there is no column dataset"),
        ("dataset\tpath\na\tnone.csv\n", "line 2: dataset a: none.csv: no such file"),
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
