"""How wrong the answer may be: the noise of the sites in the posterior and in the evidence, and what else is known."""

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

import numpy as np

from cavity.numerics.normal import weighted_moments
from cavity.numerics.parts import variance_of_mean
from cavity.numerics.types import Array
from cavity.numerics.weights import resampled
from cavity.propagate.bank import SiteBank
from cavity.propagate.site import Site
from cavity.propagate.transform import GlobalSpace

DRAWS = 400  # of the posterior, that the noise is averaged over
COMPARED, LOST_IN_NOISE = 64, 0.035  # draws of phi at which kernels are compared, and a share of the noise
FEWEST = 60.0  # particles that count where the posterior is, under narrower kernels too
NARROWEST = 0.1  # kernels, in units of Silverman's rule: the next are narrower, the last


class Noise(NamedTuple):
    """The Monte Carlo error that the sites' own samples bring into the posterior."""

    mcse: Annotated[Array, "D"]  # of phi's means, in posterior sds
    contributions: Annotated[Array, "N"]  # each site's share of the summed variance; adds up to 1
    evidence: Annotated[Array, "N"]  # variance of the log evidence by each site


def site_noise(
    bank: SiteBank, draws: Annotated[Array, "S D"], log_weights: Annotated[Array, "S"], seed: int = 0
) -> Noise:
    """The jackknife over the parts of each site's particles, averaged over the posterior (docs/inference.md, eq. 15).

    With r_p(phi) the ratio of l_i by part p alone to l_i by all, the particles' error moves the log evidence by the
    mean over the posterior of r_p - 1, and the mean of phi by Cov(phi, r_p), to first order. Kernels narrower than the
    posterior make log l wavy on their own scale; a slope at one point is a wave's, while over the posterior waves
    cancel.

    Parameters
    ----------
    bank
        N sites.
    draws, log_weights
        phi and normalised log weights of the exact pass; up to 400 of them are used.
    seed
        Of the choice among the draws.
    """
    rows = resampled(log_weights, min(DRAWS, max(len(draws), 1)), np.random.default_rng(seed))
    phi = draws[rows]
    covariance = weighted_moments(draws, log_weights)[1]
    lever = (phi - phi.mean(0)) / len(phi)
    ratios = bank.part_ratios(phi)
    parts = ratios.shape[-1]
    moved = (np.einsum("qd,qnp->npd", lever, ratios - 1.0) ** 2).sum(1) / (parts * (parts - 1))
    variance = np.diag(covariance)
    relative = moved / np.where(variance > 0, variance, np.inf)
    shares = relative.sum(1)
    return Noise(np.sqrt(relative.sum(0)), shares / max(shares.sum(), 1e-300), variance_of_mean(ratios.mean(0)))


def kernel_width(made: Callable[..., Site], space: GlobalSpace, sets: Sequence[Annotated[Array, "R D"]]) -> float:
    """The width of a site's kernels, in units of Silverman's rule: halved until that is lost in the particles' noise.

    Kernels leave a Gaussian what it is, but lift a step and flatten a tail, in all sites with one sign; narrower ones
    have more noise where the population is narrow. The balance is that of Lepski (1991).

    Parameters
    ----------
    made
        width -> the site.
    sets
        Draws of phi, each set for itself: the change of log l is to the noise as root mean squares over it. At the mean
        of the first, enough particles have to count.
    """
    width, bank = 1.0, SiteBank([made(width=1.0)], space)
    while width > NARROWEST:
        narrower = SiteBank([made(width=width / 2)], space)
        if all(_moved(bank, narrower, phi[:COMPARED]) <= LOST_IN_NOISE for phi in sets):
            break
        if narrower.score(sets[0].mean(0)).ess[0] < FEWEST:
            break
        width, bank = width / 2, narrower
    return width


def _moved(bank, narrower, phi):
    """How much narrower kernels change log l at draws phi [Q, D], over its noise."""
    change = np.nan_to_num(bank.log_l(phi, correction=False) - narrower.log_l(phi, correction=False))
    noise = variance_of_mean(narrower.part_ratios(phi)).mean()
    return float(np.sqrt((change**2).mean() / noise)) if noise > 0 else 0.0


def kernel_bias(site: Site, narrower: Site, space: GlobalSpace, phi: Annotated[Array, "Q D"]) -> float:
    """How far kernels lift log l over posterior draws phi [Q, D], from a site and the same with kernels half as wide.

    The bias of a kernel goes as the square of its width (Silverman 1986, section 3.3): what half the width takes away
    is three quarters of it. At one phi most of that would be noise: there narrower kernels see other draws.
    """
    wide, narrow = (SiteBank([one], space).log_l(phi, correction=False)[:, 0] for one in (site, narrower))
    apart = wide - narrow
    apart = apart[np.isfinite(apart)]
    return 4 / 3 * float(apart.mean()) if len(apart) else 0.0


def log_evidence_error(bank: SiteBank, exact_error: float, noise: Noise) -> float:
    """The standard error of the log evidence: the exact pass, the sites' noise, and what the sites know of themselves.

    Independent errors add up as squares: ``exact_error``, the particles', and that of the prior mass which assertions
    leave (``assertion_error`` of a site's info). What may have one sign in all sites adds up as it is: the
    ``surrogate_error`` of polynomials in the shared parameters, which is a bound, and the ``kernel_bias``, whose own
    noise is taken off by how the sites differ.
    """
    counted = [site.info.get("assertion_error", 0.0) for site in bank.sites]
    bound = sum(site.info.get("surrogate_error", 0.0) for site in bank.sites)
    bias = np.array([site.info.get("kernel_bias", 0.0) for site in bank.sites])
    scatter = len(bias) * bias.var(ddof=1) if len(bias) > 1 else 0.0
    together = max(bias.sum() ** 2 - scatter, 0.0)
    return float(np.sqrt(exact_error**2 + noise.evidence.sum() + np.square(counted).sum() + bound**2 + together))
