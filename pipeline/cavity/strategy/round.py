"""What travels through the rounds, each field with its shape and its writer, and the one way to files and back.

D global parameters, N datasets, S draws; of one dataset: d drawn, p shared and k other parameters.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import cache, partial
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np

from cavity.errors import ResultError
from cavity.inference import GOES_ON
from cavity.numerics.mixture import Mixture
from cavity.numerics.sobol import sobol_normal
from cavity.numerics.types import Array
from cavity.posterior.samples import Samples
from cavity.posterior.store import samples_from_tree, samples_tree
from cavity.propagate.modes import Mode, nearest
from cavity.propagate.site import Site

FEWEST_DRAWS = 50  # of a mode: with fewer it is described by its Gaussian


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a round searches; written by a strategy's ``plan_round``, read by every search of the round."""

    round: int  # from 0
    kind: str  # "pilot" (wide, under the prior), "refresh" (around q), "table" (at nodes), "search", "joint"
    refresh: tuple[str, ...]  # ids of the datasets to search; the others keep their site
    n_draws: int | None = None  # importance draws a site
    mean: Annotated[Array, "D"] | None = None  # of q, unconstrained scale
    covariance: Annotated[Array, "D D"] | None = None  # of q
    draws: Annotated[Array, "R D"] | None = None  # of the posterior, of equal weight
    far: Annotated[Array, "R D"] | None = None  # where its tails are heavy: draws by what they add to the variances
    nodes: Annotated[Array, "K D"] | None = None  # of tables
    node_log_mass: Annotated[Array, "K"] | None = None  # log posterior mass there so far, up to a constant
    looks_again: bool = False  # of a pilot: shared parameters are free once more, under a wide q
    mode_means: Annotated[Array, "M D"] | None = None  # where q has several modes: shared parameters are held at each
    mode_covariances: Annotated[Array, "M D D"] | None = None  # and around each

    def at_mode(self, k: int) -> "Plan":
        """The same around mode k alone."""
        mean, covariance = self.mode_means[k], self.mode_covariances[k]
        modes = [Mode(*moments, 0.0, 0.0) for moments in zip(self.mode_means, self.mode_covariances)]
        own = self.draws[nearest(modes, self.draws) == k]
        if len(own) < FEWEST_DRAWS:
            own = mean + sobol_normal(len(self.draws), len(mean), 1) @ np.linalg.cholesky(covariance).T
        alone = {"far": None, "mode_means": None, "mode_covariances": None}
        return replace(self, mean=mean, covariance=covariance, draws=own, **alone)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Importance draws of one proposal; written by ``draws.batch_of``."""

    theta: Annotated[Array, "S d"]  # drawn variables, on their own scale
    z: Annotated[Array, "S k"]  # the others as standard normal ones, which mean the same under every interim prior
    log_l: Annotated[Array, "S"]  # log likelihoods
    proposal: Mixture  # the density of the draws, in the normal coordinates of its own interim prior
    mean: Annotated[Array, "d"]  # of that interim prior
    sd: Annotated[Array, "d"]  # of that interim prior


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """What the next round's proposal is made from, in coordinates that no interim prior changes; by the site search."""

    theta: Annotated[Array, "S d"]  # drawn variables
    psi: Annotated[Array, "S p"]  # shared parameters, unconstrained scale: all the same where they are held
    along: Annotated[Array, "d+k p"]  # how theta and z follow psi
    psi_mean: Annotated[Array, "p"]  # of the Gaussians that a pilot assumes for them
    psi_sd: Annotated[Array, "p"]  # and their standard deviations
    z: Annotated[Array, "S k"]  # the others, standard normal
    log_weights: Annotated[Array, "S"]  # normalised
    interim_mean: Annotated[Array, "d"]  # of the interim prior that the weights are for
    interim_sd: Annotated[Array, "d"]  # and its standard deviation
    batches: tuple[Batch, ...] = ()  # the draws by proposal; empty where shared parameters enter the likelihood


@dataclass(frozen=True, slots=True, eq=False)
class NodeBatch:
    """Draws of local parameters from one proposal, each at shared values of its own; by the table search."""

    psi: Annotated[Array, "S p"]  # unconstrained scale: nodes of the table that they were made for
    z: Annotated[Array, "S k"]  # standard normal
    log_weights: Annotated[Array, "S"]  # log(L prior / proposal) given psi
    part: Annotated[Array, "S"]  # which independently scrambled part, from 0


@dataclass(frozen=True, slots=True, eq=False)
class AtNodes:
    """What a table was made from; by the table search, for the next one."""

    nodes: Annotated[Array, "K p"]  # unconstrained scale
    log_l: Annotated[Array, "K"]  # there
    batches: tuple[NodeBatch, ...]  # the draws by proposal


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """A site around another mode than the first; by the site search."""

    site: Site  # the site function there
    points: Points  # what it was made from


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """One dataset after its search; written by a strategy's ``search_site``. Figures of a stack gain an axis [n]."""

    dataset: str  # its id
    round: int  # in which it was searched
    kind: str  # "site", "pilot" (shared parameters free), "table", "search" (fitted by itself)
    calls: int  # likelihood calls of this very round: 0 where the site was kept
    rejected: int = 0  # of them, those that the guard turned into -inf
    spent: int = 0  # calls of this dataset in all rounds so far
    exhausted: bool = False  # whether its budget of calls did not do
    ess: float | None = None  # effective draws of the site
    pareto_k: float | None = None  # of its weights; NaN for a table
    site: Site | None = None  # the site function; of a pilot, over its shared parameters too
    points: Points | None = None  # of a site or pilot
    elsewhere: tuple[Elsewhere, ...] = ()  # where shared parameters are held at several modes: around the others
    at_nodes: AtNodes | None = None  # of a table
    samples: Samples | None = None  # of a dataset that is fitted by itself
    model: Mapping | None = None  # of a sequential phase: the model that was fitted, ``one_by_one.stored_form``
    data: str = ""  # SHA-256 of the row and the file that it was searched with; by a study, empty without one

    def at_mode(self, k: int) -> "Searched":
        """The same with the site and points around mode k; around the first where there is no other."""
        if not self.elsewhere or k == 0:
            return self
        there = self.elsewhere[k - 1]
        return replace(self, site=there.site, points=there.points)

    def kept(self, exhausted: bool = False) -> "Searched":
        """The same, carried over to a round that does not search it; ``exhausted`` where it has no calls left."""
        return replace(self, calls=0, rejected=0, exhausted=exhausted or self.exhausted)


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What all sites of a round say together; by ``ep.join``, and by ``tables.aggregate_tables`` for tables."""

    draws: Annotated[Array, "S D"]  # of the posterior, unconstrained scale
    log_weights: Annotated[Array, "S"]  # normalised
    mean: Annotated[Array, "D"]  # of the posterior
    covariance: Annotated[Array, "D D"]  # of the posterior
    log_evidence: float  # of all data, in nats; NaN where it is not known
    log_evidence_error: float  # its standard error; NaN likewise
    pareto_k: float  # of the exact pass' weights; -1 where they are exact
    exact_ess: float  # effective draws of the exact pass; infinite on a grid
    method: str  # of the exact pass: "importance", "hmc", "grid", "none"
    mcse: Annotated[Array, "D"]  # Monte Carlo error of the mean, by the sites and the exact pass, in posterior sd
    site_noise: Annotated[Array, "N"]  # each site's share of what they bring, as a variance
    ess_at_q: Annotated[Array, "N"]  # effective particles of each site at the mean
    site_size: Annotated[Array, "N"]  # particles of each site; infinite for a pilot's
    shares: bool  # whether a shared parameter enters a likelihood directly
    outside: bool = False  # whether the posterior reaches beyond where the sites were built
    sweeps: int = 0  # to the fixed point of EP
    warnings: tuple[str, ...] = ()  # sentences for the reader
    needs_table: bool = False  # of a pilot: its density is broad or has several modes
    bent: bool = False  # whether a site's likelihood follows no polynomial in the shared parameters
    modes: int | None = None  # of tables: maxima of the posterior
    interpolation_error: float = 0.0  # of tables: change of the answer, in sd, when every second node is left out
    quantile_noise: float = 0.0  # of tables: Monte Carlo error of a quantile, in sd, the largest
    node_log_mass: Annotated[Array, "K"] | None = None  # of tables: log posterior mass at the nodes placed
    placed: Annotated[Array, "K D"] | None = None  # of a pilot or tables: where nodes would go now
    mode_means: Annotated[Array, "M D"] | None = None  # of the posterior around each mode, in the first round's order
    mode_covariances: Annotated[Array, "M D D"] | None = None  # and around each
    mode_shares: Annotated[Array, "M"] | None = None  # their masses


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """What the next round needs; by ``ep.aggregate``."""

    poor: Annotated[Array, "N"]  # whether a site rests on too few draws
    needs_search: Annotated[Array, "N"]  # whether it is searched again
    next_kind: str  # the next plan's kind
    next_draws: int  # and its n_draws
    next_nodes: Annotated[Array, "K D"] | None = None  # and its nodes, as they were last placed
    looks_again: bool = False  # whether the next pilot's shared parameters are free once more


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """The evidence of datasets that are fitted one by one; by ``one_by_one.aggregate``."""

    log_evidence: float  # the sum, in nats; NaN where one is not known
    log_evidence_error: float  # its standard error


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One round of a phase; written by a strategy's ``aggregate``: the content of global.h5."""

    round: int  # from 0
    kind: str  # the plan's
    datasets: tuple[str, ...]  # in the order of the arrays over N
    calls: Annotated[Array, "N"]  # likelihood calls in this round; [1] of a joint phase
    rejected: int = 0  # of them, those that the guard turned into -inf
    ess: Annotated[Array, "N"] | None = None  # of each site's own weights
    site_pareto_k: Annotated[Array, "N"] | None = None  # of each site's own weights
    exhausted: Annotated[Array, "N"] | None = None  # whether a dataset's budget of calls did not do
    shift: Annotated[Array, "D"] | None = None  # how far the mean moved since the round before, in its present sd
    joined: Joined | None = None  # of expectation propagation
    following: Following | None = None  # of expectation propagation
    summed: Summed | None = None  # of datasets that are fitted one by one
    samples: Samples | None = None  # of a joint phase: over every parameter of the graph

    @property
    def out_of_calls(self) -> tuple[str, ...]:
        """Datasets whose budget of calls did not do."""
        flags = () if self.exhausted is None else self.exhausted
        return tuple(name for name, is_spent in zip(self.datasets, flags) if is_spent)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a round was the last, and why; by a strategy's ``decide``: the content of decision.json."""

    decision: str  # "pilot" and "refresh" go on; "converged", "max_rounds" and "stopped" do not
    round: int  # that was decided about
    why: str  # one clause for each criterion that is open
    mcse: float | None = None  # the largest Monte Carlo error of a mean, in its posterior sd

    @property
    def goes_on(self) -> bool:
        """Whether another round is needed."""
        return self.decision in GOES_ON

    @property
    def converged(self) -> bool:
        """Whether every criterion held."""
        return self.decision == "converged"


# --- the way to files and back: nothing else reads or writes a tree of these ------------------------------------------

_FLAT = (Joined, Following, Mixture)  # their fields stand in the tree of what holds them
_WRITE = {Mapping: json.dumps, Site: Site.to_tree, Samples: samples_tree, Mixture: Mixture.to_tree}
_READ = {
    Mapping: json.loads,
    Site: Site.from_tree,
    Samples: samples_from_tree,
    Mixture: Mixture.from_tree,
    np.ndarray: np.asarray,
}


def to_tree(record: Any) -> dict:
    """A record as a nested dict for :func:`cavity.posterior.store.save_tree` or JSON; what is None is left out."""
    tree = {}
    for name, kind in _kinds(type(record)).items():
        value = getattr(record, name)
        if value is None:
            continue
        if kind in _FLAT:
            tree |= _WRITE.get(kind, to_tree)(value)
        elif get_origin(kind) is tuple and get_args(kind)[0] is not str:
            tree[name] = {f"{i:03d}": to_tree(item) for i, item in enumerate(value)}
        elif get_origin(kind) is tuple:
            tree[name] = list(value)
        elif kind in _WRITE:
            tree[name] = _WRITE[kind](value)
        else:
            tree[name] = to_tree(value) if is_dataclass(kind) else value
    return tree


def from_tree(kind: type, tree: Mapping) -> Any:
    """The inverse of :func:`to_tree`.

    Raises
    ------
    ResultError
        If the tree is not one of this kind; the sentence names what it lacks.
    """
    values = {name: _read(wanted, name, tree) for name, wanted in _kinds(kind).items()}
    values = {name: value for name, value in values.items() if value is not None}
    missing = [name for name in _required(kind) if name not in values]
    if missing:
        raise ResultError(f"a {kind.__name__} needs {missing[0]}, which the file lacks; delete it and run again")
    return kind(**values)


def _read(kind, name, tree):
    """One field's value from the tree of its record, or None where it is not there."""
    if kind in _FLAT:
        return _READ.get(kind, partial(from_tree, kind))(tree) if next(iter(_kinds(kind))) in tree else None
    value = tree.get(name)
    if value is None:
        return None
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return tuple(value) if item is str else tuple(from_tree(item, value[key]) for key in sorted(value))
    if is_dataclass(kind) and kind not in _READ:
        return from_tree(kind, value)
    return _READ.get(kind, kind)(value)


@cache
def _kinds(record):
    """{field: its type}, ``| None`` left out."""
    return {name: _without_none(hint) for name, hint in get_type_hints(record).items()}


def _without_none(hint):
    given = get_args(hint)
    return next(kind for kind in given if kind is not NoneType) if NoneType in given else hint


@cache
def _required(record):
    """Names of the fields without a default."""
    return tuple(item.name for item in fields(record) if item.default is MISSING)
