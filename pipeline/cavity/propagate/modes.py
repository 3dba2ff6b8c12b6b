"""The modes of prior times sites, whatever phi is: climbs from the prior and from what single sites say."""

from collections.abc import Sequence
from itertools import chain
from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.normal import LOG_2PI
from cavity.numerics.sobol import sobol_normal
from cavity.numerics.types import Array
from cavity.propagate.bank import SiteBank
from cavity.propagate.branches import Branches
from cavity.propagate.sweep import newton
from cavity.propagate.transform import GlobalSpace

SCANNED = 256  # points of the prior of which the likeliest are climbed from
FROM_PRIOR, FROM_SITES = 6, 12  # climbs
ITERATIONS = 25
DEPTH = 8.0  # nats of mass below the largest that a mode may be
VALLEY = 1.0  # nats between two maxima, below which they are one mode
SEGMENT = 13  # points between two maxima
APART = 2.0  # sds between a start and a mode, below which it is no other's
HIGHER = 2.0  # nats above the mode's Gaussian, beyond which it is all the same


class Mode(NamedTuple):
    """A local maximum of prior times sites, and the Gaussian there."""

    mean: np.ndarray  # [D]
    covariance: np.ndarray  # [D, D]
    log_density: float
    log_mass: float  # of the Gaussian: log density + log of its volume


def one_mode(mean: Annotated[Array, "D"], covariance: Annotated[Array, "D D"]) -> tuple[Mode, ...]:
    """A Gaussian that is known otherwise, as the only mode."""
    return (Mode(np.asarray(mean, float), np.asarray(covariance, float), 0.0, 0.0),)


def find_modes(
    space: GlobalSpace,
    bank: SiteBank | Branches,
    known: Annotated[Array, "K D"] | None = None,
    seed: int = 5,
    depth: float = DEPTH,
) -> list[Mode]:
    """Every mode within ``depth`` of the heaviest, by Laplace mass, the heaviest first (docs/inference.md, eq. 25).

    Parameters
    ----------
    space, bank
        The global space and its sites; no likelihood is called.
    known
        Modes of an earlier round, climbed from first; where surrogates hold around them alone, from nowhere else.
    seed
        Of the scan of the prior.
    depth
        In log mass.

    Returns
    -------
    list[Mode]
        At least one.
    """
    start, width = space.start()
    found = []
    held = known is not None and any(site.p for site in bank.sites)
    for point in chain([start] if known is None else known, () if held else _starts(space, bank, seed)):
        if not _near(bank, point, found):
            mode = _climbed(space, bank, point, width)
            same = next((i for i, other in enumerate(found) if _is_one(bank, mode, other)), None)
            if same is None:
                found.append(mode)
            elif mode.log_density > found[same].log_density:
                found[same] = mode
    found = sorted((mode for mode in found if np.isfinite(mode.log_mass)), key=lambda mode: -mode.log_mass) or found[:1]
    return [mode for mode in found if mode.log_mass >= found[0].log_mass - depth]


def shares_of(modes: Sequence[Mode]) -> Annotated[Array, "K"]:
    """[K] masses of modes, normalised."""
    log_mass = np.array([mode.log_mass for mode in modes])
    shares = np.exp(log_mass - log_mass.max())
    return shares / shares.sum()


def nearest(modes: Sequence[Mode], x: Annotated[Array, "Q D"]) -> Annotated[Array, "Q"]:
    """The mode that each point belongs to: the one whose Gaussian is highest there, masses left aside."""
    if len(modes) == 1:
        return np.zeros(len(x), int)
    distances = []
    for mode in modes:
        factor = np.linalg.cholesky(mode.covariance)
        z = np.linalg.solve(factor, (x - mode.mean).T)
        distances.append((z * z).sum(0) + 2 * np.log(np.diag(factor)).sum())
    return np.argmin(distances, axis=0)


def _climbed(space, bank, start, width):
    mean, covariance, info = newton(space, bank, start, width, ITERATIONS)
    sign, log_volume = np.linalg.slogdet(covariance)
    mass = info.log_density + 0.5 * log_volume + 0.5 * len(mean) * LOG_2PI if sign > 0 else -np.inf
    return Mode(mean, covariance, info.log_density, mass)


def _near(bank, point, modes):
    """Whether a start lies inside a mode already found: near it, and no higher than its Gaussian says."""
    height = bank.log_density(point[None], correction=False)[0]
    for mode in modes:
        offset = point - mode.mean
        distance = offset @ np.linalg.solve(mode.covariance, offset)
        if distance < APART**2 and height < mode.log_density - 0.5 * distance + HIGHER:
            return True
    return False


def _is_one(bank, mode, other):
    """Whether no valley lies between two maxima."""
    share = np.linspace(0.0, 1.0, SEGMENT)[:, None]
    line = bank.log_density(mode.mean + share * (other.mean - mode.mean), correction=False)
    return bool(line.min() > min(mode.log_density, other.log_density) - VALLEY)


def _starts(space, bank, seed):
    """Points to climb from: the likeliest of the prior, and where single sites would have the coordinates."""
    scan = space.from_normal(sobol_normal(SCANNED, space.dimension, seed))
    density = bank.log_density(scan, correction=False)
    order = np.argsort(-np.where(np.isfinite(density), density, -np.inf), kind="stable")
    yield from scan[order[:FROM_PRIOR]]
    count = 0
    for site, link in sorted(zip(bank.sites, bank.links), key=lambda pair: -len(pair[0].info.get("centres", ()))):
        for centre in site.info.get("centres", ()):
            if count == FROM_SITES:
                return
            count += 1
            yield _pulled(space, link, np.asarray(centre))


def _pulled(space, link, theta, steps=3):
    """The phi nearest to the prior's centre at which a site's drawn means are theta."""
    start, width = space.start()
    phi = start.copy()
    for _ in range(steps):
        jet = link.jet(phi)
        J = jet.jacobian[: link.d]
        gain = width @ J.T
        spread = J @ gain
        unit = np.sqrt(np.diag(spread))
        unit[~(unit > 0)] = 1.0
        pull = theta - jet.value[: link.d] - J @ (start - phi)
        phi = start + gain / unit @ np.linalg.lstsq(spread / np.outer(unit, unit), pull / unit, rcond=1e-8)[0]
    return phi
