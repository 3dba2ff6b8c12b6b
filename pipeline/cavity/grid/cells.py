"""The cells of a grid: axes over parameters, the box of every cell, its key and its share of the prior."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any

import numpy as np

from cavity.errors import SearchError, did_you_mean
from cavity.inference import ONE_BY_ONE
from cavity.numerics.types import Array
from cavity.prior import DrawnVariable, Prior

WHOLE = "all"  # the name of a fit of all datasets together


@dataclass(frozen=True)
class Axis:
    """One parameter cut into boxes.

    Attributes
    ----------
    name
        The parameter.
    lower, upper
        (n,) the limits of each box in the parameter's unit; equal where a cell fixes the parameter to a value.
    """

    name: str
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __len__(self):
        return len(self.lower)

    @property
    def fixed(self) -> bool:
        """Whether the cells are values instead of boxes."""
        return self.lower == self.upper

    @property
    def centres(self) -> Annotated[Array, "n"]:
        """(n,) the middle of each box; the finite limit of a half-open one."""
        lower, upper = np.array(self.lower), np.array(self.upper)
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (lower + upper)
        return np.where(np.isfinite(middle), middle, np.where(np.isfinite(lower), lower, upper))


@dataclass(frozen=True)
class Cell:
    """One cell of a grid.

    Attributes
    ----------
    index
        Its place along every axis.
    boxes
        Parameter -> (lower, upper).
    """

    index: tuple[int, ...]
    boxes: Mapping[str, tuple[float, float]]

    @property
    def name(self) -> str:
        """``2-0``: the places joined by dashes; names files and streams of random numbers."""
        return "-".join(str(place) for place in self.index)

    def described(self) -> str:
        """``feature.centre in [60, 80]``: what an error calls it."""
        parts = (
            f"{name}={low:g}" if low == up else f"{name} in [{low:g}, {up:g}]" for name, (low, up) in self.boxes.items()
        )
        return ", ".join(parts)


def make_axis(name: str, prior: Prior, cut: Any) -> Axis:
    """The boxes of one parameter.

    Parameters
    ----------
    name, prior
        The parameter.
    cut
        A number of steps (boxes of equal prior mass: of equal width where the prior is flat), a list of edges in
        increasing order, or ``{"values": [...]}`` to fix the parameter to each.

    Raises
    ------
    SearchError
        If there are no steps, the edges are not in order, or they leave the prior's limits.
    """
    if isinstance(prior, DrawnVariable):
        raise SearchError(
            f"grid search over {name}: it is drawn from a parent, whose density a box would change; "
            "grid over the parent's own parameters"
        )
    if isinstance(cut, Mapping):
        if set(cut) != {"values"}:
            raise SearchError(f"grid search over {name}: give a number of steps, a list of edges or {{values: [...]}}")
        values = _numbers(name, cut["values"], fewest=1)
        _inside(name, prior, values)
        return Axis(name, values, values)
    if isinstance(cut, (list, tuple, np.ndarray)):
        edges = _numbers(name, cut, fewest=2)
        if any(not low < up for low, up in zip(edges, edges[1:], strict=False)):
            raise SearchError(f"grid search over {name}: the edges {list(edges)} do not increase")
        _inside(name, prior, edges)
    else:
        edges = _equal_masses(name, prior, cut)
    return Axis(name, edges[:-1], edges[1:])


def make_axes(priors: Mapping[str, Prior], steps: Any) -> list[Axis]:
    """An axis for each parameter; ``steps`` is a cut of :func:`make_axis` for all, or a sequence of one for each."""
    several = isinstance(steps, Sequence) and not isinstance(steps, str)
    cuts = list(steps) if several else [steps] * len(priors)
    if len(cuts) != len(priors):
        raise SearchError(f"number_of_steps has {len(cuts)} entries for {len(priors)} grid_priors; give one for each")
    return [make_axis(name, prior, cut) for (name, prior), cut in zip(priors.items(), cuts, strict=True)]


def make_cells(axes: Sequence[Axis]) -> tuple[Cell, ...]:
    """Every cell of a grid, the last axis fastest."""
    found = []
    for index in product(*(range(len(axis)) for axis in axes)):
        found.append(Cell(index, {a.name: (a.lower[i], a.upper[i]) for a, i in zip(axes, index, strict=True)}))
    return tuple(found)


def cell_keys(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Cell -> key, from the configuration alone.

    A cell's key follows from what it is (the second of five steps; the box from 20 to 40), not from its place: a cell
    that a refined axis still has keeps its key, its shard and its random numbers.

    Parameters
    ----------
    parameters
        Name -> number of steps, edges, or ``{"values": [...]}``.
    """
    labels = [[(place, [name, *label]) for place, label in enumerate(_labels(cut))] for name, cut in parameters.items()]
    keys = {}
    for chosen in product(*labels):
        text = json.dumps([label for _, label in chosen])
        keys["-".join(str(place) for place, _ in chosen)] = hashlib.sha256(text.encode()).hexdigest()[:10]
    return keys


def fits_of(part: Any, inference: str, datasets: Sequence[str]) -> tuple[str, ...]:
    """Names of the fits of a grid: the datasets of a phase that fits each by itself, else ``all``.

    Parameters
    ----------
    part
        The grid's configuration: ``name``, ``phase``, ``dataset`` (an id, or ``all``).
    inference, datasets
        Those of the phase.

    Raises
    ------
    SearchError
        If there is no such dataset, or one is asked for where all are fitted together.
    """
    if inference not in ONE_BY_ONE:
        if part.dataset != WHOLE:
            raise SearchError(
                f"{part.name}: phase {part.phase} is {inference} and fits all datasets together; its grid cannot be of "
                f"{part.dataset} alone, use dataset: all"
            )
        return (WHOLE,)
    if part.dataset == WHOLE:
        return tuple(datasets)
    if part.dataset not in datasets:
        hint = did_you_mean(part.dataset, datasets)
        raise SearchError(f"{part.name}: the table has no dataset {part.dataset}{hint}")
    return (part.dataset,)


def chosen_priors(model: Any, grid_priors: Any) -> dict[str, Prior]:
    """Name -> prior of the axes.

    Raises
    ------
    SearchError
        If one is fixed or not in the model, or is there twice.
    """
    compiled = model.compile()
    by_name = dict(zip(compiled.names, compiled.priors, strict=True))
    name_of = {prior: name for name, prior in by_name.items()}
    if not len(grid_priors):
        raise SearchError("grid_priors is empty; give at least one parameter of the model")
    found = {}
    for number, entry in enumerate(grid_priors):
        name = entry if isinstance(entry, str) else name_of.get(entry) if not _is_number(entry) else None
        if name is None:
            what = f"fixed to {entry}" if _is_number(entry) else "not a free parameter of the model"
            raise SearchError(f"grid_priors[{number}] is {what}; choose among {', '.join(by_name)}")
        if name not in by_name:
            raise SearchError(f"{name} is not a free parameter of the model{did_you_mean(name, by_name)}")
        if name in found:
            raise SearchError(f"{name} is on two axes of the grid; give each axis a parameter of its own")
        found[name] = by_name[name]
    return found


def in_cell(cell: Cell, priors: Mapping[str, Prior]) -> tuple[dict, float]:
    """What a cell makes of its parameters, and how much of the prior it holds.

    Parameters
    ----------
    cell
        A :class:`Cell`.
    priors
        Name -> prior, of the parameters on the axes.

    Returns
    -------
    (dict, float)
        {prior: its confined form, or the value}, and the log of the prior mass in the cell. For a fixed value it is the
        log density there, so that the cell's share is per unit of the parameter.
    """
    replacements, log_mass = {}, 0.0
    for name, (lower, upper) in cell.boxes.items():
        prior = priors[name]
        if lower == upper:
            replacements[prior] = lower
            log_mass += float(prior.log_prob(lower))
        else:
            replacements[prior] = prior.confined(lower, upper)
            log_mass += float(prior.log_mass(lower, upper))
    return replacements, log_mass


def _labels(cut):
    """What each cell of an axis is, whatever its place."""
    if isinstance(cut, dict):
        return [["value", float(value)] for value in cut["values"]]
    if isinstance(cut, (list, tuple)):
        return [["box", float(low), float(up)] for low, up in zip(cut, cut[1:], strict=False)]
    return [["step", k, cut] for k in range(cut)]


def _equal_masses(name, prior, steps):
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)):
        raise SearchError(f"grid search over {name}: the number of steps must be a whole number, got {steps!r}")
    if steps < 1:
        raise SearchError(f"grid search over {name}: at least one step is needed, got {steps}")
    inner = [float(prior.value_for(k / steps)) for k in range(1, steps)]
    edges = (float(prior.lower_limit), *inner, float(prior.upper_limit))
    if any(not low < up for low, up in zip(edges, edges[1:], strict=False)):
        raise SearchError(f"grid search over {name}: {steps} steps are too many for {prior}")
    return edges


def _numbers(name, values, fewest):
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise SearchError(f"grid search over {name}: {values!r} are not numbers") from None
    if len(numbers) < fewest or any(math.isnan(number) for number in numbers):
        raise SearchError(f"grid search over {name}: at least {fewest} numbers are needed, got {list(numbers)}")
    return numbers


def _inside(name, prior, values):
    for value in values:
        if not prior.lower_limit <= value <= prior.upper_limit:
            raise SearchError(
                f"grid search over {name}: {value:g} is outside its prior's limits "
                f"{prior.lower_limit:g} and {prior.upper_limit:g}"
            )


def _is_number(value):
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
