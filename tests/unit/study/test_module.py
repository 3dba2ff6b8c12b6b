"""Running a study.py by path."""

import sys

import pytest

from cavity.errors import PriorError, StudyError
from cavity.study.module import load_module, sources


def test_modules_beside_are_found_and_the_path_is_left_alone(folder):
    before = list(sys.path)
    module = load_module(folder / "study.py", "cavity_study_points")
    assert sys.path == before
    assert module.factor.__module__ == "cavity_study_points"


def test_two_studies_may_have_modules_of_one_name(tmp_path):
    for value in (1, 2):
        (tmp_path / str(value)).mkdir()
        (tmp_path / str(value) / "beside.py").write_text(f"VALUE = {value}\n")
        (tmp_path / str(value) / "study.py").write_text("from beside import VALUE\n")
    values = [load_module(tmp_path / str(value) / "study.py", f"study_{value}").VALUE for value in (1, 2)]
    assert values == [1, 2]


def test_sources_are_study_and_what_is_beside_it(folder):
    assert [path.name for path in sources(folder / "study.py")] == ["shapes.py", "study.py"]


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("x = 1 / 0\n", StudyError, "study.py, line 1: ZeroDivisionError"),
        ("\ndef f(:\n", StudyError, "study.py, line 2: "),
        ("import cavity as cv\np = cv.UniformPrior(2.0, 1.0)\n", PriorError, "study.py, line 2: .*lower"),
        (
            "import sys\nsys.exit(0)\n",
            StudyError,
            r"line 2: it ends the process \(SystemExit\(0\)\); raise an",
        ),
        ("import nowhere_at_all\n", StudyError, "line 1: ModuleNotFoundError"),
    ],
)
def test_an_error_names_file_and_line(tmp_path, text, error, sentence):
    (tmp_path / "study.py").write_text(text)
    with pytest.raises(error, match=sentence):
        load_module(tmp_path / "study.py", "cavity_study_bad")


def test_a_missing_file(tmp_path):
    with pytest.raises(StudyError, match="no such file; the key study"):
        load_module(tmp_path / "study.py", "cavity_study_none")
