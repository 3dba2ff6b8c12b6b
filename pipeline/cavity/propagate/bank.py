"""All sites of a fit behind one face: log l and scores at any phi, in the order the sites were given."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from cavity.errors import PropagationError
from cavity.numerics.parts import PARTS
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_sample_size, log_sum_exp, systematic
from cavity.propagate.link import Link
from cavity.propagate.particles import SMALLEST, ParticleGroup, Score
from cavity.propagate.site import Site
from cavity.propagate.table_site import axes_of, cardinal_splines, positions
from cavity.propagate.transform import GlobalSpace

THINNED = 64  # particles of a site whose gradient need not be exact
BY_PARTICLE = ("t", "log_c", "mode", "theta", "payload", "payload_transport", "coefficients")
REACH = 2.0  # nodes: particles of a table drawn as far away count for nothing
FAR = 30.0  # nats that they count less, so that the nearest count where there are none within reach
LARGE = 0.5  # variance of log l: beyond, half of it is no longer the bias of the logarithm
PRIOR_END = 3.5  # a table whose outermost nodes reach this far into a bounded prior covers it


class TableGroup:
    """Table sites with the same nodes and the same link.

    Parameters
    ----------
    sites
        N sites of kind "table".
    links
        Their links.
    """

    def __init__(self, sites: Sequence[Site], links: Sequence[Link]):
        self.sites, self.N, self.index = sites, len(sites), links[0].shared_index
        self.kinds = [links[0].space.kinds[j] for j in self.index]
        self.axes = axes_of(sites[0].nodes)
        self.values = np.stack([site.log_l for site in sites])
        self.variance = np.minimum([(site.noise**2).sum(0) for site in sites], LARGE)

    def with_parts_apart(self) -> "TableGroup":
        """The same: parts of a table share nothing but its nodes."""
        return self

    def _splines(self, phi):
        """Cardinal splines of each axis [3, Q, K_i], and how far phi lies outside the nodes [Q, p]."""
        psi = phi[:, self.index]
        inner = np.stack([np.clip(psi[:, i], axis[0], axis[-1]) for i, axis in enumerate(self.axes)], 1)
        return [cardinal_splines(axis, psi[:, i]) for i, axis in enumerate(self.axes)], psi - inner

    def _spline(self, splines, orders, values=None):
        """The derivative of these orders of the tensor spline through values [N, K]: [Q, N]."""
        values = self.values if values is None else values
        if len(self.axes) == 1:
            return splines[0][orders[0]] @ values.T
        shaped = values.reshape(len(values), len(self.axes[0]), len(self.axes[1]))
        left = np.tensordot(splines[0][orders[0]], shaped, (1, 1))  # [Q, N, K_2]
        return (left @ splines[1][orders[1]][:, :, None])[..., 0]

    def _order(self, *axes):
        return [axes.count(i) for i in range(len(self.axes))]

    def _outward(self, splines, excess):
        """Slopes [Q, N, p] with which log l goes on outside the nodes: never upwards."""
        slopes = np.stack([self._spline(splines, self._order(i)) for i in range(len(self.axes))], -1)
        away = np.sign(excess)[:, None]
        return slopes, np.where(away == 0, slopes, away * np.minimum(away * slopes, 0.0))

    def log_l(self, phi: Annotated[Array, "Q D"], correction: bool) -> Annotated[Array, "Q N"]:
        """[Q, N]; with the finite-sample ``correction`` added."""
        splines, excess = self._splines(phi)
        value = self._spline(splines, self._order())
        if correction:
            value = value + 0.5 * np.maximum(self._spline(splines, self._order(), self.variance), 0.0)
        if excess.any():
            value = value + (self._outward(splines, excess)[1] * excess[:, None]).sum(-1)
        return value

    def scores(self, phi: Annotated[Array, "Q D"]) -> Score:
        """A Score with arrays [Q, N, ...]."""
        (Q, D), p = phi.shape, len(self.axes)
        splines, excess = self._splines(phi)
        slopes = self._outward(splines, excess)[1]
        grad, hess = np.zeros((Q, self.N, D)), np.zeros((Q, self.N, D, D))
        inside = excess == 0
        for i in range(p):
            grad[..., self.index[i]] = slopes[..., i]
            for j in range(p):
                keep = (inside[:, i] & inside[:, j])[:, None]
                hess[..., self.index[i], self.index[j]] = np.where(keep, self._spline(splines, self._order(i, j)), 0.0)
        ess = np.stack([effective_sample_size(self.particle_weights(site, phi)) for site in self.sites], 1)
        return Score(self.log_l(phi, False), grad, hess, ess)

    def part_ratios(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N parts"]:
        """As of a ParticleGroup, from the factors of the covariance of log l that a table keeps."""
        splines, ratios = self._splines(phi)[0], np.ones((len(phi), self.N, PARTS))
        for n, site in enumerate(self.sites):
            factors = self._spline(splines, self._order(), site.noise)  # [Q, R]
            for r in range(factors.shape[1]):
                ratios[:, n, r % PARTS] += np.sqrt(PARTS * (PARTS - 1)) * factors[:, r]
        return ratios

    def gradients(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N D"]:
        """[Q, N, D]"""
        splines, excess = self._splines(phi)
        gradient = np.zeros((len(phi), self.N, phi.shape[1]))
        gradient[..., self.index] = self._outward(splines, excess)[1]
        return gradient

    def particle_weights(self, site: Site, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q S"]:
        """Log weights [Q, S] of a site's particles at phi [Q, D]: those drawn near it, the nearer the more."""
        at = np.unravel_index(site.node, [len(axis) for axis in self.axes])
        result = np.broadcast_to(site.log_c, (len(phi), site.size))
        for node, x in zip(at, positions(self.axes, phi[:, self.index]).T):
            apart = np.abs(x[:, None] - node)
            result = result + np.log(np.maximum(1 - apart / REACH, 0.0) + np.exp(-FAR - apart))
        return result

    def reach(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """Zeros: a table has no centre that it is farther from elsewhere."""
        return np.zeros(len(phi))

    def inside(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """Whether phi [Q, D] is between the outermost nodes, or they reach the end of the prior: [Q]."""
        return np.logical_and.reduce(list(self._between(phi, 0)))

    def shell_mass(self, phi: Annotated[Array, "S D"], weights: Annotated[Array, "S"]) -> float:
        """The largest share of weighted draws beyond the second nodes of an axis, where the prior goes on."""
        return float(max(weights @ ~axis for axis in self._between(phi, 1)))

    def _between(self, phi, skip):
        for axis, kind, j in zip(self.axes, self.kinds, self.index):
            covers = kind == "normal"
            low = -np.inf if covers and axis[0] <= -PRIOR_END else axis[skip]
            high = np.inf if covers and axis[-1] >= PRIOR_END else axis[-1 - skip]
            yield (phi[:, j] >= low) & (phi[:, j] <= high)


class SiteBank:
    """Sites grouped by shape and stacked, so that a sum over all of them is a few array operations.

    Parameters
    ----------
    sites
        :class:`~cavity.propagate.site.Site` objects, one a dataset.
    space
        The :class:`~cavity.propagate.transform.GlobalSpace`.

    Raises
    ------
    PropagationError
        If a dataset has two sites.
    """

    def __init__(self, sites: Sequence[Site], space: GlobalSpace):
        self.sites, self.space, self.N = tuple(sites), space, len(sites)
        self.datasets = tuple(site.dataset for site in sites)
        if len(set(self.datasets)) != self.N:
            twice = next(name for name in self.datasets if self.datasets.count(name) > 1)
            raise PropagationError(f"{twice} has two sites; a dataset enters the posterior once")
        known, members = {}, {}
        links = [known.setdefault(link.key, link) for link in (Link(site.link, space) for site in sites)]
        self.links = tuple(links)
        for i, (site, link) in enumerate(zip(sites, links)):
            members.setdefault(self._shape(site, link), []).append(i)
        self.members = [np.array(indices) for indices in members.values()]
        self.groups = [
            (ParticleGroup if key[0] == "particles" else TableGroup)(
                [sites[i] for i in indices], [links[i] for i in indices]
            )
            for key, indices in members.items()
        ]

    @property
    def n_particles(self) -> int:
        """All particles of all sites: what one evaluation costs."""
        return sum(site.size for site in self.sites)

    @staticmethod
    def _shape(site, link):
        """Equal for sites that are stacked; particles are padded, to half as many again at most."""
        if site.kind == "table":
            return "table", site.nodes.tobytes(), tuple(link.shared_index)
        ladder = int(np.ceil(2 * np.log2(max(site.size, 1)) - 1e-9))
        return "particles", link.d, link.p, ladder, site.exponents.tobytes(), bool(site.transport.any())

    def log_l(self, phi: Annotated[Array, "Q D"], correction: bool = True) -> Annotated[Array, "Q N"]:
        """log l of every site at phi [Q, D]: [Q, N].

        Parameters
        ----------
        phi
            [Q, D]
        correction
            Whether to add half the variance of log l, which the logarithm of an average is too low by: from how the
            four parts of a site's particles, each scrambled by itself, differ (docs/inference.md, eq. 16).
        """
        phi = np.asarray(phi, float)
        result = np.empty((len(phi), self.N))
        for indices, group in zip(self.members, self.groups):
            result[:, indices] = group.log_l(phi, correction)
        return result

    def part_ratios(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N parts"]:
        """l by each part of a site's particles alone over l by all, at phi [Q, D]: [Q, N, PARTS].

        Each part is drawn in towards its own mean: that it shares the others' must not hide how it differs.
        """
        phi = np.asarray(phi, float)
        ratios = np.empty((len(phi), self.N, PARTS))
        for indices, group in zip(self.members, self.groups):
            ratios[:, indices] = group.with_parts_apart().part_ratios(phi)
        return ratios

    def log_density(self, phi: Annotated[Array, "Q D"], correction: bool = True) -> Annotated[Array, "Q"]:
        """log prior + sum of log l at phi [Q, D]: [Q]; -inf where a surrogate must not be read.

        docs/inference.md, eq. 1 (Minka 2001).
        """
        phi = np.asarray(phi, float)
        result = self.space.log_prior(phi)
        possible = np.isfinite(result)
        possible[possible] = self.inside(phi[possible])
        result[~possible] = -np.inf
        if possible.any():
            result[possible] += self.log_l(phi[possible], correction).sum(1)
        return np.where(np.isnan(result), -np.inf, result)

    def scores(self, phi: Annotated[Array, "Q D"]) -> Score:
        """A :class:`Score` at each phi [Q, D]: arrays [Q, N, ...]. Memory: Q N D^2 doubles twice."""
        phi = np.asarray(phi, float)
        (Q, D), N = phi.shape, self.N
        result = Score(np.empty((Q, N)), np.empty((Q, N, D)), np.empty((Q, N, D, D)), np.empty((Q, N)))
        for indices, group in zip(self.members, self.groups):
            for whole, part in zip(result, group.scores(phi)):
                whole[:, indices] = part
        return result

    def log_density_gradient(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q D"]:
        """The gradient of prior and sites at phi [Q, D]: [Q, D]."""
        phi = np.asarray(phi, float)
        total = self.space.prior_score(phi)[0]
        for group in self.groups:
            total = total + group.gradients(phi).sum(1)
        return total

    def score(self, phi: Annotated[Array, "D"]) -> Score:
        """A :class:`Score` at one phi [D]: arrays [N, ...]."""
        return Score(*(part[0] for part in self.scores(np.asarray(phi, float)[None])))

    def inside(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """Whether phi [Q, D] is inside every site's design box: [Q]."""
        phi = np.asarray(phi, float)
        return np.logical_and.reduce([group.inside(phi) for group in self.groups] or [np.ones(len(phi), bool)])

    def reach(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """How far phi is from the centre of the farthest design, in its own units; 0 without designs."""
        return np.max([group.reach(np.asarray(phi, float)) for group in self.groups], axis=0)

    def shell_mass(self, phi: Annotated[Array, "S D"], log_weights: Annotated[Array, "S"]) -> float:
        """The share of weighted draws phi [S, D] beyond the worst axis of a design."""
        weights = np.exp(log_weights - log_sum_exp(log_weights))
        return max((group.shell_mass(np.asarray(phi, float), weights) for group in self.groups), default=0.0)

    def thinned(self, centres: Annotated[Array, "K D"], n: int = THINNED) -> "SiteBank":
        """The same sites with n particles each, drawn by the roots of their weights at the centres: for gradients."""
        kept, centres = [], np.asarray(centres, float)
        for site, link in zip(self.sites, self.links):
            if site.kind == "particles" and site.size > n:
                a = ParticleGroup([site], [link]).terms_at(centres)[:, 0]
                share = np.exp(a - log_sum_exp(a)[:, None]).mean(0)
                root = np.maximum(np.sqrt(np.nan_to_num(share)), SMALLEST)
                rows = systematic(np.log(root), n, np.random.default_rng(0))
                by_particle = [key for key in BY_PARTICLE if len(getattr(site, key)) == site.size]
                picked = {key: getattr(site, key)[rows] for key in by_particle}
                picked["log_c"] = picked["log_c"] - np.log(n * root[rows] / root.sum())
                site = replace(site, **picked)
            kept.append(site)
        return SiteBank(kept, self.space)

    def without(self, datasets: Iterable[str]) -> "SiteBank":
        """The same bank with these datasets left out."""
        return SiteBank([site for site in self.sites if site.dataset not in set(datasets)], self.space)
