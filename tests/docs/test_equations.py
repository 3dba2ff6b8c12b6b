"""The equations of docs/inference.md: every one is computed by a function that names it, and the other way round.

What stands in an HTML comment is kept for code to come: it has a number, and nothing computes it yet.
"""

import ast
import re
from dataclasses import fields
from itertools import count, takewhile
from pathlib import Path

import pytest

from cavity.strategy.limits import POLICY

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pipeline" / "cavity"
PAGE = (ROOT / "docs" / "inference.md").read_text()
SHOWN = re.sub(r"<!--.*?-->", "", PAGE, flags=re.DOTALL)
NAMED = re.compile(r"docs/inference\.md, eq\. (\d+)")
TAG = re.compile(r"\\tag\{(\d+)\}")
ROW = re.compile(r"^\| \((\d+)\) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def functions(tree, above=""):
    """(name, docstring) of every function, private and nested ones included; methods as Class.method."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, f"{above}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield above + node.name, ast.get_docstring(node) or ""
            yield from functions(node, f"{above}{node.name}.")


def numbers_in_docstrings(package):
    """{(module, function): numbers of the equations that its docstring names}."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        for name, text in functions(ast.parse(path.read_text())):
            numbers = {int(number) for number in NAMED.findall(" ".join(text.split()))}
            if numbers:
                found[str(path.relative_to(package)), name] = numbers
    return found


def numbers_in_table(page):
    """The same from the page's last table."""
    found = {}
    for number, places, _ in ROW.findall(page):
        for place in places.split("; "):
            module, *names = re.findall(r"`([^`]+)`", place)
            for name in names:
                found.setdefault((module, name), set()).add(int(number))
    return found


def test_every_equation_has_a_number_and_the_numbers_go_up_by_one():
    numbers = [int(number) for number in TAG.findall(PAGE)]
    assert numbers == list(takewhile(lambda n: n <= len(numbers), count(1)))
    assert SHOWN.count("$$") == 2 * len(TAG.findall(SHOWN))


def test_every_equation_is_named_by_a_function_and_every_name_is_an_equation():
    named = set().union(*numbers_in_docstrings(PACKAGE).values())
    assert named == {int(number) for number in TAG.findall(SHOWN)}


def test_the_table_names_the_functions_that_name_the_equations_and_no_other():
    assert numbers_in_table(SHOWN) == numbers_in_docstrings(PACKAGE)


def test_every_equation_has_a_source_and_the_paper_is_among_the_references():
    rows = ROW.findall(SHOWN)
    references = SHOWN[SHOWN.index("## References") :]
    assert len(rows) == len(TAG.findall(SHOWN))
    for number, _, source in rows:
        assert source, number
        for author, year in re.findall(r"([A-Z]\w+)[^;()]*? (\d{4})", source):
            assert author in references and year in references, (number, author, year)


def test_equations_that_the_text_points_at_exist():
    numbers = {int(number) for number in TAG.findall(SHOWN)}
    text = re.sub(r"\$\$.*?\$\$", "", SHOWN, flags=re.DOTALL)
    pointed = {int(number) for number in re.findall(r"(?<![\w`$])\((\d{1,2})\)", text)}
    assert pointed and pointed <= numbers


@pytest.mark.parametrize("row", re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", SHOWN, re.MULTILINE), ids=lambda row: row[0])
def test_the_limits_on_the_page_are_those_of_the_code(row):
    name, value = row
    assert float(value) == getattr(POLICY, name)


def test_limits_named_in_the_text_have_the_values_of_the_code():
    known = {field.name for field in fields(POLICY)}
    stated = [pair for pair in re.findall(r"`(\w+)` \(([\d.]+)\)", SHOWN) if pair[0] in known]
    assert stated and all(float(value) == getattr(POLICY, name) for name, value in stated)


def test_a_function_renamed_or_an_equation_dropped_is_seen(tmp_path):
    (tmp_path / "one.py").write_text('def f():\n    """A sum (docs/inference.md,\n    eq. 3)."""\n')
    found = numbers_in_docstrings(tmp_path)
    assert found == {("one.py", "f"): {3}}
    assert found == numbers_in_table("| (3) | `one.py` `f` | here |")
    assert found != numbers_in_table("| (3) | `one.py` `g` | here |")
    assert found != numbers_in_table("| (4) | `one.py` `f` | here |")
