"""The loop of rounds, and the functions of a round: all that a study, a graph and the workflow's verbs call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from cavity.graph import FactorGraphModel
from cavity.inference import SEQUENTIAL
from cavity.posterior.phase import PhaseResult
from cavity.strategy import ep, joint, one_by_one, site_search, summary
from cavity.strategy.phase_context import MAX_CALLS, EPSettings, Factors, PhaseContext, check_graph
from cavity.strategy.round import Decision, Plan, Round, Searched
from cavity.strategy.standing import Pace, Standing


class Rounds(NamedTuple):
    """The rounds of a phase, up to the last that was decided about."""

    sites: Mapping[str, Searched]  # of the last round; empty for a joint phase
    states: Sequence[Round]  # rounds 0 ... k
    decision: Decision  # about round k

    @property
    def last(self) -> Round:
        """The last round."""
        return self.states[-1]


def rounds_of(
    context: PhaseContext,
    search: Callable[..., Mapping[str, Searched]] | None = None,
    join: Callable[[Mapping[str, Searched], Round | None], Round] | None = None,
    say: Callable[[str], Any] | None = None,
    watch: Callable[[Standing], Any] | None = None,
) -> Rounds:
    """Round after round until decided: the loop, which the workflow makes of jobs.

    Parameters
    ----------
    context
        The phase.
    search
        (plan, sites of the round before, progress) -> sites of this round: how the datasets are searched, and where
        what was searched is kept; ``progress`` as in :func:`search_round`. None: one after the other in this process,
        and nothing is kept.
    join
        (sites, round before or None) -> round: :func:`aggregate`, and where it is kept. None: nowhere.
    say
        Called with one line of text after each round.
    watch
        Called with the standing of the phase at the beginning of a round, after each search and after each decision.
    """
    say, watch = say or (lambda line: None), watch or (lambda standing: None)
    search = search or (lambda plan, before, tell: search_round(context, plan, context.datasets, before, None, tell))
    join = join or partial(aggregate, context)
    sites, states, state, decision = {}, [], None, None
    while True:
        plan = plan_round(context, state)
        pace = Pace(context, plan, decision)
        watch(pace.standing)
        if plan.kind != "joint":
            sites = search(plan, sites, lambda dataset, how, pace=pace: watch(pace.searched(how)))
        state = join(sites, state)
        states.append(state)
        decision = decide(context, state)
        standing = pace.decided(state, decision)
        watch(standing)
        say(standing.line)
        if not decision.goes_on:
            return Rounds(sites, tuple(states), decision)


def conclude(context: PhaseContext, rounds: Rounds) -> PhaseResult:
    """The phase's result so far: what its strategy sums up, and what was decided about it."""
    result = _strategy(context).summarise(context, rounds.sites, rounds.states)
    decision = rounds.decision
    if decision.converged:
        return replace(result, converged=True)
    warning = f"stopped after round {decision.round} without converging: {decision.why}"
    return replace(result, converged=False, warnings=(*result.warnings, warning))


# --- one round -------------------------------------------------------------------------------------------------------


class _Strategy(NamedTuple):
    """What each way of inference does in a round."""

    plan_round: Callable
    search_site: Callable | None
    aggregate: Callable
    decide: Callable
    summarise: Callable


def _of(module: ModuleType, **others: Callable | None) -> _Strategy:
    return _Strategy(**{name: others.get(name) or getattr(module, name, None) for name in _Strategy._fields})


_STRATEGIES = {
    "independent": _of(one_by_one),
    "sequential": _of(one_by_one),
    "joint": _of(joint),
    "ep": _of(ep, search_site=site_search.search_site, summarise=summary.summarise),
}


def _strategy(context):
    return _STRATEGIES[context.inference]


def plan_round(context: PhaseContext, state: Round | None = None) -> Plan:
    """What the next round searches; see the strategy of the phase's inference."""
    return _strategy(context).plan_round(context, state)


def search_round(
    context: PhaseContext,
    plan: Plan,
    datasets: Iterable[str],
    previous: Mapping[str, Searched],
    keep: Callable | None = None,
    progress: Callable[[str, str], Any] | None = None,
) -> dict[str, Searched]:
    """Some datasets, searched in one round.

    Parameters
    ----------
    plan
        Of :func:`plan_round`; datasets outside ``plan.refresh`` keep their previous site.
    datasets
        Ids, in the order of the table.
    previous
        The datasets after the round before; in a sequential phase, the dataset before the first of these.
    keep
        (dataset, what it starts from, search) -> (Searched, how): finds a finished search again, or calls
        ``search(checkpoint)`` and keeps what it returns. None: nothing is kept.
    progress
        Called as progress(dataset, how) with how in "searched", "kept" or "known".
    """
    keep = keep or (lambda dataset, before, search: (search(None), "searched"))
    sites = {}
    for name in datasets:
        before = starting_site(context, name, previous, sites)
        search = partial(search_site, context, name, plan, before)
        if name not in plan.refresh and before is not None:
            sites[name], how = search(), "kept"
        else:
            sites[name], how = keep(name, before, search)
        if progress is not None:
            progress(name, how)
    return sites


def starting_site(
    context: PhaseContext, dataset: str, previous: Mapping[str, Searched], sites: Mapping[str, Searched]
) -> Searched | None:
    """What a dataset's search starts from: itself in the round before, or the dataset before it; None: nothing."""
    if context.inference != SEQUENTIAL:
        return previous.get(dataset)
    place = context.datasets.index(dataset)
    before = context.datasets[place - 1] if place else None
    return sites.get(before) or previous.get(before)


def seen(context: PhaseContext, dataset: str, previous: Searched | None) -> str:
    """SHA-256 of what a dataset's factor can see of earlier fits; ``previous`` is its :func:`starting_site`."""
    if context.inference == SEQUENTIAL:
        context = one_by_one.after(context, previous)
    return context.factor.seen(dataset)


def search_site(
    context: PhaseContext, dataset: str, plan: Plan, previous: Searched | None = None, checkpoint: Path | None = None
) -> Searched:
    """One dataset's search; ``previous`` is its :func:`starting_site`."""
    return _strategy(context).search_site(context, dataset, plan, previous, checkpoint)


def aggregate(
    context: PhaseContext,
    sites: Mapping[str, Searched],
    state: Round | None = None,
    checkpoint: Path | None = None,
) -> Round:
    """Join the sites of a round (for a joint phase: run the joint search, which may leave a checkpoint)."""
    if context.inference == "joint":
        return joint.aggregate(context, sites, state, checkpoint)
    if context.inference == "ep":
        return ep.aggregate(context, sites, state)
    return one_by_one.aggregate(context, sites, state)


def decide(
    context: PhaseContext, state: Round, max_rounds: int | None = None, tolerance: float | None = None
) -> Decision:
    """Whether the rounds go on; without limits of its own, by the phase's."""
    return _strategy(context).decide(context, state, max_rounds, tolerance)


# --- a graph: a study of anonymous datasets --------------------------------------------------------------------------


@dataclass(frozen=True)
class ExpectationPropagation:
    """Fit a graph dataset by dataset and join the posteriors.

    Parameters
    ----------
    search
        The search of each dataset; a factor's own ``optimiser`` goes first.
    tolerance, max_rounds, n_draws
        See :class:`~cavity.strategy.phase_context.EPSettings`.
    seed
        An integer >= 0: equal seeds give equal numbers.
    max_calls
        Likelihood calls that one dataset may take, rescues and later rounds included; None: any number.
    progress
        Called with one line of text at each step, or None.

    References
    ----------
    Minka (2001); Vehtari et al. (2020), "Expectation propagation as a way of life", arXiv:1412.4869.
    """

    search: Any
    tolerance: float = 0.15
    max_rounds: int = 12
    n_draws: int = 400
    seed: int = 1
    max_calls: int | None = MAX_CALLS
    progress: Any = None

    def fit(self, graph: FactorGraphModel) -> PhaseResult:
        """The posterior of a ``FactorGraphModel``.

        Returns
        -------
        PhaseResult
            ``.shared`` and ``.locals[dataset]`` are samples, ``.log_evidence`` that of the graph, ``.summary()`` a
            dict of everything; ``.converged`` says whether it stopped because every criterion held.

        Raises
        ------
        GraphError
            If nothing is shared, or a drawn variable stands above the datasets without a plate.
        PropagationError
            If the rounds fail; the sentence names the site and the way out.
        """
        context = self.context(graph)
        check_graph(context, [context.view(dataset) for dataset in context.datasets])
        return conclude(context, rounds_of(context, say=self.progress))

    def context(self, graph: FactorGraphModel) -> PhaseContext:
        """The graph as a phase."""
        return PhaseContext(
            study="notebook",
            phase="ep",
            inference="ep",
            datasets=graph.datasets,
            factor=Factors(dict(zip(graph.datasets, graph.factors, strict=True))),
            names=graph.shared,
            search=self.search,
            seed=self.seed,
            max_calls=self.max_calls,
            ep=EPSettings(self.tolerance, self.max_rounds, self.n_draws),
        )
