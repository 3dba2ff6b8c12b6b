"""Expectation propagation over site functions: parallel sweeps in score form, and the Newton step of the pilot."""

from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.newton import climb
from cavity.numerics.normal import Gaussian, is_positive_definite, symmetric
from cavity.numerics.sobol import sobol_normal
from cavity.numerics.types import Array
from cavity.propagate.bank import SiteBank
from cavity.propagate.transform import GlobalSpace

MANY_SITES = 1000  # above, one node: the score's own noise is far below the posterior's width
NODES = 64
QUADRATURE_NODES, QUADRATURE_WIDTH = 201, 8.0  # of a hyperprior's one coordinate
SMALLEST_STEP = 1e-3
LARGEST_MOVE = 3.0  # posterior sds in one sweep
LARGEST_RATIO = 10.0  # of variances in one sweep
LARGEST_SHARE = 0.98  # of q's precision that one site may hold: its cavity must stay proper
LARGEST_BLOCK = 4_000_000  # doubles that the scores of one block of nodes may fill
PATIENCE, CALMER = 15, 0.6  # sweeps after which the step is shortened, and by how much


class Sweep(NamedTuple):
    """Where expectation propagation is: q and its factors."""

    gaussian: Gaussian  # q(phi), D dimensions
    sites: Gaussian  # N sites, stacked on axis 0
    prior: Gaussian  # the hyperprior's own site
    step: float  # the step that the safeguards allowed last, in (0, 1]


class SweepInfo(NamedTuple):
    """What one sweep did."""

    move: float  # the largest move of q's mean, in sds of the q before
    variance_change: float  # the largest |ratio of variances - 1| over directions
    step: float
    halvings: int
    kept: int  # sites that had to keep their old approximation: not finite
    stalled: bool  # no step above 1e-3 was safe; nothing was changed
    worst: int  # the site that holds the largest share of q's precision


def initial(
    space: GlobalSpace, bank: SiteBank, mean: Annotated[Array, "D"], covariance: Annotated[Array, "D D"]
) -> Sweep:
    """A state whose q is N(mean, covariance), all of it in the prior's site."""
    D, N = space.dimension, bank.N
    gaussian = Gaussian.from_moments(np.asarray(mean, float), np.asarray(covariance, float))
    return Sweep(gaussian, Gaussian.flat(N, D), gaussian, 1.0)


def whitened_nodes(dimension: int, n_sites: int, n: int = NODES, seed: int = 3) -> Annotated[Array, "Q D"]:
    """Scrambled Sobol nodes for N(0, 1), or one at the mean where there are many sites.

    Their mean is 0 and their covariance 1 to rounding, so a Gaussian site is found exactly.
    """
    if n_sites > MANY_SITES or n <= dimension:
        return np.zeros((1, dimension))
    z = sobol_normal(n, dimension, seed)
    z = z - z.mean(0)
    return np.linalg.solve(np.linalg.cholesky(z.T @ z / n), z.T).T


def _tilted_scores(bank, x, sites):
    """Averages over each site's own tilted distribution: E[g] [N, D], and E[H + g g^T] - E[g] E[g]^T.

    The weights of node x are l_i(x) / site_i(x) (docs/inference.md, eq. 22): q times that is the tilted distribution
    (weights of the cavity are wrong). Blocks of nodes are accumulated with a running maximum, so memory does not grow
    with their number.
    """
    Q, D = x.shape
    N = bank.N
    top, total = np.full(N, -np.inf), np.zeros(N)
    gradient, curvature = np.zeros((N, D)), np.zeros((N, D, D))
    block = int(max(1, min(Q, LARGEST_BLOCK // max(1, 3 * N * D * D))))
    for start in range(0, Q, block):
        nodes = x[start : start + block]
        score = bank.scores(nodes)
        log_w = score.log_l - sites.log_factor(nodes)
        log_w = np.where(np.isfinite(log_w), log_w, -np.inf)
        highest = np.maximum(top, log_w.max(0))
        safe = np.where(np.isfinite(highest), highest, 0.0)
        decay, w = np.exp(np.where(np.isfinite(top), top - safe, -np.inf)), np.exp(log_w - safe)
        outer = score.hess + score.grad[..., :, None] * score.grad[..., None, :]
        total = total * decay + w.sum(0)
        gradient = gradient * decay[:, None] + np.einsum("qn,qnd->nd", w, score.grad)
        curvature = curvature * decay[:, None, None] + np.einsum("qn,qnde->nde", w, outer)
        top = highest
    with np.errstate(all="ignore"):
        gradient, curvature = gradient / total[:, None], curvature / total[:, None, None]
    return gradient, curvature - gradient[:, :, None] * gradient[:, None, :]


def _new_sites(gaussian, sites, gradient, curvature):
    """EP's sites in score form (Minka 2001; Stein 1981) (docs/inference.md, eq. 23), with the cavity's m- and V-."""
    cavity = gaussian.ratio(sites)
    covariance = np.linalg.inv(cavity.precision)
    mean = (covariance @ cavity.shift[..., None])[..., 0]
    identity = np.eye(gaussian.dimension)
    precision = symmetric(-np.linalg.solve(identity + curvature @ covariance, curvature))
    pull = gradient + (precision @ (covariance @ gradient[..., None]))[..., 0]
    return Gaussian(precision, (precision @ mean[..., None])[..., 0] + pull)


def _new_prior(space, gaussian, prior):
    """The hyperprior's site: its factors are sites of one coordinate each, their averages by quadrature.

    A prior site that is still the guess q started from (not diagonal) counts as flat.
    """
    old = Gaussian(np.diag(prior.precision), prior.shift)
    if np.count_nonzero(prior.precision - np.diag(old.precision)):
        old = Gaussian(np.zeros(space.dimension), np.zeros(space.dimension))
    mean, variance = gaussian.mean, np.diag(gaussian.covariance)
    z = np.linspace(-QUADRATURE_WIDTH, QUADRATURE_WIDTH, QUADRATURE_NODES)[:, None]
    x = mean + np.sqrt(variance) * z
    slope, bend = space.prior_score(x)
    log_w = space.log_prior_terms(x) - 0.5 * z * z - (x * old.shift - 0.5 * x * x * old.precision)
    log_w = np.where(np.isnan(log_w), -np.inf, log_w)
    with np.errstate(all="ignore"):
        w = np.exp(log_w - log_w.max(0))
        w = w / w.sum(0)
        gradient = (w * slope).sum(0)
        curvature = (w * (bend + (slope - gradient) ** 2)).sum(0)
        cavity_variance = 1 / (1 / variance - old.precision)
        cavity_mean = cavity_variance * (mean / variance - old.shift)
        precision = -curvature / (1 + curvature * cavity_variance)
        shift = precision * cavity_mean + (1 + precision * cavity_variance) * gradient
    good = np.isfinite(precision) & np.isfinite(shift)
    start, width = space.start()
    fallback = 1 / np.diag(width)
    precision = np.where(good, precision, fallback)
    return Gaussian(np.diag(precision), np.where(good, shift, fallback * start))


def _q(sites, prior):
    return Gaussian(prior.precision + sites.precision.sum(0), prior.shift + sites.shift.sum(0))


def sweep(
    state: Sweep,
    space: GlobalSpace,
    bank: SiteBank,
    nodes: Annotated[Array, "Q D"],
    longest: float = 1.0,
    first: bool = False,
) -> tuple[Sweep, SweepInfo]:
    """One parallel sweep over all sites and the hyperprior (docs/inference.md, eq. 24).

    Parameters
    ----------
    nodes
        Whitened, for the sites' averages.
    longest
        The step that is tried first.
    first
        Whether q is only a guess (then the hyperprior's site is left alone).

    Notes
    -----
    Minka (2001), in the score form: the site's precision comes from averages of gradients and Hessians of log l over
    the tilted distribution. Indefinite sites are left as they are; the step is halved until q and every cavity are
    proper, q moves less than 3 sds and no variance changes more than tenfold.
    """
    gaussian = state.gaussian
    covariance = gaussian.covariance
    factor = np.linalg.cholesky(covariance)
    mean = gaussian.mean
    gradient, curvature = _tilted_scores(bank, mean + nodes @ factor.T, state.sites)
    try:
        fresh = _new_sites(gaussian, state.sites, gradient, curvature)
    except np.linalg.LinAlgError:
        fresh = Gaussian(np.full_like(state.sites.precision, np.nan), np.full_like(state.sites.shift, np.nan))
    good = np.isfinite(fresh.precision).all((1, 2)) & np.isfinite(fresh.shift).all(1)
    fresh = Gaussian(
        np.where(good[:, None, None], fresh.precision, state.sites.precision),
        np.where(good[:, None], fresh.shift, state.sites.shift),
    )
    prior = state.prior if first else _new_prior(space, gaussian, state.prior)
    step, halvings = longest, 0
    worst = 0
    while step >= SMALLEST_STEP:
        sites = fresh.power(step).product(state.sites.power(1 - step))
        new_prior = prior.power(step).product(state.prior.power(1 - step))
        new = _q(sites, new_prior)
        found = _measure(new, sites, mean, factor)
        worst = worst if found is None else found[3]
        if found is not None and found[0] < LARGEST_MOVE and found[1] < LARGEST_RATIO and found[2] < LARGEST_SHARE:
            info = SweepInfo(found[0], found[4], step, halvings, int((~good).sum()), False, worst)
            return Sweep(new, sites, new_prior, step), info
        step, halvings = step / 2, halvings + 1
    return state, SweepInfo(0.0, 0.0, 0.0, halvings, int((~good).sum()), True, worst)


def _measure(new, sites, mean, factor):
    """(move, largest variance ratio, largest share of a site, that site, variance change), or None if not proper."""
    if not is_positive_definite(new.precision):
        return None
    covariance = new.covariance
    if not is_positive_definite(covariance):
        return None
    root = np.linalg.cholesky(covariance)
    shares = np.linalg.eigvalsh(root.T @ sites.precision @ root)[:, -1] if len(sites.shift) else np.zeros(1)
    move = np.abs(np.linalg.solve(factor, new.mean - mean)).max(initial=0.0)
    half = np.linalg.solve(factor, covariance)
    ratios = np.linalg.eigvalsh(symmetric(np.linalg.solve(factor, half.T)))
    return move, ratios.max(initial=1.0), shares.max(), int(shares.argmax()), np.abs(ratios - 1).max(initial=0.0)


def propagate(
    space: GlobalSpace,
    bank: SiteBank,
    mean: Annotated[Array, "D"],
    covariance: Annotated[Array, "D D"],
    sweeps: int = 60,
    tolerance: float = 1e-4,
    n_nodes: int = NODES,
    seed: int = 3,
) -> tuple[Sweep, list[SweepInfo]]:
    """Sweep until q stops moving.

    Parameters
    ----------
    space, bank
        The global space and its sites.
    mean, covariance
        Where q starts: [D], [D, D].
    sweeps, tolerance
        At most so many sweeps; fewer once mean (in sds) and variances change by less than the tolerance.
    n_nodes
        Sobol nodes where there are up to 1,000 sites; above, one at the mean.
    seed
        Of the nodes, an integer.

    Returns
    -------
    (Sweep, list[SweepInfo])
        ``infos[-1].stalled`` says that no safe step was left; ``describe_stall`` names the site.
    """
    D = space.dimension
    state, infos = initial(space, bank, mean, covariance), []
    if D == 0:
        return state, infos
    nodes = whitened_nodes(D, bank.N, n_nodes, seed)
    for count in range(sweeps):
        longest = 1.0 if count < PATIENCE else CALMER
        state, info = sweep(state, space, bank, nodes, longest, first=count == 0)
        infos.append(info)
        if info.stalled or (count > 2 and max(info.move, info.variance_change) < tolerance):
            break
    return state, infos


def describe_stall(bank: SiteBank, infos: list[SweepInfo]) -> str:
    """The words for sweeps that stalled."""
    return (
        f"expectation propagation found no safe step after {len(infos)} sweeps; the site of "
        f"{bank.datasets[infos[-1].worst]} holds the largest share of the precision"
    )


class NewtonInfo(NamedTuple):
    """What the trust-region search for the mode did."""

    converged: bool
    iterations: int
    move: float  # the whole way from the start, in the final posterior's sds
    log_density: float


def newton(
    space: GlobalSpace,
    bank: SiteBank,
    mean: Annotated[Array, "D"],
    covariance: Annotated[Array, "D D"],
    iterations: int = 40,
    tolerance: float = 1e-3,
) -> tuple[Annotated[Array, "D"], Annotated[Array, "D D"], NewtonInfo]:
    """The mode and curvature of log prior + sum log l: a trust-region Newton on the summed scores.

    Parameters
    ----------
    space, bank
        The global space and its sites.
    mean, covariance
        Where to start [D], and the scale of the first steps [D, D].
    iterations, tolerance
        At most so many; fewer once a step is below the tolerance in sds.

    Returns
    -------
    (mean, covariance, NewtonInfo)
        The covariance is the inverse of the curvature at the mode, its eigenvalues made positive.
    """

    def value(x):
        return float(bank.log_density(x[None], correction=False)[0])

    def derivatives(x):
        score = bank.score(x)
        prior_gradient, prior_hessian = space.prior_score(x)
        return score.grad.sum(0) + prior_gradient, score.hess.sum(0) + np.diag(prior_hessian)

    found = climb(value, derivatives, np.array(mean, float), covariance, iterations, tolerance)
    spread = np.sqrt(np.diag(found.covariance))
    move = np.abs((found.x - mean) / spread).max(initial=0.0)
    return found.x, found.covariance, NewtonInfo(found.converged, found.iterations, move, found.value)
