"""Local posteriors: what every dataset's own parameters are, given all the data."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.parts import PARTS, averaging
from cavity.numerics.types import Array
from cavity.numerics.weights import effective_number, log_sum_exp
from cavity.propagate.bank import SiteBank, TableGroup
from cavity.propagate.branches import Branches
from cavity.propagate.link import Link
from cavity.propagate.particles import ParticleGroup
from cavity.propagate.site import Site
from cavity.rng import generator

REDRAWS = 20
ROWS = 200  # of phi at a time, of a table: all its particles have a weight at each


class LocalDraws(NamedTuple):
    """Equal-weight draws of one dataset's parameters; row r belongs to phi draw r."""

    names: tuple  # drawn variables, then payload
    values: Annotated[Array, "R d+k"]  # in the parameters' own units
    ess: float  # particles that count, the median over phi
    error: Annotated[Array, "d+k"]  # of the means, from the particles: as they are few, in the parameters' own units


def local_draws(bank: SiteBank, phi: Annotated[Array, "R D"], seed: int) -> dict[str, LocalDraws]:
    """Draws of every dataset's own parameters.

    Parameters
    ----------
    bank
        A :class:`~cavity.propagate.bank.SiteBank`.
    phi
        [R, D] equal-weight posterior draws, at least 1,500.
    seed
        An integer. Each dataset has a stream of its own, so its draws do not depend on the other datasets.

    Returns
    -------
    dict
        dataset -> :class:`LocalDraws`.
    """
    phi = np.asarray(phi, float)
    if isinstance(bank, Branches):
        return _of_branches(bank, phi, seed)
    return {site.dataset: _draws(group, site, link, phi, seed) for group, site, link in owned_sites(bank)}


def _of_branches(branches, phi, seed):
    """Each row from the branch that its phi belongs to."""
    which, found = branches.which(phi), {}
    for k, bank in enumerate(branches.banks):
        own = np.flatnonzero(which == k)
        for dataset, draws in (local_draws(bank, phi[own], seed) if len(own) else {}).items():
            known = found.setdefault(dataset, draws._replace(values=np.empty((len(phi), draws.values.shape[1]))))
            known.values[own] = draws.values
            found[dataset] = known._replace(error=np.maximum(known.error, draws.error))
    return found


def owned_sites(bank: SiteBank) -> Iterator[tuple[ParticleGroup | TableGroup, Site, Link]]:
    """(group to evaluate it with, site, link) in the bank's order."""
    owner = {site.dataset: group for group in bank.groups for site in group.sites}
    for site, link in zip(bank.sites, bank.links):
        group = owner[site.dataset]
        yield (ParticleGroup([site], [link]) if site.kind == "particles" else group), site, link


def names_of(site: Site) -> tuple[str, ...]:
    """Its drawn variables, then its payload."""
    return site.drawn_names + site.payload_names


def _weights(a):
    """Normalised weights over the last axis; even where no particle is possible."""
    total = log_sum_exp(a)
    return np.where(
        np.isfinite(total)[:, None], np.exp(a - np.where(np.isfinite(total), total, 0.0)[:, None]), 1 / a.shape[1]
    )


def conditionals(
    group: ParticleGroup | TableGroup, site: Site, phi: Annotated[Array, "R D"]
) -> Iterator[tuple[slice, Array, Array, Array | None, Array | None]]:
    """Rows of phi, and for them weights [Q, S], payloads [Q or 1, S, k], conditional means and covariances.

    The last two (docs/inference.md, eq. 30) are [Q, S, d] and [Q, M, d, d], None without drawn variables.
    """
    if site.kind == "table":
        for start in range(0, len(phi), ROWS):
            rows = slice(start, start + ROWS)
            yield rows, _weights(group.particle_weights(site, phi[rows])), site.payload[None], None, None
        return
    eta = group._eta(phi)
    for rows, _ in group.blocks(len(phi), max(1, group.d + site.payload_transport.shape[1])):
        terms = group.terms(eta[rows], slice(None))
        weights = _weights(terms.a[:, 0])
        payload = site.payload[None]
        if site.payload_transport.any():
            payload = payload + np.einsum("skp,qp->qsk", site.payload_transport, terms.v[:, 0])
        if not group.d:
            yield rows, weights, payload, None, None
            continue
        tau2 = terms.tau2[:, 0]
        H = group.H[0, site.mode] if group.M > 1 else group.H[0]
        centres = group.t[0] - (H @ terms.u[:, 0, ..., None])[..., 0]  # m + T C^-1 r without its cancellation
        if group.p and group.has_transport:
            centres = centres + (group.transport @ terms.v[..., None])[:, 0, None, :, 0]
        scale = group.scale[0]
        covariances = group.H[0] @ terms.inverse[:, 0] * tau2[:, None, None, :]  # H C^-1 T = T - T C^-1 T
        yield rows, weights, payload, group.centre[0] + scale * centres, scale[:, None] * covariances * scale


def _draws(group, site, link, phi, seed):
    rng = generator(seed, "local draws", site.dataset)
    d, R = link.d, len(phi)
    values, ess = np.empty((R, d + site.payload.shape[1])), np.empty(R)
    uniform, normal = rng.random(R), rng.normal(size=(R, d))
    total, weighted = np.zeros(site.size), np.zeros((site.size, values.shape[1]))
    for rows, weights, payload, centres, covariances in conditionals(group, site, phi):
        cumulative = np.cumsum(weights, 1)
        chosen = (cumulative < uniform[rows, None] * cumulative[:, -1:]).sum(1)
        chosen = np.minimum(chosen, site.size - 1)
        ess[rows] = effective_number(weights)
        at = np.arange(len(chosen))
        values[rows, d:] = payload[at if len(payload) > 1 else 0, chosen]
        here = weights.sum(0)
        total += here
        weighted[:, d:] += np.einsum(
            "qs,qsk->sk", weights, np.broadcast_to(payload, (len(weights), *payload.shape[1:]))
        )
        if d:
            mean = centres[at, chosen]
            weighted[:, :d] += np.einsum("qs,qsd->sd", weights, centres)
            covariance = covariances[at, site.mode[chosen] if covariances.shape[1] > 1 else 0]
            root = _root(covariance)
            theta = mean + (root @ normal[rows][..., None])[..., 0]
            values[rows, :d] = _confined(theta, mean, root, link.limits, rng) if link.is_truncated else theta
    ess, error = float(np.median(ess)), _error_of_mean(total / R, weighted / R)
    if site.kind == "table":  # its particles are in no parts
        error = values.std(0) / np.sqrt(ess)
    logarithmic = np.flatnonzero(link.is_log)
    values[:, logarithmic] = np.exp(values[:, logarithmic])
    error[logarithmic] *= values[:, logarithmic].mean(0)
    return LocalDraws(names_of(site), values, ess, error)


def _error_of_mean(weights, weighted):
    """Of sum_s weighted_s [S, k], whose weights [S] add up to one: the jackknife over the parts of the particles."""
    moved = averaging(len(weights)).T @ (weighted - weights[:, None] * weighted.sum(0))
    return np.sqrt((moved**2).sum(0) / (PARTS * (PARTS - 1)))


def _root(covariance):
    """A square root of positive semi-definite matrices."""
    if covariance.shape[-1] == 1:
        return np.sqrt(np.maximum(covariance, 0.0))
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(eigenvalues, 0.0))[..., None, :]


def _confined(theta, mean, root, limits, rng):
    """Draws again where a truncated parent's limits are left; what still leaves them is put on the limit."""
    for _ in range(REDRAWS):
        out = ((theta < limits[:, 0]) | (theta > limits[:, 1])).any(1)
        if not out.any():
            return theta
        fresh = rng.normal(size=(int(out.sum()), theta.shape[1]))
        theta[out] = mean[out] + (root[out] @ fresh[..., None])[..., 0]
    return np.clip(theta, limits[:, 0], limits[:, 1])
