"""A damaged result is put aside."""

from cavity.errors import DamagedError
from cavity.study.damaged import put_aside


def test_a_folder_is_put_aside_whole_and_replaces_an_earlier_one(tmp_path):
    plots = tmp_path / "plots"
    for name in ("a.png", "b.png"):
        plots.mkdir()
        (plots / name).touch()
        said = put_aside(DamagedError(plots, f"{name} is damaged"))
        again = "the same command makes it again where it is needed"
        assert said == f"{plots}: {name} is damaged; put aside as plots.damaged, and {again}"
    assert not plots.exists() and [path.name for path in (tmp_path / "plots.damaged").iterdir()] == ["b.png"]


def test_a_file_is_put_aside_where_an_earlier_one_lies(tmp_path):
    for _ in range(2):
        (tmp_path / "x.h5").touch()
        assert "put aside" in put_aside(DamagedError(tmp_path / "x.h5", "damaged"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5.damaged"]


def test_what_cannot_be_renamed_is_the_error_itself(tmp_path):
    error = DamagedError(tmp_path / "nowhere" / "x.h5", "damaged")
    assert put_aside(error) == str(error) == f"{tmp_path}/nowhere/x.h5: damaged; delete it and run again"
