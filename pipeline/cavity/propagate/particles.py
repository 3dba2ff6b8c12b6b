"""Particle sites of one shape, stacked: their log l, score and Hessian at any phi."""

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.normal import LOG_2PI
from cavity.numerics.parts import PARTS, averaging, variance_of_mean
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_number, log_sum_exp
from cavity.propagate.build import with_parts_apart
from cavity.propagate.design import feature_gradient, feature_hessian, features
from cavity.propagate.link import Link, LinkStack
from cavity.propagate.site import Site
from cavity.propagate.truncation import log_normaliser, log_normaliser_derivatives

BLOCK = 2**17  # particles times nodes evaluated at once: what fits the cache
SLACK = 1.0  # whitened units outside a design's box where its surrogate is still read
SMALLEST = 1e-280
WALL = 0.5  # whitened units: the sd of the Gaussian that the posterior has outside its box
FEW = 0.05  # of the particles: less of another kernel are treated one by one
FARTHEST_LOG = 150.0  # of a log sd in a site's own frame: its powers stay finite


class Score(NamedTuple):
    """What sites say at phi; with Q points a leading axis of Q."""

    log_l: Annotated[Array, "N"]
    grad: Annotated[Array, "N D"]
    hess: Annotated[Array, "N D D"]
    ess: Annotated[Array, "N"]  # particles that count at phi


class Terms(NamedTuple):
    """Every particle's share of l, and what its derivatives need."""

    a: Annotated[Array, "Q N S"]
    u: Annotated[Array, "Q N S d"]
    inverse: Annotated[Array, "Q N M d d"]  # C^-1
    tau2: Annotated[Array, "Q N d"]
    mean: Annotated[Array, "Q N d"]  # m - B v
    v: Annotated[Array, "Q N p"]


def _padded(arrays):
    """Arrays stacked on a new first axis, zeros where the first axis of one is shorter."""
    longest = max(len(array) for array in arrays)
    stacked = np.zeros((len(arrays), longest) + arrays[0].shape[1:], arrays[0].dtype)
    for row, array in zip(stacked, arrays):
        row[: len(array)] = array
    return stacked


class ParticleGroup:
    """Sites with equal numbers of drawn and shared parameters and one basis.

    Parameters
    ----------
    sites
        N sites of kind "particles".
    links
        Their N links; the same object where the specification is the same.
    """

    def __init__(self, sites: Sequence[Site], links: Sequence[Link]):
        self.sites, self.N = sites, len(sites)
        self.d, self.p = links[0].d, links[0].p
        self.links = list(dict.fromkeys(links))
        self.link_of = np.array([self.links.index(link) for link in links])
        self.stack = LinkStack(self.links)
        self.averaging = [averaging(site.size) for site in sites]
        self.t = _padded([site.t for site in sites])
        self.S = self.t.shape[1]
        alike = len({site.size for site in sites}) == 1
        self.averaging = self.averaging[0] if alike else _padded(self.averaging)
        self.log_c = np.full((self.N, self.S), -np.inf)
        for row, site in zip(self.log_c, sites):
            row[: site.size] = site.log_c
        self.H = _padded([site.H for site in sites])
        self.centre, self.scale = (np.stack([getattr(site, name) for site in sites]) for name in ("centre", "scale"))
        self.M = self.H.shape[1]
        self.mode = _padded([site.mode for site in sites])
        if self.p:
            self.transport = np.stack([site.transport for site in sites]) / self.scale[..., None]
            self.has_transport = bool(self.transport.any())
            self.psi0 = np.stack([site.psi0 for site in sites])
            self.whitener = np.stack([site.whitener for site in sites])
            self.exponents = sites[0].exponents
            self.coefficients = _padded([site.coefficients for site in sites])
            self.v_max = np.array([site.v_max for site in sites])

    def with_parts_apart(self) -> "ParticleGroup":
        """The same sites, each part of their particles with its own moments: how they differ is the sites' noise."""
        sites = [with_parts_apart(site) for site in self.sites]
        return ParticleGroup(sites, [self.links[k] for k in self.link_of])

    # ---- the sites' coordinates -------------------------------------------------------------------------------

    def _over_sites(self, per_link):
        """An array of the unique links [Q, L, ...] as one [Q, 1 or N, ...]."""
        return per_link if per_link.shape[1] == 1 else per_link[:, self.link_of]

    def _eta(self, phi):
        """(m, log sd, psi) of every site, in its own frame: [Q, N, 2d + p]."""
        return self._framed(self._over_sites(self.stack.eta(phi)))

    def _framed(self, eta):
        """Means and log sds in each site's units."""
        if not self.d:
            return eta
        d, unit = self.d, np.stack([link.unit for link in self.links])[self.link_of]
        m = (eta[..., :d] - self.centre) / self.scale
        log_sd = np.clip(eta[..., d : 2 * d] + np.log(unit / self.scale), -FARTHEST_LOG, FARTHEST_LOG)
        rest = np.broadcast_to(eta[..., 2 * d :], m.shape[:-1] + (self.p,))
        return np.concatenate([m, log_sd, rest], -1)

    @cached_property
    def _frame(self):
        """What a derivative by eta in a site's frame is multiplied by to be that by eta: [N, 2d + p]."""
        return np.concatenate([1 / self.scale, np.ones((self.N, self.d + self.p))], 1)

    def _limits(self):
        """[1, N, d, 2]"""
        limits = np.stack([link.limits for link in self.links])[self.link_of]
        return ((limits - self.centre[..., None]) / self.scale[..., None])[None]

    @property
    def _is_truncated(self):
        return any(link.is_truncated for link in self.links)

    def v(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N p"]:
        """The whitened shared parameters of every site: [Q, N, p]."""
        return self._v(self._eta(phi), slice(None))

    def _v(self, eta, rows):
        psi = eta[..., 2 * self.d :]
        return ((psi - self.psi0[rows])[..., None, :] @ np.swapaxes(self.whitener[rows], -1, -2))[..., 0, :]

    def inside(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """Whether phi [Q, D] is where the surrogates may be read: [Q]."""
        if not self.p:
            return np.ones(len(phi), bool)
        return (np.abs(self.v(phi)) <= self.v_max[:, None] + SLACK).all((1, 2))

    def reach(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
        """How far phi [Q, D] is from the centre of the farthest design, in its whitened units: [Q]."""
        return np.abs(self.v(phi)).max((1, 2)) if self.p else np.zeros(len(phi))

    def shell_mass(self, phi: Annotated[Array, "Q D"], weights: Annotated[Array, "Q"]) -> float:
        """The largest share of weighted draws beyond one axis of one design's box."""
        if not self.p:
            return 0.0
        return float(np.tensordot(weights, np.abs(self.v(phi)) > self.v_max[:, None], 1).max())

    # ---- one block of sites -----------------------------------------------------------------------------------

    def blocks(self, Q: int, weight: int = 1) -> list[tuple[slice, slice]]:
        """Slices over nodes and sites that keep a block's arrays in the cache."""
        n = max(1, min(self.N, BLOCK // (self.S * weight)))
        q = max(1, min(Q, BLOCK // (self.S * weight * n)))
        return [(slice(i, i + q), slice(j, j + n)) for i in range(0, Q, q) for j in range(0, self.N, n)]

    def terms(self, eta: Annotated[Array, "Q n m"], rows: slice) -> Terms:
        """Every particle's share at eta [Q, 1 or n, 2d + p] (docs/inference.md, eq. 5) for the sites of a slice."""
        d, Q, n = self.d, len(eta), len(range(*rows.indices(self.N)))
        m, log_sd = eta[..., :d], eta[..., d : 2 * d]
        tau2 = np.broadcast_to(np.exp(2 * log_sd), (Q, n, d))
        mean = np.broadcast_to(m, (Q, n, d))
        v = self._v(eta, rows) if self.p else np.zeros((Q, n, 0))
        if self.p and self.has_transport:
            mean = mean - (self.transport[rows] @ v[..., None])[..., 0]
        a = self.log_c[rows]
        if d:
            r = self.t[rows] - mean[..., None, :]
            C = self.H[rows] + (tau2[..., None] * np.eye(d))[:, :, None]
            if d == 1:
                inverse, log_det = 1 / C, np.log(C[..., 0, 0])
            else:
                C = np.where(np.isfinite(C), C, np.eye(d))
                inverse, log_det = np.linalg.inv(C), np.linalg.slogdet(C)[1]
            u = self._times_inverse(r, inverse, rows)
            square = r[..., 0] * u[..., 0] if d == 1 else (r * u).sum(-1)
            a = a - 0.5 * square - (0.5 * self._by_particle(log_det, rows) + 0.5 * d * LOG_2PI)
        else:
            inverse, u = np.zeros((Q, n, 1, 0, 0)), np.zeros((Q, n, self.S, 0))
            a = np.broadcast_to(a, (Q, n, self.S))
        if self.p:
            a = a + self._surrogate(v, rows)
        return Terms(a, u, inverse, tau2, mean, v)

    def _by_particle(self, per_mode, rows):
        """[Q, n, M] -> [Q, n, S or 1]."""
        if self.M == 1:
            return per_mode
        return np.take_along_axis(per_mode, np.broadcast_to(self.mode[rows], per_mode.shape[:2] + (self.S,)), 2)

    def _times_inverse(self, r, inverse, rows):
        """C^-1 r with each particle's own C."""
        if self.d == 1:
            return r * self._by_particle(inverse[..., 0, 0], rows)[..., None]
        if self.M == 1:
            return r @ inverse[:, :, 0]
        u = r @ inverse[:, :, 0]
        for k in range(1, self.M):
            own = self.mode[rows] == k
            if own.sum() > FEW * own.size:
                u = np.where(own[..., None], r @ inverse[:, :, k], u)
            else:
                site, particle = np.nonzero(own)
                u[:, site, particle] = (r[:, site, particle][..., None, :] @ inverse[:, site, k])[..., 0, :]
        return u

    def _inner(self, v, rows):
        """v, moved to the design's box where it is outside."""
        return np.clip(v, -self.v_max[rows, None], self.v_max[rows, None])

    def _surrogate(self, v, rows):
        """P_s(v) [Q, n, S]; outside the box what it is at its wall, less a site's share of a narrow Gaussian.

        A polynomial that went on, or its slope, would have many sites run away together.
        """
        inner = self._inner(v, rows)
        wall = 0.5 * ((v - inner) ** 2).sum(-1, keepdims=True) / (WALL**2 * self.N)
        return (self.coefficients[rows] @ features(inner, self.exponents)[..., None])[..., 0] - wall

    # ---- what the bank asks -----------------------------------------------------------------------------------

    def log_l(self, phi: Annotated[Array, "Q D"], correction: bool) -> Annotated[Array, "Q N"]:
        """[Q, N]; with the finite-sample ``correction``, half the variance that the parts of the particles tell."""
        eta = self._eta(phi)
        result = np.empty((len(phi), self.N))
        for nodes, rows in self.blocks(len(phi)):
            a = self.terms(self._rows(eta[nodes], rows), rows).a
            total = log_sum_exp(a)
            if correction:
                total = total + 0.5 * variance_of_mean(self._ratios(a, total, rows))
            result[nodes, rows] = total
        if self._is_truncated:
            result = result - self._log_normaliser(eta)
        return np.where(np.isnan(result), -np.inf, result)

    def terms_at(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N S"]:
        """Log weights of the particles at phi [Q, D]: [Q, N, S]."""
        return self.terms(self._eta(phi), slice(None)).a

    def part_ratios(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N parts"]:
        """l by each part of the particles alone over l, at phi [Q, D]: [Q, N, PARTS]."""
        eta = self._eta(phi)
        ratios = np.empty((len(phi), self.N, PARTS))
        for nodes, rows in self.blocks(len(phi)):
            a = self.terms(self._rows(eta[nodes], rows), rows).a
            ratios[nodes, rows] = self._ratios(a, log_sum_exp(a), rows)
        return ratios

    def _ratios(self, a, total, rows):
        """Each part's average of exp a [Q, n, S] over the whole's: [Q, n, PARTS]."""
        with np.errstate(invalid="ignore"):  # no particle counts here: total is -inf
            w = np.nan_to_num(np.exp(a - total[..., None]))
        if self.averaging.ndim == 2:
            return w @ self.averaging
        return (w[..., None, :] @ self.averaging[rows])[..., 0, :]

    @staticmethod
    def _rows(array, rows):
        return array if array.shape[1] == 1 else array[:, rows]

    def _log_normaliser(self, eta):
        limits, d = self._limits(), self.d
        return log_normaliser(eta[..., :d], eta[..., d : 2 * d], limits[..., 0], limits[..., 1]).sum(-1)

    def gradients(self, phi: Annotated[Array, "Q D"]) -> Annotated[Array, "Q N D"]:
        """[Q, N, D]: the scores' gradient alone, at a third of their cost."""
        jet = self.stack.jet(phi, order=1)
        eta, jacobian = self._framed(self._over_sites(jet.value)), self._over_sites(jet.jacobian)
        size, drawn = 2 * self.d + self.p, 2 * self.d
        grad = np.zeros((len(phi), self.N, size))
        for nodes, rows in self.blocks(len(phi), max(1, size // 2)):
            terms = self.terms(self._rows(eta[nodes], rows), rows)
            w = np.nan_to_num(np.exp(terms.a - log_sum_exp(terms.a)[..., None]))
            grad[nodes, rows] = (w[..., None, :] @ self._particle_gradients(terms, rows))[..., 0, :]
        if self._is_truncated:
            limits, d = self._limits(), self.d
            first = log_normaliser_derivatives(eta[..., :d], eta[..., d:drawn], limits[..., 0], limits[..., 1])[0]
            grad[..., :d] -= first[..., 0]
            grad[..., d:drawn] -= first[..., 1]
        if self.p:
            grad[..., drawn:] = (grad[..., None, drawn:] @ self.whitener)[..., 0, :]
        return np.nan_to_num(((grad * self._frame)[..., None, :] @ jacobian)[..., 0, :])

    def scores(self, phi: Annotated[Array, "Q D"]) -> Score:
        """A :class:`Score` with arrays [Q, N, ...] (docs/inference.md, eq. 3); no finite-sample correction."""
        Q, D, size = len(phi), phi.shape[1], 2 * self.d + self.p
        eta, jacobian, curvature = (self._over_sites(part) for part in self.stack.jet(phi))
        eta = self._framed(eta)
        if self.p:  # from psi to v
            full = np.zeros((self.N, size, size))
            full[:, : 2 * self.d, : 2 * self.d] = np.eye(2 * self.d)
            full[:, 2 * self.d :, 2 * self.d :] = self.whitener
            jacobian = full @ jacobian
        log_l, ess = np.empty((Q, self.N)), np.empty((Q, self.N))
        grad = np.empty((Q, self.N, size))
        hess = np.empty((Q, self.N, size, size))
        for nodes, rows in self.blocks(Q, max(1, size // 2)):
            block = self._block_score(self._rows(eta[nodes], rows), rows)
            log_l[nodes, rows], grad[nodes, rows], hess[nodes, rows], ess[nodes, rows] = block
        if self._is_truncated:
            log_l, grad, hess = self._truncated(eta, log_l, grad, hess)
        both = self._frame[:, :, None] * self._frame[:, None, :]
        grad, hess = grad * self._frame, hess * both
        transposed = np.swapaxes(jacobian, -1, -2)
        hess = transposed @ hess @ jacobian
        if curvature.any():
            bent = curvature.reshape(curvature.shape[:2] + (size, D * D))
            bent = full @ bent if self.p else bent
            hess = hess + (grad[..., None, :] @ bent).reshape(Q, self.N, D, D)
        grad = (transposed @ grad[..., None])[..., 0]
        log_l = np.where(np.isnan(log_l), -np.inf, log_l)
        return Score(log_l, np.nan_to_num(grad), np.nan_to_num(hess), np.nan_to_num(ess))

    def _block_score(self, eta, rows):
        """Louis (1982): gradient and Hessian in (m, log sd, v) of one block (docs/inference.md, eq. 14)."""
        d, p, size = self.d, self.p, 2 * self.d + self.p
        terms = self.terms(eta, rows)
        a, u, inverse, tau2 = terms.a, terms.u, terms.inverse, terms.tau2
        log_l = log_sum_exp(a)
        w = np.nan_to_num(np.exp(a - log_l[..., None]))
        g = self._particle_gradients(terms, rows)
        hess = np.zeros(a.shape[:2] + (size, size))
        for k in range(self.M if d else 0):
            share = w if self.M == 1 else np.where(self.mode[rows] == k, w, 0.0)
            self._add_mode(hess, share, u, inverse[:, :, k], tau2, rows)
        if p:
            inner = self._inner(terms.v, rows)
            inside = terms.v == inner
            mean_coefficients = (w[..., None, :] @ self.coefficients[rows])[..., 0, :]
            bend = np.einsum("qnf,qnfij->qnij", mean_coefficients, feature_hessian(inner, self.exponents))
            both = inside[..., :, None] & inside[..., None, :]
            wall = np.where(inside, 0.0, 1 / (WALL**2 * self.N))[..., None] * np.eye(p)
            hess[..., 2 * d :, 2 * d :] += np.where(both, bend, 0.0) - wall
        grad = (w[..., None, :] @ g)[..., 0, :]
        g -= grad[..., None, :]
        hess += np.swapaxes(g, -1, -2) @ (w[..., None] * g)
        return log_l, grad, hess, effective_number(w)

    def _particle_gradients(self, terms, rows):
        """Every particle's gradient in (m, log sd, v) (docs/inference.md, eq. 12): [Q, n, S, 2d + p]."""
        d, u = self.d, terms.u
        g = np.empty(terms.a.shape + (2 * d + self.p,))
        if d:
            diagonal = np.einsum("qnmjj->qnmj", terms.inverse)
            per_particle = np.stack([self._by_particle(diagonal[..., j], rows) for j in range(d)], -1)
            g[..., :d] = u
            g[..., d : 2 * d] = terms.tau2[:, :, None] * (u * u - per_particle)
        if self.p:
            inner = self._inner(terms.v, rows)
            excess = (terms.v - inner)[:, :, None]
            slopes = np.where(excess == 0, feature_gradient(inner, self.exponents), 0.0)
            g[..., 2 * d :] = self.coefficients[rows] @ slopes - excess / (WALL**2 * self.N)
            if d and self.has_transport:
                g[..., 2 * d :] -= u @ self.transport[rows]
        return g

    def _add_mode(self, hess, w, u, inverse, tau2, rows):
        """The expected second derivatives that particles of one kernel contribute (docs/inference.md, eq. 13)."""
        d = self.d
        mass = w.sum(-1)[..., None, None]
        um = (w[..., None, :] @ u)[..., 0, :]
        uu = np.swapaxes(u, -1, -2) @ (w[..., None] * u)
        mixed = 2 * tau2[..., None, :] * inverse * um[..., None, :]  # [i, j]: 2 tau_j^2 C^-1_ij E u_j
        hess[..., :d, :d] -= mass * inverse
        hess[..., :d, d : 2 * d] -= mixed
        hess[..., d : 2 * d, :d] -= np.swapaxes(mixed, -1, -2)
        outer = tau2[..., :, None] * tau2[..., None, :]
        hess[..., d : 2 * d, d : 2 * d] += outer * (2 * mass * inverse**2 - 4 * uu * inverse)
        variance = np.einsum("qnjj->qnj", uu - mass * inverse)
        hess[..., d : 2 * d, d : 2 * d] += np.eye(d) * (2 * tau2 * variance)[..., None, :]
        if self.p and self.has_transport:
            B = self.transport[rows]
            turned = np.swapaxes(B, -1, -2)
            hess[..., :d, 2 * d :] += mass * inverse @ B
            hess[..., 2 * d :, :d] += turned @ (mass * inverse)
            hess[..., 2 * d :, 2 * d :] -= turned @ (mass * inverse) @ B
            hess[..., 2 * d :, d : 2 * d] += turned @ mixed
            hess[..., d : 2 * d, 2 * d :] += np.swapaxes(turned @ mixed, -1, -2)

    def _truncated(self, eta, log_l, grad, hess):
        """The parent's normaliser, subtracted."""
        limits, d = self._limits(), self.d
        first, second = log_normaliser_derivatives(eta[..., :d], eta[..., d : 2 * d], limits[..., 0], limits[..., 1])
        for j in range(d):
            at = np.array([j, d + j])
            grad[..., at] -= first[..., j, :]
            hess[..., at[:, None], at[None, :]] -= second[..., j, :, :]
        return log_l - self._log_normaliser(eta), grad, hess
