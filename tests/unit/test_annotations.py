"""Public functions of the inner floors say what goes in and what comes out, arrays with their shapes."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pipeline" / "cavity"
PACKAGES = ("strategy", "grid", "combine", "propagate", "graph", "numerics")
MODULES = [path for package in PACKAGES for path in sorted((PACKAGE / package).glob("*.py"))]


def public_functions(tree):
    """(name, node) of a module's own functions and its classes' methods; nested and private ones are left out."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for name, method in public_functions(node):
                yield f"{node.name}.{name}", method


def annotations(function):
    """(what, annotation or None) of every parameter but self and cls, and of what is returned."""
    taken = function.args
    parameters = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, *filter(None, (taken.vararg, taken.kwarg))]
    yield from ((item.arg, item.annotation) for item in parameters if item.arg not in ("self", "cls"))
    yield "return", function.returns


def faults(source):
    """{function: what it does not say}: no annotation, or an array without a shape."""
    found = {}
    for name, function in public_functions(ast.parse(source)):
        said = list(annotations(function))
        unsaid = [what for what, annotation in said if annotation is None]
        shapeless = [f"{what} without a shape" for what, annotation in said if annotation and is_shapeless(annotation)]
        if unsaid or shapeless:
            found[name] = unsaid + shapeless
    return found


def is_shapeless(annotation):
    """Whether an annotation names numpy's array by itself: cavity.numerics.types says how its shape is told."""
    return "np.ndarray" in ast.unparse(annotation)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_public_function_is_annotated(path):
    assert faults(path.read_text()) == {}


@pytest.mark.parametrize(
    "source, unsaid",
    [
        ("def f(x, y: int):\n    return x", ["x", "return"]),
        ("def f(x: int):\n    return x", ["return"]),
        ("def f(*x, **y) -> int:\n    return 1", ["x", "y"]),
        ("def f(x: np.ndarray) -> int:\n    return 1", ["x without a shape"]),
        ("def f(x: int) -> tuple[np.ndarray, int]:\n    return x", ["return without a shape"]),
    ],
)
def test_the_same_check_finds_what_is_not(source, unsaid):
    assert faults(source) == {"f": unsaid}
    assert faults("class A:\n" + "\n".join(f"    {line}" for line in source.splitlines())) == {"A.f": unsaid}
    assert faults(source.replace("def f", "def _f")) == {}
