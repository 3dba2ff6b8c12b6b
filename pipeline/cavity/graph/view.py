"""One factor as propagation sees it: which parameters are drawn, shared or local, and how they hang together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cavity.graph.coordinates import Coordinates, law_of
from cavity.graph.factor import AnalysisFactor
from cavity.graph.hierarchical import HierarchicalFactor, parents_of
from cavity.prior import Prior


@dataclass(frozen=True)
class Drawn:
    """A local parameter whose prior is a parent.

    Attributes
    ----------
    index
        Its place in the factor's parameter vector.
    name
        Its path in the factor's model.
    prior, parent
        The variable, and the distribution it is drawn from.
    """

    index: int
    name: str
    prior: Prior
    parent: HierarchicalFactor


@dataclass(frozen=True)
class FactorView:
    """The parameters of one factor by their role.

    Attributes
    ----------
    dataset
        The dataset's name.
    compiled
        The compiled model: its vector holds drawn, shared and local parameters in the order of their paths.
    analysis
        The user's analysis.
    drawn
        One :class:`Drawn` each.
    shared
        (index, global name) each, for priors that enter this likelihood directly.
    local
        (index, path, prior) each.
    """

    dataset: str
    model: Any
    compiled: Any
    analysis: Any
    optimiser: Any
    drawn: tuple[Drawn, ...]
    shared: tuple[tuple[int, str], ...]
    local: tuple[tuple[int, str, Prior], ...]

    @property
    def hyperparameters(self) -> tuple[Prior, ...]:
        """Every prior the parents of the drawn variables depend on."""
        return tuple(dict.fromkeys(v for d in self.drawn for v in d.parent.variables))


def view_factor(
    factor: AnalysisFactor, dataset: str, shared_names: Mapping[Prior, str], parents: Iterable[HierarchicalFactor] = ()
) -> FactorView:
    """Sort a factor's parameters into drawn, shared and local.

    Parameters
    ----------
    factor
        An ``AnalysisFactor``.
    dataset
        Its name.
    shared_names
        {prior: global name}.
    parents
        The graph's hierarchical factors (for ``add_drawn_variable``).

    Raises
    ------
    GraphError
        If a parameter has two parents.
    """
    compiled = factor.prior_model.compile()
    parent_of = parents_of(compiled.priors, parents)
    drawn, shared, local = [], [], []
    for index, (name, prior) in enumerate(zip(compiled.names, compiled.priors)):
        if prior in parent_of and prior not in shared_names:
            drawn.append(Drawn(index, name, prior, parent_of[prior]))
        elif prior in shared_names:
            shared.append((index, shared_names[prior]))
        else:
            local.append((index, name, prior))
    return FactorView(
        dataset=dataset,
        model=factor.prior_model,
        compiled=compiled,
        analysis=factor.analysis,
        optimiser=factor.optimiser,
        drawn=tuple(drawn),
        shared=tuple(shared),
        local=tuple(local),
    )


def link_of(view: FactorView, coordinates: Coordinates) -> dict:
    """How the factor sees the global parameters, as plain data that a site stores (see propagate.link).

    Parameters
    ----------
    view
        A :class:`FactorView`.
    coordinates
        Of the shared parameters.

    Raises
    ------
    GraphError
        If a parent's family is not one that propagation integrates in closed form.
    """
    entries = []
    for drawn in view.drawn:
        label = f"dataset {view.dataset}: {drawn.name}"
        entries.append({"name": drawn.name, **law_of(drawn.prior, drawn.parent, coordinates.name_of, label)})
    return {"drawn": entries, "shared": [name for _, name in view.shared]}
