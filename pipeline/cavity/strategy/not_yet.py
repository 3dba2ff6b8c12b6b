"""What stands above the datasets and expectation propagation does not fit yet: refused, not answered wrongly."""

from collections.abc import Iterable

from cavity.errors import GraphError
from cavity.graph import Coordinates, FactorView, SharedNames
from cavity.graph.hierarchical import parents_of


def refuse_drawn_above(view: FactorView, names: SharedNames, coordinates: Coordinates, seen: dict) -> None:
    """GraphError where a drawn variable stands above a dataset and no group owns it.

    Parameters
    ----------
    view
        One dataset's factor.
    names, coordinates
        What the phase shares.
    seen
        What the other datasets' calls have left; this one adds to it.
    """
    dataset = view.dataset
    for drawn in view.drawn:
        if seen.setdefault(drawn.prior, dataset) != dataset:
            raise _not_yet(dataset, f"{drawn.name} is the same draw from a parent as in dataset {seen[drawn.prior]}")
    shared = [names.parameter(name) for _, name in view.shared]
    for prior in parents_of(shared, names.parents):
        if names.priors[prior] not in coordinates.groups:
            raise _not_yet(dataset, f"{names.priors[prior]} is one draw from a parent in more than one dataset")
    for drawn in view.drawn:
        for prior in parents_of(drawn.parent.variables, names.parents):
            if names.priors.get(prior) not in coordinates.groups:
                raise _not_yet(dataset, f"the parent of {drawn.name} has a drawn variable above it")
    above = [*(names.priors.get(p) for p in view.hyperparameters), *(name for _, name in view.shared)]
    refuse_crossed(dataset, owners_of(coordinates, above), seen)


def refuse_crossed(dataset: str, owners: tuple[str, ...], together: dict) -> None:
    """GraphError where a group of a dataset is with other groups in another dataset.

    ``together`` has the groups that each group was seen with so far; this call adds to it.
    """
    for owner in owners:
        others = together.setdefault(owner, owners)
        if set(others) != set(owners):
            combinations = " and ".join("+".join(groups) for groups in (others, owners))
            raise _not_yet(dataset, f"groups cross: {owner} is in {combinations}")


def owners_of(coordinates: Coordinates, names: Iterable[str]) -> tuple[str, ...]:
    """The groups that own these global parameters, each once."""
    return tuple(dict.fromkeys(coordinates.groups[name] for name in names if name in coordinates.groups))


def _not_yet(dataset, what):
    return GraphError(
        f"dataset {dataset}: {what}, which expectation propagation does not fit yet; use inference: joint, in Python a "
        "search over graph.global_prior_model, or a cavity.plate where datasets lie in groups"
    )
