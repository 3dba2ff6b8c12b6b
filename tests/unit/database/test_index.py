"""results.sqlite: made from the files, equal when they are."""

import errno
import os
import sqlite3

import pytest
from tests.unit.database.results import phase_result, write_fit

from cavity.database.index import open_index, result_files, write_database
from cavity.errors import AccessError, ResultError


def contents(connection):
    tables = ("files", "fits", "statistics", '"values"', "classes", "covariates", "settings")
    return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def test_the_database_is_made_from_the_files_alone(tmp_path):
    write_fit(tmp_path, "a", sigma=2.0)
    phase_result().write(tmp_path / "study" / "main")
    path = write_database(tmp_path)
    first = contents(open_index(path))
    path.unlink()
    assert contents(open_index(write_database(tmp_path))) == first
    assert [name for _, name, _ in first["files"]] == ["a/result.h5", "study/main/posterior.h5"]


def test_it_moves_with_its_folder(tmp_path):
    write_fit(tmp_path / "here", "a", sigma=2.0)
    write_database(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    assert len(contents(open_index(tmp_path / "there" / "results.sqlite"))["fits"]) == 1


def test_opening_does_not_change_the_file(tmp_path):
    write_fit(tmp_path, "a", sigma=2.0)
    path = write_database(tmp_path)
    before = path.read_bytes()
    write_fit(tmp_path, "a", sigma=3.0)
    open_index(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_what_the_machine_refuses_is_a_sentence_and_leaves_the_old_file(tmp_path, monkeypatch, code):
    def refuse(path, _):
        raise OSError(code, os.strerror(code), str(path))

    write_fit(tmp_path, "a", sigma=2.0)
    before = write_database(tmp_path).read_bytes()
    with monkeypatch.context() as patch, pytest.raises(AccessError, match=f"sqlite.*: {os.strerror(code)}; .* again$"):
        patch.setattr("cavity.database.index.Path.write_bytes", refuse)
        write_database(tmp_path)
    assert (tmp_path / "results.sqlite").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "results.sqlite"]


def test_what_is_no_database_is_a_sentence(tmp_path):
    with pytest.raises(ResultError, match="no such database"):
        open_index(tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("text" * 1000)
    with pytest.raises(ResultError, match="text.sqlite: not a database of results"):
        open_index(tmp_path / "text.sqlite")
    sqlite3.connect(tmp_path / "old.sqlite").execute("CREATE TABLE x (y)")
    with pytest.raises(ResultError, match="version 0"):
        open_index(tmp_path / "old.sqlite")


def test_rounds_and_hidden_folders_are_passed_over(tmp_path):
    for folder in ("main", "main/round-001", "main/after-0/round-000", ".cache/x"):
        phase_result().write(tmp_path / folder)
    assert result_files(tmp_path) == [tmp_path / "main" / "posterior.h5"]


def test_sqlite_opens_no_file_as_some_file_systems_have_no_locks(tmp_path, monkeypatch):
    def connect(database, *arguments, **options):
        assert database == ":memory:", database
        return real(database, *arguments, **options)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    (tmp_path / "results").mkdir()
    assert open_index(write_database(tmp_path / "results")).execute("SELECT count(*) FROM fits").fetchone() == (0,)
