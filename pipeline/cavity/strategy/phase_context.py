"""What one phase of a study is, without its files: the input of every strategy, in a notebook and in a job."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cavity.errors import GraphError
from cavity.graph import AnalysisFactor, Coordinates, FactorView, SharedNames, coordinates_of, view_factor
from cavity.graph.hierarchical import parents_of
from cavity.inference import SEQUENTIAL
from cavity.paths import FitPaths
from cavity.posterior.phase import PhaseResult
from cavity.propagate.hierarchy import Law
from cavity.propagate.transform import GlobalSpace
from cavity.strategy.limits import POLICY, Limits

MAX_CALLS = 50_000  # likelihood calls of one dataset in one phase, unless told
LISTED_MODELS = 1000  # datasets whose models a result records


@dataclass(frozen=True)
class EPSettings:
    """How expectation propagation runs.

    Attributes
    ----------
    tolerance
        The largest Monte Carlo error of a shared parameter's mean, in its posterior sd.
    max_rounds
        Rounds of searches before it stops unconverged.
    n_draws
        Importance draws per site and round.
    """

    tolerance: float = 0.15
    max_rounds: int = 12
    n_draws: int = 400


class Factors:
    """A phase's factors by dataset: a graph's are there already, a study's are composed when they are asked for.

    Parameters
    ----------
    known
        {dataset: AnalysisFactor}.
    """

    def __init__(self, known: Mapping[str, AnalysisFactor]):
        self._known = known

    def __call__(self, dataset: str) -> AnalysisFactor:
        """The factor of a dataset."""
        return self._known[dataset]

    def seen(self, dataset: str) -> str:
        """SHA-256 of what the factor of a dataset can see of earlier results; empty where it sees none."""
        return ""

    def after(self, found: PhaseResult) -> "Factors":
        """The same where datasets of a sequential phase see the fits in ``found``, its result so far."""
        return self


@dataclass(frozen=True, eq=False)
class PhaseContext:
    """One phase: how to get a dataset's factor, what is shared, how to search.

    Attributes
    ----------
    study, phase
        Names, for files and streams of random numbers.
    inference
        "independent", "sequential", "joint" or "ep".
    datasets
        The ids, in the table's order.
    factor
        id -> AnalysisFactor, a :class:`Factors`; called only for the datasets a job works on.
    names
        What the study shares.
    search
        The phase's search; a factor's own ``optimiser`` goes first.
    seed
        The study's seed.
    limits
        When the rounds go on, and what they search again.
    max_calls
        Likelihood calls that one dataset may take in this phase, rescues and later rounds included (a joint phase: all
        of them); None: any number. A last step may go a tenth beyond.
    covariates
        {dataset: the other columns of its row}.
    output
        The folder that ``visualize`` draws into during the searches, a dataset's in a folder of its own; None: nowhere.
    progress
        label -> what a search shows its progress with; None: silent.
    """

    study: str
    phase: str
    inference: str
    datasets: tuple[str, ...]
    factor: Factors | Callable[[str], AnalysisFactor]
    names: SharedNames
    search: Any
    seed: int = 1
    max_calls: int | None = None
    ep: EPSettings = EPSettings()
    limits: Limits = POLICY
    on_error: str = "raise"
    provenance: Mapping = field(default_factory=dict)
    covariates: Mapping = field(default_factory=dict)
    output: Path | None = None
    progress: Callable[[str], Any] | None = None
    _seen: dict = field(default_factory=dict, repr=False)

    @cached_property
    def coordinates(self) -> Coordinates:
        """The coordinates that propagation works in."""
        return coordinates_of(self.names)

    @cached_property
    def space(self) -> GlobalSpace:
        """The coordinates on unconstrained scales; the first dataset tells which of them likelihoods know."""
        coordinates = self.coordinates
        laws = [law and Law.from_spec(law) for law in coordinates.laws]
        first = self.view(self.datasets[0])
        above = set(first.hyperparameters)
        direct = {name for _, name in first.shared if self.names.parameter(name) not in above}
        return GlobalSpace.from_priors(coordinates.names, coordinates.priors, laws, direct).standardised()

    def view(self, dataset: str) -> FactorView:
        """One dataset's factor, its parameters sorted by role.

        Raises
        ------
        GraphError
            If a parameter without a name turns out to be shared between datasets.
        """
        view = view_factor(self.factor(dataset), dataset, self.names.priors, tuple(self.names.parents))
        for _, path, prior in view.local:
            if self._seen.setdefault(prior, dataset) != dataset:
                raise GraphError(
                    f"dataset {dataset}: {path} is the same prior as in dataset {self._seen[prior]} but has no name; "
                    "assign it to a variable of study.py, or make it inside factor"
                )
        for drawn in view.drawn:
            if self._seen.setdefault(drawn.prior, dataset) != dataset:
                raise GraphError(
                    f"dataset {dataset}: {drawn.name} is the same draw from a parent as in dataset "
                    f"{self._seen[drawn.prior]} but has no name; make it in a function decorated with cavity.plate"
                )
        return view

    def seeing(self, found: PhaseResult | None) -> "PhaseContext":
        """A sequential phase where datasets see the fits in ``found``, its PhaseResult so far; any other as it is."""
        if self.inference != SEQUENTIAL or found is None:
            return self
        return replace(self, factor=self.factor.after(found))

    def paths_of(self, dataset: str = "") -> FitPaths | None:
        """What ``visualize`` of a dataset's analysis gets (of the whole graph without one); None: nothing is drawn."""
        return None if self.output is None else FitPaths(str(self.output / dataset))

    def progress_of(self, label: str) -> Any:
        """What a search shows its progress with, or None."""
        return None if self.progress is None else self.progress(label)

    def search_of(self, view: FactorView) -> Any:
        """The factor's own search, else the phase's."""
        return view.optimiser or self.search


def spent_sentence(context: PhaseContext, datasets: Sequence[str]) -> str:
    """What is said of datasets whose budget of calls did not do."""
    more = f" and {len(datasets) - 1} more" if len(datasets) > 1 else ""
    return (
        f"max_calls, {context.max_calls:,} likelihood calls a dataset, are spent on {datasets[0]}{more}; "
        "raise max_calls, or narrow the priors"
    )


def models_of(context: PhaseContext, largest: int = LISTED_MODELS) -> dict:
    """{dataset: its model as plain data}: what a query for models' classes reads."""
    return {name: context.factor(name).prior_model.to_dict() for name in context.datasets[:largest]}


def check_graph(context: PhaseContext, views: Iterable[FactorView]) -> None:
    """Refuse a study whose shared parameters are not those of its datasets.

    Raises
    ------
    GraphError
        If a shared parameter is used by no dataset, a dataset's id is a shared name, or nothing is shared at all.
    """
    used = set()
    for view in views:
        used.update(_with_parents(context, view))
    refuse_unused(context, used)


def _with_parents(context, view):
    """Names of all that a factor's parameters depend on, through parents and groups."""
    waiting = [*view.hyperparameters, *(context.names.parameter(name) for _, name in view.shared)]
    found, parents = set(), parents_of(context.names.priors, context.names.parents)
    while waiting:
        prior = waiting.pop()
        if prior not in context.names.priors:
            raise GraphError(
                f"dataset {view.dataset}: a parent made inside factor has a hyperparameter of its own; "
                "make the parent, or its hyperparameter, at module level"
            )
        found.add(context.names.priors[prior])
        waiting += parents[prior].variables if prior in parents else ()
    return found


def refuse_unused(context: PhaseContext, used: Iterable[str]) -> None:
    """The same checks, given the names of the shared parameters in use."""
    names = tuple(context.names.priors.values())
    for name in names:
        if name not in used:
            raise GraphError(
                f"shared parameter {name} is used by no dataset; use it in factor, or remove it from study.py"
            )
    if not names and context.inference == "ep":
        raise GraphError(
            "no parameter is shared or drawn, so there is nothing to propagate; use inference: independent, in Python "
            "fit each dataset with a search"
        )
    most = context.limits.most_coordinates
    if context.inference == "ep" and len(names) > most:
        raise GraphError(
            f"{len(names)} parameters stand above the datasets, shared ones, hyperparameters, what groups draw: more "
            f"than the {most} that are sampled together; use fewer groups, or give their parameters priors of their own"
        )
    taken = {name.split(".")[0] for name in (*names, *context.names.parents.values())}
    for dataset in context.datasets:
        if dataset in taken:
            raise GraphError(f"dataset {dataset} has the name of a shared parameter; rename one of the two")
