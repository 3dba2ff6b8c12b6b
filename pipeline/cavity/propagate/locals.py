"""Local posteriors: what every dataset's own parameters are, given all the data."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.types import Array
from cavity.numerics.weights import log_sum_exp
from cavity.propagate.bank import SiteBank, TableGroup
from cavity.propagate.branches import Branches
from cavity.propagate.link import Link
from cavity.propagate.particles import ParticleGroup
from cavity.propagate.site import Site
from cavity.rng import generator

REDRAWS = 20


class LocalDraws(NamedTuple):
    """Equal-weight draws of one dataset's parameters; row r belongs to phi draw r."""

    names: tuple  # drawn variables, then payload
    values: Annotated[Array, "R d+k"]  # in the parameters' own units
    ess: float  # particles that count, the median over phi


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
) -> Iterator[tuple[slice, Array, Array | None, Array | None]]:
    """Rows of phi, and for them weights [Q, S], conditional means [Q, S, d] and covariances [Q, M, d, d].

    docs/inference.md, eq. 30.
    """
    if site.kind == "table":
        yield slice(0, len(phi)), _weights(group.particle_weights(site, phi)[0]), None, None
        return
    eta = group._eta(phi)
    for rows, _ in group.blocks(len(phi), max(1, group.d)):
        terms = group.terms(eta[rows], slice(None))
        weights = _weights(terms.a[:, 0])
        if not group.d:
            yield rows, weights, None, None
            continue
        tau2 = terms.tau2[:, 0]
        centres = terms.mean[:, 0, None] + tau2[:, None] * terms.u[:, 0]
        if group.p and group.has_transport:
            centres = centres + (group.transport @ terms.v[..., None])[:, 0, None, :, 0]
        T = tau2[..., None] * np.eye(group.d)
        yield rows, weights, centres, T[:, None] - tau2[:, None, :, None] * terms.inverse[:, 0] * tau2[:, None, None, :]


def _draws(group, site, link, phi, seed):
    rng = generator(seed, "local draws", site.dataset)
    d, R = link.d, len(phi)
    values, ess = np.empty((R, d + site.payload.shape[1])), np.empty(R)
    uniform, normal = rng.random(R), rng.normal(size=(R, d))
    for rows, weights, centres, covariances in conditionals(group, site, phi):
        cumulative = np.cumsum(weights, 1)
        chosen = (cumulative < uniform[rows, None] * cumulative[:, -1:]).sum(1)
        chosen = np.minimum(chosen, site.size - 1)
        ess[rows] = 1 / (weights**2).sum(1)
        values[rows, d:] = site.payload[chosen]
        if d:
            at = np.arange(len(chosen))
            mean = centres[at, chosen]
            covariance = covariances[at, site.mode[chosen] if covariances.shape[1] > 1 else 0]
            root = _root(covariance)
            theta = mean + (root @ normal[rows][..., None])[..., 0]
            values[rows, :d] = _confined(theta, mean, root, link.limits, rng) if link.is_truncated else theta
    values[:, :d] = np.where(link.is_log, np.exp(values[:, :d]), values[:, :d])
    return LocalDraws(names_of(site), values, float(np.median(ess)))


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
