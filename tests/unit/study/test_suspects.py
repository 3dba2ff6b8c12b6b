"""Where a likelihood is no finite number, the cells that may be why are named by file, line and column."""

import json

import numpy as np
import pytest

from cavity.errors import LikelihoodError, NoStartError, NotFiniteError, StudyError
from cavity.study import Study
from cavity.study.suspects import LISTED, cells_named, suspects


@pytest.fixture
def listed(folder):
    """What is listed of dataset b, whose file has this content."""

    def listed(content, name="b.csv"):
        path = folder / "datasets.tsv"
        path.write_text(path.read_text().replace("b.csv", name))
        if content is not None:
            (folder / name).write_text(content)
        return suspects(Study.load(folder), "b")

    return listed


def test_each_nan_infinity_and_zero_with_line_and_column(listed, folder):
    found = listed("# note\nx,y\n1,\n0,inf\n2,0.0\n")
    places = "line 3, column y is NaN; line 4, column y is infinite; line 4, column x is zero; line 5, column y is zero"
    assert found == f"; {folder / 'b.csv'}: {places}"


def test_only_the_lines_of_the_dataset(listed):
    found = listed("dataset,y\na,0\nb,1\nb,\n")
    assert "line 4, column y is NaN" in found and "line 2" not in found


def test_cells_of_other_files_by_their_place(listed, folder):
    assert "b.json: y[1] is NaN; y[2] is zero" in listed(json.dumps({"y": [1.0, None, 0]}), "b.json")
    np.savez(folder / "c.npz", y=np.array([[1.0, 0.0]]), z=0.0, name=np.array(["p"]))
    (folder / "datasets.tsv").write_text("dataset\tpath\nb\tc.npz\n")
    assert "c.npz: name[0] is text ('p'); y[0, 1] is zero; z is zero" in listed(None)


def test_cells_of_the_table_too(listed, folder):
    (folder / "datasets.tsv").write_text("dataset\tpath\ts\tn\tk\tcode\na\tb.csv\t1\t1\tx\t10\nb\tb.csv\t0\t\ty\t1e1\n")
    found = listed("y\n1\n2\n")
    for place in ("s is zero", "n is NaN", "k is text ('y')", "code is text ('1e1'), as two cells"):
        assert f"line 3, column {place}" in found


def test_a_number_that_is_text_says_which_other_cell_makes_it_so(listed, folder):
    (folder / "datasets.tsv").write_text("dataset\tpath\tn\na\ta.csv\told\nb\tb.csv\t7\n")
    assert "line 3, column n is text ('7'), as line 2 has 'old'" in listed("y\n1\n")
    (folder / "datasets.tsv").write_text("dataset\tpath\nb\tb.csv\n")
    assert "line 3, column code is text ('007')" in listed("code\n12\n007\n")


def test_many_are_counted(listed):
    found = listed("y\n" + "0\n" * (LISTED + 30))
    assert found.count("is zero") == LISTED and found.endswith("; 30 more are zero")


def test_nothing_where_nothing_stands_out(listed):
    assert listed("y\n1\n") == ""


@pytest.mark.parametrize(
    ("raised", "cause", "expected"),
    [
        (NotFiniteError("it"), None, "is zero"),
        (NoStartError("it"), None, "is zero"),
        (StudyError("it"), ValueError(), "is zero"),
        (LikelihoodError("it"), ZeroDivisionError(), "is zero"),
        (StudyError("it"), TypeError(), "is text"),
        (LikelihoodError("it"), NameError(), None),
        (LikelihoodError("it"), None, None),
    ],
)
def test_what_is_listed_depends_on_what_was_raised(folder, raised, cause, expected):
    (folder / "b.csv").write_text("y,name\n0,p\n")
    with pytest.raises(type(raised)) as caught, cells_named(Study.load(folder), "b"):
        raise raised from cause
    text = str(caught.value)
    assert text == "it" if expected is None else expected in text
    assert ("is zero" in text) == (expected == "is zero") and type(caught.value) is type(raised)
