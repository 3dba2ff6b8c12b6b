"""A column is numbers, truth values or text as a whole, and nothing that is written differently becomes the same."""

import numpy as np
import pytest

from cavity.errors import DatasetError
from cavity.study.cell_values import array_of, covariates_of, is_missing, is_number
from cavity.study.text_table import TextTable


def column(*cells):
    return TextTable("f.csv", {"y": cells}, tuple(range(2, 2 + len(cells))))


@pytest.mark.parametrize("cell", ["0", "7", "-7", "+7", "1.5", "1.", ".5", "-.5", "0.0", "1e3", "2E-3", "1.e5", "-Inf"])
def test_plain_decimals_are_numbers(cell):
    assert is_number(cell) and array_of(column(cell), "y").dtype == float


@pytest.mark.parametrize(
    "cell", ["007", "1_0", "1,5", "1e", ".", "e5", "0x10", "1 000", "--", "٣", "1e5.0", "00", "1.5.2", "+", "infin"]
)
def test_anything_else_is_none(cell):
    assert not is_number(cell)


def test_a_missing_cell_is_nan_among_numbers():
    found = array_of(column("1", "", "NA", "NaN", "2.5"), "y")
    assert np.array_equal(found, [1, np.nan, np.nan, np.nan, 2.5], equal_nan=True)
    assert covariates_of(column("1", "2"), "y") == [1, 2] and covariates_of(column("1", "2.5"), "y") == [1.0, 2.5]
    assert np.isnan(covariates_of(column("1", "", "NA"), "y")[1:]).all()


def test_text_keeps_what_would_be_missing_among_numbers():
    assert array_of(column("Na", "Fe", ""), "y").tolist() == ["Na", "Fe", ""]
    assert covariates_of(column("Na", "Fe", ""), "y") == ["Na", "Fe", None]
    assert is_missing("") and not is_missing("--")


@pytest.mark.parametrize("cells", [("007", "7"), ("1_1", "11"), ("007", "12", "13"), ("9007199254740993", "1")])
def test_names_made_of_digits_stay_apart_and_as_they_are(cells):
    assert array_of(column(*cells), "y").tolist() == list(cells)


@pytest.mark.parametrize("cells", [("1e1", "10"), ("10.0", "10"), ("007", "7"), ("1_1", "11"), ("7", "8b")])
def test_covariates_that_are_written_differently_are_different(cells):
    assert covariates_of(column(*cells), "y") == list(cells)


def test_truth_values_in_any_case():
    assert covariates_of(column("True", "false", "FALSE"), "y") == [True, False, False]
    assert covariates_of(column("True", ""), "y") == [True, None]
    assert covariates_of(column("True", "maybe"), "y") == ["True", "maybe"]
    assert array_of(column("true", "False"), "y").dtype == bool
    assert np.array_equal(array_of(column("true", ""), "y"), [1.0, np.nan], equal_nan=True)


@pytest.mark.parametrize("cell", ["abc", "--", "1,234", "n/a", "<0.3"])
def test_a_text_among_numbers_names_its_line_and_column(cell):
    for read in (array_of, covariates_of):
        with pytest.raises(DatasetError, match=f"f.csv, line 3, column y: '{cell}' is not a number; "):
            read(column("1.5", cell, "2.5"), "y")
