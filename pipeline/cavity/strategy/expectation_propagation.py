"""Expectation propagation in a notebook: the workflow's rounds in one process."""

from dataclasses import dataclass, replace
from typing import Any

from cavity.errors import PropagationError
from cavity.graph import SharedNames
from cavity.strategy import phase_run
from cavity.strategy.context import MAX_CALLS, EPSettings, PhaseContext, check_graph


@dataclass(frozen=True)
class ExpectationPropagation:
    """Fit a graph dataset by dataset and join the posteriors.

    Parameters
    ----------
    search
        The search of each dataset; a factor's own ``optimiser`` goes first.
    tolerance, max_rounds, n_draws
        See :class:`~cavity.strategy.context.EPSettings`.
    seed
        An integer >= 0: equal seeds give equal numbers.
    max_calls
        Likelihood calls that one dataset may take, rescues and later rounds included; None: any number.
    progress
        Called with one line of text after each round, or None.

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

    def fit(self, graph):
        """The posterior of a ``FactorGraphModel``.

        Returns
        -------
        PhaseResult
            ``.shared`` and ``.locals[dataset]`` are samples, ``.log_evidence`` that of the graph, ``.summary()`` a
            dict of everything; ``.converged`` says whether it stopped because every criterion held.

        Raises
        ------
        PropagationError
            If nothing is shared or the rounds fail; the sentence names the site and the way out.
        """
        context = self.context(graph)
        check_graph(context, [context.view(dataset) for dataset in context.datasets])
        return run_rounds(context, self.progress)

    def context(self, graph):
        """The graph as a phase."""
        factors = dict(zip(graph.datasets, graph.factors))
        if not graph.shared_names:
            raise PropagationError(
                "no parameter of this graph is shared or drawn; fit each dataset with a search instead"
            )
        return PhaseContext(
            study="notebook",
            phase="ep",
            inference="ep",
            datasets=graph.datasets,
            factor=factors.__getitem__,
            names=SharedNames(priors=graph.shared_names, parents=graph.parent_names),
            search=self.search,
            seed=self.seed,
            max_calls=self.max_calls,
            ep=EPSettings(self.tolerance, self.max_rounds, self.n_draws),
        )


def run_rounds(context, progress=None):
    """Round after round until decided, as a result; the loop that a workflow makes of jobs."""
    sites, states = rounds_of(context, progress)
    result = phase_run.summarise(context, sites, states)
    decision = phase_run.decide(context, states[-1])
    if decision["decision"] == "converged":
        return replace(result, converged=True)
    warnings = (*result.warnings, f"stopped without converging: {decision['why']}")
    return replace(result, converged=False, warnings=warnings)


def rounds_of(context, progress=None):
    """({dataset: tree} of the last round, states of all rounds)."""
    sites, states, state = {}, [], None
    while True:
        plan = phase_run.plan_round(context, state)
        searched = () if context.inference == "joint" else context.datasets
        sites = {dataset: phase_run.search_site(context, dataset, plan, sites.get(dataset)) for dataset in searched}
        state = phase_run.aggregate(context, sites, state)
        states.append(state)
        decision = phase_run.decide(context, state)
        if progress is not None:
            progress(f"round {decision['round']}: {decision['decision']} ({decision['why']})")
        if decision["decision"] in ("converged", "max_rounds", "stopped"):
            return sites, states
