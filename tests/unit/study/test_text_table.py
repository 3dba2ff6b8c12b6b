"""Text tables as people's programs write them, and what is said of those that cannot be read."""

import gzip

import pytest

from cavity.errors import DatasetError
from cavity.study.text_table import read_text_table


@pytest.fixture
def read(tmp_path):
    def read(content, name="f.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_text_table(path)

    return read


WRITTEN = {
    "plain": "x,y\n1,2\n3,4\n",
    "no last line end": "x,y\n1,2\n3,4",
    "windows": "x,y\r\n1,2\r\n3,4\r\n",
    "old mac": "x,y\r1,2\r3,4\r",
    "byte order mark": "\ufeffx,y\n1,2\n3,4\n",
    "spaces": " x , y \n 1 , 2 \n3,4\n",
    "empty lines": "\nx,y\n\n1,2\n\n3,4\n\n",
    "comments": "# made by hand\nx,y\n1,2\n# a pause\n3,4\n",
    "savetxt": "# x,y\n1,2\n3,4\n",
    "savetxt without a space": "#x,y\n1,2\n3,4\n",
    "savetxt with a note above": "# made by hand, today\n# x,y\n1,2\n3,4\n",
    "everything quoted": '"x","y"\n"1","2"\n"3","4"\n',
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_table_however_it_is_written(read, name):
    assert read(WRITTEN[name]).columns == {"x": ("1", "3"), "y": ("2", "4")}
    assert read(WRITTEN[name].replace(",", "\t"), "f.tsv").columns == {"x": ("1", "3"), "y": ("2", "4")}
    packed = gzip.compress(WRITTEN[name].encode())
    assert read(packed, "f.csv.gz").columns == {"x": ("1", "3"), "y": ("2", "4")}


def test_rows_know_their_lines(read):
    table = read("# note\nx,y\n\n1,2\n# pause\n3,4\n")
    assert table.lines == (4, 6) and table.at(1, "y").endswith("f.csv, line 6, column y")


def test_a_quoted_cell_may_hold_the_delimiter_and_quotes(read):
    assert read('x,note\n1,"a, ""b"""\n').columns["note"] == ('a, "b"',)
    assert read('x\tnote\n1\t5" wide\n', "f.tsv").columns["note"] == ('5" wide',)


def test_a_comment_is_no_header_where_there_is_one(read):
    assert list(read("# a,b\nx,y\n1,2\n").columns) == ["x", "y"]
    assert list(read("# dataset\tpath\na\ta.csv\n", "f.tsv").columns) == ["dataset", "path"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "f.csv: the table is empty"),
        ("# nothing\n", "f.csv: the table is empty"),
        ("x,y\n1\n", "f.csv, line 2: 1 fields where the header has 2"),
        ("x,y\n1,2\n\n3,4,5\n", "f.csv, line 4: 3 fields where the header has 2"),
        ('x,y\n1,"2\n3,4\n', "f.csv, line 2, column y: the cell begins with a quote"),
        ('x,y\n1,2\n"a" b,4\n', "f.csv, line 3, column x: the cell begins with a quote"),
        ('x,"y\n1,2\n', "f.csv, line 1, column 2: the cell begins with a quote"),
        ("x,y,x\n1,2,3\n", "f.csv, line 1: the column x is there twice"),
        (",x\n0,1\n", "f.csv, line 1, column 1: the column has no name"),
        ("1,2\n3,4\n", "f.csv, line 1: numbers where the names of the columns must be"),
        ("x;y\n1;2\n", "f.csv, line 1: the cells stand between semicolons; this kind of file has commas"),
        ("x\ty\n1\t2\n", "f.csv, line 1: the cells stand between tabs"),
    ],
)
def test_what_cannot_be_read_names_line_and_column(read, content, sentence):
    with pytest.raises(DatasetError, match=sentence):
        read(content)


def test_other_encodings_are_named_by_their_line(read):
    with pytest.raises(ValueError, match="line 2 is not UTF-8 text"):
        read("x,y\n1,\u00e9\n".encode("latin-1"))


def test_a_header_alone_is_a_table_without_rows(read):
    table = read("# note\nx,y\n")
    assert table.columns == {"x": (), "y": ()} and table.lines == () and table.header == 2
