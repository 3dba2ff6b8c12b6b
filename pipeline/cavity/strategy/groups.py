"""Groups between datasets and population: a group is a dataset whose likelihood is the product of its members."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from cavity.graph import Analysis, AnalysisFactor
from cavity.model import Collection
from cavity.numerics.weights import resampled
from cavity.propagate.bank import SiteBank
from cavity.propagate.link import variables_of
from cavity.propagate.locals import local_draws
from cavity.rng import generator
from cavity.strategy.context import PhaseContext
from cavity.strategy.not_yet import owners_of, refuse_crossed
from cavity.strategy.round import Joined, Searched

GROUP_DRAWS = 2000


class MemberProduct(Analysis):
    """The sum of the members' log l as a function of the group's parameters: no user's likelihood is called.

    Parameters
    ----------
    bank
        The members' sites, over the coordinates of all datasets.
    columns
        {path in the group's model: the coordinate it is}.
    """

    def __init__(self, bank, columns):
        self.bank, self.columns = bank, columns
        self._start = bank.space.start()[0]

    def log_likelihood_batch(self, arrays):
        """{path: (n,)} -> (n,); -inf where a member's site was not built to be read."""
        n = len(next(iter(arrays.values())))
        values = self.bank.space.values(np.tile(self._start, (n, 1)))
        for path, name in self.columns.items():
            values[:, self.bank.space.index(name)] = arrays[path]
        phi = self.bank.space.phi(values)
        out = np.full(n, -np.inf)
        inside = self.bank.inside(phi)
        if inside.any():
            out[inside] = self.bank.log_l(phi[inside]).sum(1)
        return np.where(np.isnan(out), -np.inf, out)

    def log_likelihood_function(self, instance):
        """One point of :meth:`log_likelihood_batch`."""
        return float(self.log_likelihood_batch({path: np.array([getattr(instance, path)]) for path in self.columns})[0])


def has_groups(context: PhaseContext) -> bool:
    """Whether the study has plates that own parameters."""
    return bool(context.coordinates.groups)


def join_groups(
    context: PhaseContext, sites: Mapping[str, Searched], number: int, loop: Callable
) -> tuple[Joined, np.ndarray]:
    """Fit the groups' parameters to their members' sites, and the population to the groups, by the same rounds.

    Parameters
    ----------
    context
        The phase.
    sites
        {dataset: with a site each}.
    number
        The round, for the streams of random numbers.
    loop
        context -> Rounds: the loop that these rounds are part of.

    Returns
    -------
    (Joined, ndarray)
        What the groups' own rounds ended with, and [S, D] equal-weight draws over all coordinates, those of the groups
        included.
    """
    from cavity.search import Laplace

    space, coordinates = context.space, context.coordinates
    banks, columns = {}, {}
    for name, members in _members(coordinates, sites).items():
        banks[name] = SiteBank([sites[d].site for d in members], space)
        columns[name] = _columns(coordinates, banks[name])

    def factor(name):
        paths = {f"v{i}": label for i, label in enumerate(columns[name])}
        model = Collection(**{path: coordinates.prior_of[label] for path, label in paths.items()})
        return AnalysisFactor(prior_model=model, analysis=MemberProduct(banks[name], paths), name=name)

    above = {p: n for p, n in context.names.priors.items() if n not in coordinates.groups}
    upper = replace(
        context,
        phase=f"{context.phase}/groups/{number}",
        datasets=tuple(banks),
        factor=factor,
        names=replace(context.names, priors=above, plates=()),
        search=Laplace(),
        covariates={},
        _seen={},
    )
    rounds = loop(upper)
    return rounds.last.joined, _draws(context, upper, rounds, columns)


def _members(coordinates, sites):
    """{group: datasets}; a dataset that depends on no group is a group of its own."""
    found, together = {}, {}
    for dataset, searched in sites.items():
        owners = owners_of(coordinates, names_in(searched.sees))
        refuse_crossed(dataset, owners, together)
        found.setdefault("+".join(together[owners[0]]) if owners else dataset, []).append(dataset)
    return found


def names_in(link: Mapping) -> tuple[str, ...]:
    """Every global parameter a link mentions, in order."""
    forms = [form for entry in link["drawn"] for form in (entry["mean"], entry["sigma"])]
    forms += [{"variable": name} for name in link["shared"]]
    return tuple(dict.fromkeys(name for form in forms for name in variables_of(form)))


def _columns(coordinates, bank):
    """The global parameters that a group's members depend on, in the order of the coordinates."""
    used = {name for site in bank.sites for name in names_in(site.link)}
    return tuple(name for name in coordinates.names if name in used)


def _draws(context, upper, rounds, columns):
    """Equal-weight draws over all coordinates: the population's, and with each of them the groups'."""
    last = rounds.last
    rng = generator(context.seed, context.phase, "groups", last.round)
    rows = resampled(last.joined.log_weights, GROUP_DRAWS, rng)
    above = last.joined.draws[rows]
    space = context.space
    values = space.values(np.tile(space.start()[0], (len(above), 1)))
    for j, name in enumerate(upper.space.names):
        values[:, space.index(name)] = upper.space.values(above)[:, j]
    bank = SiteBank([searched.site for searched in rounds.sites.values()], upper.space)
    for group, draws in local_draws(bank, above, int(rng.integers(2**31))).items():
        for path, column in zip(draws.names, draws.values.T):
            values[:, space.index(columns[group][int(path[1:])])] = column
    return space.phi(values)
