"""Paths of attributes and what a comparison is in SQL."""

import pytest
from tests.unit.database.results import Gaussian, write_fit

from cavity.database.catalogue import Catalogue
from cavity.database.index import open_index, write_database
from cavity.errors import ResultError


@pytest.fixture
def catalogue(tmp_path):
    write_fit(tmp_path, "a", sigma=2.0, time=0.5)
    return Catalogue(open_index(write_database(tmp_path)))


def test_a_path_means_one_table(catalogue):
    assert catalogue.table_of(("dataset",)) == ("fits", "dataset")
    assert catalogue.table_of(("dataset", "time")) == catalogue.table_of(("time",)) == ("covariates", "time")
    assert catalogue.table_of(("gaussian", "sigma")) == ("values", "gaussian.sigma")
    assert catalogue.table_of(("gaussian",)) == ("classes", "gaussian")
    assert catalogue.table_of(("search", "nlive")) == ("settings", "nlive")
    with pytest.raises(ResultError, match="did you mean search.nlive"):
        catalogue.table_of(("search", "nliv"))


def test_values_are_parameters_of_the_statement_never_part_of_it(catalogue):
    text, values = catalogue.compare(("name",), "==", "a'; DROP TABLE fits; --")
    assert "DROP" not in text and values == ("a'; DROP TABLE fits; --",)
    text, values = catalogue.compare(("gaussian",), "==", Gaussian)
    assert values[:2] == ("gaussian", "Gaussian")


def test_text_never_compares_with_a_number(catalogue):
    text, values = catalogue.compare(("dataset", "band"), ">", 3.0)
    assert catalogue.connection.execute(f"SELECT COUNT(*) FROM fits WHERE {text}", values).fetchone() == (0,)
    text, values = catalogue.compare(("dataset", "band"), "==", "red")
    assert catalogue.connection.execute(f"SELECT COUNT(*) FROM fits WHERE {text}", values).fetchone() == (1,)
