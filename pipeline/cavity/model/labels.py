"""LaTeX labels and units of a model's parameters, for plots and tables."""

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)


def labels(model):
    """A LaTeX label for each free parameter, between dollars: ``$\\sigma^{\\mathrm{gaussian}}$``.

    The symbol comes from the argument's settings in priors.yaml, else from its name; the superscript is the path of the
    component, left out where the model is a single one.
    """
    return tuple(_label(model, path) for path in model.paths)


def units(model):
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
