"""How wrong the answer may be, and which sites to build again."""

from typing import NamedTuple

import numpy as np

from cavity.message.pareto import TRUSTED_K

ENOUGH_PARTICLES = 50.0
ALLOWED_SHELL = 0.005
ALLOWED_SURROGATE = 0.3
ALLOWED_INTERPOLATION = 0.3
TABLE_SHARE = 0.2  # table sites are held to a fifth of the tolerance
LEAST_SHIFT = 0.2


class Noise(NamedTuple):
    """The Monte Carlo error that the sites' own samples bring into the posterior."""

    mcse: np.ndarray  # [D], of phi's means, in posterior sds
    contributions: np.ndarray  # [N], each site's share of the summed variance; adds up to 1


class Refresh(NamedTuple):
    """A site to build again."""

    dataset: str
    reasons: tuple  # words for a person
    factor: float  # how many times its samples it should have


class Convergence(NamedTuple):
    """Whether to stop."""

    converged: bool
    mcse: np.ndarray  # [D] in posterior sds
    shift: np.ndarray  # [D] between rounds, in posterior sds
    reasons: tuple  # what speaks against


def site_noise(score, covariance):
    """mcse_j = sqrt([V (sum_i noise_i) V]_jj / V_jj).

    Parameters
    ----------
    score
        The bank's :class:`~cavity.propagate.particles.Score` at q's mean.
    covariance
        V [D, D].

    Notes
    -----
    With Sobol local samples it is conservative: it predicts .07 to .14 where .002 to .02 is seen.
    """
    total = covariance @ score.noise.sum(0) @ covariance
    shares = np.einsum("ab,nba->n", covariance, score.noise)
    return Noise(np.sqrt(np.maximum(np.diag(total), 0.0) / np.diag(covariance)), shares / max(shares.sum(), 1e-300))


def needs_refresh(bank, score, covariance, tolerance=0.15, ess=None):
    """Sites that do not cover q or carry too much noise, the noisiest first.

    Parameters
    ----------
    bank, score, covariance
        The sites, their score at q's mean, and q's covariance.
    tolerance
        The largest mcse, in posterior sds, for one-mode sites; a fifth of it for tables.
    ess
        Dataset -> smallest number of particles that count over the posterior (``locals.local_ess``); the score's own,
        at q's mean, if not given.

    Returns
    -------
    list[Refresh]
    """
    noise = site_noise(score, covariance)
    worst = float(noise.mcse.max(initial=0.0))
    found = []
    for i in np.argsort(-noise.contributions, kind="stable"):
        site = bank.sites[i]
        allowed = tolerance * (TABLE_SHARE if site.kind == "table" else 1.0)
        reasons, factor = [], 1.0
        count = ess[site.dataset] if ess else float(score.ess[i])
        if count < ENOUGH_PARTICLES and count < 0.5 * site.size:
            reasons.append(f"{count:.0f} of its {site.size} particles count")
            factor = max(factor, min(4.0, ENOUGH_PARTICLES / max(count, 1.0)))
        if site.info.get("pareto_k", -1.0) > TRUSTED_K:
            reasons.append(f"the k-hat of its weights is {site.info['pareto_k']:.2f}")
            factor = max(factor, 2.0)
        if site.info.get("surrogate_error", 0.0) > ALLOWED_SURROGATE:
            reasons.append(f"its surrogate is wrong by {site.info['surrogate_error']:.2f} in log L")
        if site.info.get("interpolation_error", 0.0) > ALLOWED_INTERPOLATION:
            reasons.append(f"its table interpolates with an error of {site.info['interpolation_error']:.2f}")
        if worst > allowed and noise.contributions[i] > 0.5 / bank.N:
            reasons.append(f"it brings {noise.contributions[i]:.0%} of an mcse of {worst:.2f} sd")
            factor = max(factor, min(4.0, 1.1 * (worst / allowed) ** 2))
        if reasons:
            found.append(Refresh(site.dataset, tuple(reasons), factor))
    return found


def convergence(bank, score, mean, covariance, previous_mean, exact, tolerance=0.15):
    """The stopping criterion.

    Parameters
    ----------
    bank, score
        The sites and their score at q's mean.
    mean, covariance
        Of the exact pass, or of q: [D], [D, D].
    previous_mean
        Of the round before [D], or None in the first.
    exact
        The :class:`~cavity.propagate.exact.ExactPass` of this round.
    tolerance
        As for :func:`needs_refresh`.

    Returns
    -------
    Convergence
        mcse within the tolerance, shift between rounds < max(.2, 2 mcse), at least 50 particles that count in every
        site, every k-hat < .7, at most .5 % of the mass in a design's outer shell.
    """
    sd = np.sqrt(np.diag(covariance))
    mcse = site_noise(score, covariance).mcse
    shift = np.full(len(sd), np.inf) if previous_mean is None else np.abs(mean - previous_mean) / sd
    reasons = []
    if previous_mean is None and len(sd):
        reasons.append("there is no earlier round to compare with")
    elif (shift > np.maximum(LEAST_SHIFT, 2 * mcse)).any():
        reasons.append(f"{bank.space.names[int(np.argmax(shift))]} moved by {shift.max():.2f} sd since the last round")
    refresh = needs_refresh(bank, score, covariance, tolerance)
    if refresh:
        more = f" and {len(refresh) - 1} more" if len(refresh) > 1 else ""
        reasons.append(f"the site of {refresh[0].dataset}{more}: {refresh[0].reasons[0]}")
    if exact.pareto_k > TRUSTED_K and exact.method == "importance":
        reasons.append(f"the k-hat of the exact pass is {exact.pareto_k:.2f}")
    shell = bank.shell_mass(exact.draws, exact.log_weights)
    if shell > ALLOWED_SHELL:
        reasons.append(f"{shell:.1%} of the posterior is in the outer shell of a design")
    return Convergence(not reasons, mcse, shift, tuple(reasons))
