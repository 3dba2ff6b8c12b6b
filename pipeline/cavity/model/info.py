"""The text of ``model.info``: first the components, then every parameter and value, equal ones folded; and labels."""

import numpy as np

from cavity.model.node import MISSING, Node
from cavity.prior import Expression, Prior, Relation

INDENT = 4
COLUMN = 44
GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)


def describe(model):
    """What ``print(model.info)`` shows.

    Parts of a list that are equal are folded into one, ``0 - 2``. The number in brackets is the parameter's place in
    every vector, from 0: the same number twice is one parameter.
    """
    numbers = {prior: number for number, prior in enumerate(_free_parameters(model))}
    components = [(path, f"{node.title} (N={len(_free_parameters(node))})") for path, node in model.nodes()]
    leaves = [line for path, value in model.leaves() for line in _described(path, value, numbers)]
    (_, root), *components = components
    n_missing = sum(value is MISSING for _, value in model.leaves())
    note = f" ({n_missing} arguments without a prior)" if n_missing else ""
    lines = [f"Total Free Parameters = {len(numbers)}{note}", "", f"{'model':<{COLUMN}}{root}"]
    lines += _indented(_tree(components), depth=1)
    lines += ["", *_indented(_tree(leaves), depth=0)]
    if model.assertions:
        lines += ["", "assertions"]
        lines += [
            " " * INDENT + assertion.described(lambda prior: f"[{numbers.get(prior, '?')}]")
            for assertion in model.assertions
        ]
    return "\n".join(lines)


def _free_parameters(node):
    """As ``node.priors``, also where an argument is still without a prior."""
    leaves = [value for _, value in node.leaves() if isinstance(value, Expression)]
    return dict.fromkeys(prior for value in leaves for prior in value.variables())


def _described(path, value, numbers):
    """(path, text) for a leaf; a relation has its formula and then its parameters."""
    if isinstance(value, Prior):
        yield path, _parameter(value, numbers)
    elif isinstance(value, Relation):
        yield path, value.described(lambda prior: f"[{numbers[prior]}]")
        for number, prior in enumerate(value.variables()):
            yield (*path, str(number)), _parameter(prior, numbers)
    elif not isinstance(value, Node):
        yield path, _text(value)


def _text(value):
    """A fixed value in a line; an object without a text of its own is its class."""
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return type(value).__name__ if type(value).__repr__ is object.__repr__ else str(value)


def _parameter(prior, numbers):
    family, *arguments = str(prior).split(", ")
    return ", ".join([f"{family} [{numbers[prior]}]", *arguments])


def _tree(entries):
    """Entries (path, text) as a nested list [(name, text, children)], list items folded."""
    below = {}
    for path, text in entries:
        below.setdefault(path[0], []).append((path[1:], text))
    nodes = []
    for run in _runs(below):
        if len(run) == 1:
            nodes.append(_node(run[0], below[run[0]]))
        else:
            nodes += _folded(run, below)
    return nodes


def _runs(names):
    """Neighbouring names that count on: ``[["gaussian"], ["0", "1", "2"]]``."""
    runs = []
    for name in names:
        if runs and name.isdigit() and runs[-1][-1].isdigit() and int(name) == int(runs[-1][-1]) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    return runs


def _folded(run, below):
    """The nodes of a run of list items: each entry stands at the longest ranges of items that have it."""
    holders = {}
    for name in run:
        for entry in below[name]:
            holders.setdefault(entry, []).append(name)
    groups = {}
    for entry, names in holders.items():
        for part in _runs(names):
            groups.setdefault((int(part[0]), -int(part[-1])), []).append(entry)
    for (first, negative_last), entries in sorted(groups.items()):
        name = str(first) if first == -negative_last else f"{first} - {-negative_last}"
        yield _node(name, entries)


def _node(name, entries):
    own = next((text for path, text in entries if not path), "")
    return name, own, _tree([(path, text) for path, text in entries if path])


def _indented(nodes, depth):
    for name, text, children in nodes:
        yield f"{' ' * INDENT * depth + name:<{COLUMN}}{text}".rstrip()
        yield from _indented(children, depth + 1)


# --- labels and units, for plots and tables ---------------------------------------------------------------------------


def labels_of(model):
    """A LaTeX label for each free parameter, between dollars: ``$\\sigma^{\\mathrm{gaussian}}$``.

    The symbol comes from the argument's settings in priors.yaml, else from its name; the superscript is the path of the
    component, left out where the model is a single one.
    """
    return tuple(_label(model, path) for path in model.paths)


def units_of(model):
    """The unit of each free parameter as text, empty where none is known."""
    return tuple(model.settings_at(path).unit for path in model.paths)


def _label(model, path):
    symbol = model.settings_at(path).label or _symbol(_own_name(path))
    component = ".".join(_component(path))
    if not component:
        return f"${symbol}$"
    symbol = f"{{{symbol}}}" if "^" in symbol else symbol
    return f"${symbol}^{{{_roman(component)}}}$"


def _own_name(path):
    """The argument's name: a number at the end counts the parameters of a relation."""
    return "_".join(path[-2:]) if path[-1].isdigit() and len(path) > 1 else path[-1]


def _component(path):
    """The path of the component; a tuple's name is part of its members' names already."""
    parents = path[:-2] if path[-1].isdigit() and len(path) > 1 else path[:-1]
    return parents[:-1] if parents and path[-1].startswith(f"{parents[-1]}_") else parents


def _symbol(name):
    """``sigma`` -> \\sigma, ``centre_0`` -> \\mathrm{centre}_{0}."""
    base, _, index = name.rpartition("_")
    if base and index.isdigit():
        return f"{_symbol(base)}_{{{index}}}" if "_" not in base else f"{_roman(base)}_{{{index}}}"
    if name in GREEK:
        return f"\\{name}"
    return name if len(name) == 1 else _roman(name)


def _roman(text):
    escaped = text.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"
