"""What a whole study will cost in CPU time, part by part: searches, joining, plots, and the start of every job.

The seconds below were measured on the reference machine of :func:`cavity.search.estimate.pace`, on the studies in
config/; ``benchmarks/forecast.py`` compares forecasts with what is used.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from cavity.config.part_keys import CellsConfig, GridSearchConfig, SensitivityConfig
from cavity.errors import CavityError
from cavity.graph.analysis import can_draw
from cavity.grid.cells import cell_keys
from cavity.inference import ONE_BY_ONE
from cavity.plot.phase_figures import LARGEST_FITS
from cavity.search.estimate import duration, expected_calls, own_seconds, pace
from cavity.strategy.one_by_one import stand_in
from cavity.study.context import phase_context
from cavity.study.cost import TIMED, call_of, first_calls, later_calls, seconds_of
from cavity.study.layout import Layout
from cavity.study.layout_parts import PartLayout

ROUNDS = 2  # of expectation propagation, at least: one under the prior, one under the population
COUNTS = 0.8  # of a site's importance draws that count, for each of its parameters; draws double until enough do
POOR = 0.6  # of the datasets, searched again where that takes further rounds
DRAWN, SHARED = 0.045, 0.17  # a site of a later round besides its likelihood calls: nothing, or something, is shared
JOINED, FURTHER = 0.5, 0.9  # sweeps and exact pass of a round; of a further one, whose sites have more draws
CONCLUDED, LOCAL = 0.1, 0.012  # summary and posterior, and each dataset's own parameters
FIGURE, POSTERIOR = 0.15, 3  # a figure, and how many a posterior has: graph, corner, convergence; a population one more
TABLED = 2  # shared parameters up to which, with nothing drawn, a table may follow a first look
PROCESS = 1.5  # Python and its libraries, of the one process of cavity run
JOB = 0.8  # the same, of a job of the workflow
SNAKEMAKE, SCHEDULED = 2.0, 0.14  # of the workflow itself, and for each of its jobs
CHECKED = 1.5  # of the job that looks at a phase


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of a phase, or of something made of phases."""

    name: str
    searches: float = 0.0
    joining: float = 0.0  # sweeps, exact pass, summary
    plots: float = 0.0
    jobs: int = 0  # of the workflow
    checks: int = 0  # of them, those that look at the phase
    like: str = ""  # the phase whose likelihood stands in for its own, which needs results


@dataclass(frozen=True, slots=True)
class Forecast:
    """The costs of everything in a study, in CPU seconds of this machine."""

    costs: tuple  # of Cost
    pace: float  # how many times slower than the reference machine this one is

    @property
    def in_one_process(self):
        """CPU seconds of ``cavity run``."""
        return self.pace * PROCESS + self._work

    @property
    def in_jobs(self):
        """CPU seconds of the workflow."""
        jobs, checks = sum(cost.jobs for cost in self.costs), sum(cost.checks for cost in self.costs)
        started = SNAKEMAKE + (jobs + 1) * (JOB + SCHEDULED) + checks * (CHECKED - JOB)
        return self.pace * started + self._work

    @property
    def _work(self):
        return sum(cost.searches + cost.joining + cost.plots for cost in self.costs)

    def __str__(self):
        lines = ["CPU time, in seconds    searches   joining     plots   jobs"]
        for cost in self.costs:
            like = f"   (as {cost.like}: it needs results)" if cost.like else ""
            figures = f"{cost.searches:>9.1f} {cost.joining:>9.1f} {cost.plots:>9.1f} {cost.jobs:>6}"
            lines.append(f"  {cost.name:<20} {figures}{like}")
        start = self.in_jobs - self._work
        return "\n".join(
            [
                *lines,
                f"cavity run: about {duration(self.in_one_process)} of CPU time, in one process",
                f"snakemake:  about {duration(self.in_jobs)} of CPU time, of it {duration(start)} to start jobs",
            ]
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """A phase whose datasets were composed: some of them, and what their likelihoods take."""

    phase: str
    context: object  # its PhaseContext
    views: tuple  # of at most TIMED datasets
    seconds: float  # a likelihood call


def forecast(study, contexts):
    """The costs of everything in a study.

    Parameters
    ----------
    study
        The study.
    contexts
        {phase: its PhaseContext} of the phases that see no earlier result.

    Returns
    -------
    Forecast
    """
    looked, costs, results = {}, [], {}
    for phase in study.config.phases:
        here = _looked(study, phase, contexts.get(phase.name), results)
        like = ""
        if here is None:
            seen = (*study.config.earlier(phase.name), *_grid_phases(study, phase.name))
            like = next((name for name in reversed(seen) if name in looked), "")
            if not like:
                continue
            here = replace(looked[like], context=replace(looked[like].context, search=study.search(phase)))
        looked[phase.name] = here
        costs.append(replace(_phase_cost(study, phase, here), like=like))
        if phase.inference in ONE_BY_ONE and not like:
            results[phase.name] = stand_in(here.context, here.views)
    for part in study.config.derived.values():
        costs.append(_part_cost(study, part, looked))
    slower = pace()
    costs = [replace(cost, joining=slower * cost.joining, plots=slower * cost.plots) for cost in costs]
    return Forecast(tuple(costs), slower)  # likelihoods are timed on this machine


# --- phases -----------------------------------------------------------------------------------------------------------


def _looked(study, phase, context, results):
    """Some datasets of a phase, composed; None where it needs results that nothing can stand in for."""
    try:
        context = context or phase_context(study, phase, results)
        rows = np.unique(np.linspace(0, len(context.datasets) - 1, TIMED).astype(int))
        views = tuple(context.view(context.datasets[row]) for row in rows)
        seconds = seconds_of([call_of(context, view) for view in views])
    except CavityError:
        return None
    return Looked(phase.name, context, views, seconds)


def _grid_phases(study, name):
    return [study.config.derived[grid].phase for grid in study.config.earlier_grids(name)]


def _phase_cost(study, phase, looked):
    context, views, n = looked.context, looked.views, len(looked.context.datasets)
    shards, fits = len(Layout(study).shards(phase.name)), _fits(views, n)
    (ndim, calls), search = first_calls(context, views), context.search_of(views[0])
    tabled = phase.inference == "ep" and not views[0].drawn and len(views[0].shared) <= TABLED
    if tabled:
        calls = min(calls, context.limits.table_pilot)
    figures = FIGURE * (fits + POSTERIOR + bool(views[0].drawn))
    own = own_seconds(search, ndim, calls)
    each = calls * looked.seconds + own
    if phase.inference == "joint":  # a call is of all datasets
        searches = n * calls * looked.seconds + own
        return Cost(phase.name, searches, CONCLUDED + LOCAL * n, figures, 5, 1)
    if phase.inference != "ep":
        return Cost(phase.name, n * each, 0.0, FIGURE * (fits + 1), shards + 5, 1)
    further = min(_doublings(context, ndim), context.ep.max_rounds - ROUNDS)
    later = later_calls(context, views) * looked.seconds
    again = DRAWN if not views[0].shared else SHARED
    searches = each + DRAWN + later + again + POOR * sum(2.0**k * later + again for k in range(1, further + 1))
    joining = (1 if tabled else ROUNDS) * JOINED + further * FURTHER + CONCLUDED + LOCAL * n
    jobs = (ROUNDS + further) * (shards + 2) + 3
    return Cost(phase.name, n * searches, joining, figures, jobs, 1)


def _doublings(context, ndim):
    """How often a site's draws are doubled until enough of them count: few do in many dimensions."""
    counting = context.ep.n_draws * COUNTS**ndim
    return max(0, math.ceil(math.log2(context.limits.ess_limit / counting)))


def _fits(views, n):
    """How many figures show fits: one of each dataset, and one of all where they are curves."""
    shapes = [np.shape(view.analysis.data) for view in views if can_draw(view.analysis)]
    drawn = min(n * sum(math.prod(shape) > 1 for shape in shapes) / len(views), LARGEST_FITS)
    return drawn + (drawn > 1 and any(len(shape) == 1 for shape in shapes))


# --- what is made of phases -------------------------------------------------------------------------------------------


def _part_cost(study, part, looked):
    """Cells are fits of the phase; a map's have two each, of the model alone and with the perturbation."""
    if not isinstance(part, CellsConfig):
        return Cost(part.name, plots=FIGURE / 2, jobs=2)
    layout = PartLayout(Layout(study))
    shards = layout.shards(part.name)
    cells, here = sum(len(layout.tasks(part.name, shard)) for shard in shards), looked.get(part.phase)
    if here is None:
        return Cost(part.name, plots=FIGURE, jobs=len(shards) + 2)
    context, search = here.context, here.context.search_of(here.views[0])
    ndim, calls = first_calls(context, here.views)
    if isinstance(part, GridSearchConfig):  # a cell is a smaller prior
        calls = expected_calls(search, ndim, 3.0 * ndim - math.log(len(cell_keys(part.parameters))))
    fits = [(ndim, calls)]
    if isinstance(part, SensitivityConfig):
        more = ndim + _perturbed(study, part, here)
        fits.append((more, expected_calls(search, more)))
    each = sum(calls * here.seconds + own_seconds(search, ndim, calls) for ndim, calls in fits)
    datasets = len(study.datasets) if context.inference not in ONE_BY_ONE else 1
    return Cost(part.name, cells * datasets * each, 0.0, FIGURE, len(shards) + 2)


def _perturbed(study, part, looked):
    """How many parameters the perturbation has."""
    function = study.namespace.get(part.perturbation)
    try:
        return function(study.dataset(looked.views[0].dataset)).prior_count
    except Exception:  # what the map itself will say
        return 0
