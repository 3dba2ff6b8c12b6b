"""The exact pass: prior times product of site functions, sampled itself and not its Gaussian."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from cavity.numerics.gaussian import is_positive_definite, symmetric, weighted_moments
from cavity.numerics.hmc import hamiltonian_draws
from cavity.numerics.mixture import Mixture, refitted
from cavity.numerics.types import Array
from cavity.numerics.weights import TRUSTED_K, effective_sample_size, log_sum_exp, psis, resampled
from cavity.propagate.bank import SiteBank
from cavity.propagate.fitted import fitted_density
from cavity.propagate.transform import GlobalSpace

REFITS = 3
ENOUGH = 400.0  # effective draws of a Markov chain
GOOD_K, GOOD_SHARE = 0.5, 0.3
LARGEST_WORK = 2_000_000_000  # particles times draws; above, a polynomial is fitted to the sum over sites


@dataclass(frozen=True, eq=False)
class ExactPass:
    """Weighted draws of the global parameters and the evidence.

    Parameters
    ----------
    draws, log_weights
        phi [S, D] and [S], normalised.
    log_evidence, log_evidence_error
        Of all the data under the whole model; None where only a Markov chain could sample and no bridge held.
    pareto_k
        Of the importance sampling; of the last proposal where the draws are a Markov chain's.
    ess
        Effective number of draws.
    method
        "importance", "hmc", "grid" or "none" (no global parameter).
    """

    draws: Annotated[Array, "S D"]
    log_weights: Annotated[Array, "S"]
    log_evidence: float | None
    log_evidence_error: float | None
    pareto_k: float
    ess: float
    method: str

    def moments(self) -> tuple[Annotated[Array, "D"], Annotated[Array, "D D"]]:
        """Mean [D] and covariance [D, D] of phi."""
        return weighted_moments(self.draws, self.log_weights)

    def equal_weight(self, n: int, rng: np.random.Generator) -> Annotated[Array, "n D"]:
        """n draws of equal weight [n, D], by systematic resampling in random order."""
        return self.draws[resampled(self.log_weights, n, rng)]


def exact_pass(
    space: GlobalSpace,
    bank: SiteBank,
    mean: Annotated[Array, "D"],
    covariance: Annotated[Array, "D D"],
    n: int = 3000,
    seed: int = 11,
    refits: int = REFITS,
    log_density: Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q"]] | None = None,
) -> ExactPass:
    """Draws from p(phi) prod_i l_i(phi) and its normaliser, the evidence.

    Parameters
    ----------
    space, bank
        The global space and its sites.
    mean, covariance
        [D], [D, D] of q: the first proposal.
    n
        Importance draws; also the draws a Markov chain keeps.
    seed
        An integer; the result is a function of it.
    refits
        How often the proposal is fitted to its own weighted draws while k-hat is above .5.
    log_density
        Replaces ``bank.log_density``: phi [Q, D] -> [Q].

    Returns
    -------
    ExactPass
        By importance sampling with a mixture of t distributions and Pareto-smoothed weights; where k-hat stays above
        .7, by Hamiltonian Monte Carlo on the same density, with the evidence by bridge sampling. Over so many sites
        that this would take minutes, the sum of their log l is replaced by a polynomial, whose leave-one-out error
        is part of ``log_evidence_error``.
    """
    D = space.dimension
    bank = bank.calibrated(mean) if bank.N else bank
    target, fit_error = log_density or bank.log_density, 0.0
    if D == 0:
        value = float(target(np.zeros((1, 0)))[0])
        return ExactPass(np.zeros((1, 0)), np.zeros(1), value, 0.0, -1.0, 1.0, "none")
    covariance = symmetric(np.asarray(covariance, float))
    if log_density is None and bank.n_particles * n > LARGEST_WORK:
        target = fitted_density(space, bank, mean, covariance)
        fit_error = target.error
    proposal = Mixture.of([1.0], [mean], [1.2 * covariance])
    best = None
    for attempt in range(refits):
        x = proposal.draws(n, [seed, attempt])
        log_w = target(x) - proposal.log_density(x)
        smoothed, k_hat = psis(log_w)
        ess = float(effective_sample_size(smoothed))
        candidate = (k_hat, x, log_w, smoothed, ess, proposal)
        if best is None or k_hat <= best[0] or k_hat < GOOD_K:
            best = candidate
        if (k_hat < GOOD_K and ess > GOOD_SHARE * n) or not np.isfinite(log_w).any():
            break
        proposal = refitted(x, smoothed, proposal)
    k_hat, x, log_w, smoothed, ess, proposal = best
    log_evidence = float(log_sum_exp(log_w) - np.log(n))
    if k_hat <= TRUSTED_K:
        error = float(np.hypot(np.sqrt(max(1 / ess - 1 / n, 0.0)), fit_error))
        return ExactPass(x, smoothed, log_evidence, error, k_hat, ess, "importance")
    return _by_chain(bank, target, x, smoothed, k_hat, n, seed, proposal)


def _by_chain(bank, target, x, smoothed, k_hat, n, seed, proposal):
    """Hamiltonian Monte Carlo from resampled importance draws; bridge sampling for the evidence."""
    rng = np.random.default_rng([seed, 999])
    fit = refitted(x, smoothed, proposal)
    covariance = weighted_moments(x, smoothed)[1]
    if not is_positive_definite(covariance):
        covariance = fit.scales[0]
    chain, ess = hamiltonian_draws(target, bank.log_density_gradient, x, smoothed, covariance, n, rng, ENOUGH)
    half = np.arange(len(chain)) % 2 == 0
    fit = refitted(chain[half], np.zeros(half.sum()), fit)
    log_evidence, error = _bridge(target, chain[~half], fit, rng.integers(2**31), ess / 2)
    flat = np.full(len(chain), -np.log(len(chain)))
    return ExactPass(chain, flat, log_evidence, error, k_hat, ess, "hmc")


def _bridge(target, chain, proposal, seed, ess):
    """The evidence by the optimal bridge of Meng & Wong (1996), between a chain and independent draws."""
    fresh = proposal.draws(len(chain), seed)
    ours = target(chain) - proposal.log_density(chain)
    theirs = target(fresh) - proposal.log_density(fresh)
    share = ess / (ess + len(fresh))
    value = float(np.median(ours))
    for _ in range(200):
        with np.errstate(invalid="ignore"):  # no fresh draw has any density: no evidence, said below
            bridged = theirs - np.logaddexp(np.log(share) + theirs, np.log1p(-share) + value)
        upper = log_sum_exp(bridged) - np.log(len(fresh))
        lower = log_sum_exp(-np.logaddexp(np.log(share) + ours, np.log1p(-share) + value)) - np.log(len(chain))
        value, previous = float(upper - lower), value
        if not np.isfinite(value):
            return None, None
        if abs(value - previous) < 1e-10:
            break
    a = np.exp(theirs - value) / (share * np.exp(theirs - value) + 1 - share)
    b = 1 / (share * np.exp(ours - value) + 1 - share)
    error = np.sqrt(a.var() / a.mean() ** 2 / len(a) + b.var() / b.mean() ** 2 / max(ess, 1.0))
    return value, float(error)
