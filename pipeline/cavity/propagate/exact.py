"""The exact pass: prior times product of site functions, sampled itself and not its Gaussian."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from cavity.numerics.hmc import hamiltonian_draws
from cavity.numerics.mixture import Mixture, refitted
from cavity.numerics.normal import is_positive_definite, symmetric, weighted_moments
from cavity.numerics.parts import averaging, variance_of_mean
from cavity.numerics.types import Array
from cavity.numerics.weights import TRUSTED_K, effective_sample_size, log_leverage, log_sum_exp, psis, resampled
from cavity.propagate.bank import SiteBank
from cavity.propagate.centring import Centring
from cavity.propagate.fitted import fitted_density
from cavity.propagate.modes import Mode, nearest, shares_of
from cavity.propagate.transform import GlobalSpace

PARTS = 16  # of the draws, each scrambled by itself: their spread is the error of the evidence
REFITS, LEARNED_FROM = 4, 2000  # fits of the proposal at most, and the draws that each adds
EVEN_K, EVEN_SHARE = 0.3, 0.5  # weights with a lighter tail and more effective draws need no better proposal
TAIL_SHARE, TAIL_WIDTH = 0.1, 6.0  # of the proposal: hyperparameters of few groups have heavier tails than any fit
HEAVY, FAR_SHARE = 12.0, 0.3  # kurtosis beyond which variances rest on few draws, and the share then fitted to these
ENOUGH = 1000.0  # effective draws of a Markov chain
FEW_DIMENSIONS, GOOD_K = 2, 0.5  # in more dimensions weights with k-hat of .63 read standard deviations 20 % low
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

    def mean_error(self) -> Annotated[Array, "D"]:
        """The standard error of the mean [D] in posterior sds: by the parts of importance draws, else by the ess."""
        mean, covariance = self.moments()
        sd = np.sqrt(np.diag(covariance))
        if self.method == "hmc":
            return np.full(len(mean), 1 / np.sqrt(max(self.ess, 1.0)))
        if self.method != "importance":
            return np.zeros(len(mean))
        moves = averaging(len(self.draws), PARTS) * np.exp(self.log_weights)[:, None]
        moved = moves.T @ (self.draws - mean) / np.where(sd > 0, sd, 1.0)
        return np.sqrt((moved**2).sum(0) / (PARTS * (PARTS - 1)))

    def equal_weight(self, n: int, rng: np.random.Generator) -> Annotated[Array, "n D"]:
        """n draws of equal weight [n, D], by systematic resampling in random order."""
        return self.draws[resampled(self.log_weights, n, rng)]


def exact_pass(
    space: GlobalSpace,
    bank: SiteBank,
    modes: Sequence[Mode],
    n: int = 3000,
    seed: int = 11,
    refits: int = REFITS,
    log_density: Callable[[Annotated[Array, "Q D"]], Annotated[Array, "Q"]] | None = None,
    chain: bool = True,
) -> ExactPass:
    """Draws from p(phi) prod_i l_i(phi) and its normaliser, the evidence (docs/inference.md, eq. 26).

    Parameters
    ----------
    modes
        Where the density is, and how wide: q, the first proposal.
    n
        Importance draws; also the draws a Markov chain keeps.
    refits
        How often the proposal is fitted at most, while its weights are uneven.
    log_density
        Replaces ``bank.log_density``.
    chain
        Whether a Markov chain follows where no proposal fits.

    Returns
    -------
    ExactPass
        By importance sampling with a mixture of t distributions that is fitted to the draws of its forerunners, all of
        them weighted together (Cornuet et al. 2012), and then draws anew: no draw is weighted by a proposal that was
        fitted to it. Where k-hat stays above its limit, by Hamiltonian Monte Carlo on the same density, with the
        evidence by bridge sampling. Over so many sites that this would take minutes, the sum of their log l is
        replaced by a polynomial, whose leave-one-out error is part of ``log_evidence_error``.
    """
    D = space.dimension
    target, fit_error = log_density or bank.log_density, 0.0
    if D == 0:
        value = float(target(np.zeros((1, 0)))[0])
        return ExactPass(np.zeros((1, 0)), np.zeros(1), value, 0.0, -1.0, 1.0, "none")
    if log_density is None and bank.n_particles * n > LARGEST_WORK:
        target = fitted_density(space, bank, modes[0].mean, symmetric(modes[0].covariance))
        fit_error = target.error
    proposal = _learned(space, target, modes, seed, refits)
    x = proposal.draws_in_parts(n, np.random.default_rng([seed, refits]), PARTS)
    log_w = target(x) - proposal.log_density(x)
    smoothed, k_hat = psis(log_w)
    if not chain or (k_hat <= (TRUSTED_K if D <= FEW_DIMENSIONS else GOOD_K) and not space.drawn):
        ess = float(effective_sample_size(smoothed))
        total = log_sum_exp(log_w)
        spread = variance_of_mean(np.exp(log_w - (total if np.isfinite(total) else 0.0)) @ averaging(n, PARTS))
        error = float(np.hypot(np.sqrt(spread), fit_error))
        return ExactPass(x, smoothed, float(log_sum_exp(log_w) - np.log(n)), error, k_hat, ess, "importance")
    return _by_chain(space, bank, target, modes, x, smoothed, k_hat, n, seed, proposal)


def _learned(space, target, modes, seed, refits):
    """The proposal: q, then fits to all draws so far until their weights are even (docs/inference.md, eq. 28)."""
    shares = 0.9 * shares_of(modes) + 0.1 / len(modes)
    proposal = Mixture.of(shares, [mode.mean for mode in modes], [1.2 * symmetric(mode.covariance) for mode in modes])
    x, heights, proposals = np.empty((0, len(modes[0].mean))), np.empty(0), []
    for attempt in range(refits):
        proposals.append(proposal)
        fresh = proposal.draws(LEARNED_FROM, [seed, attempt])
        x, heights = np.concatenate([x, fresh]), np.concatenate([heights, target(fresh)])
        if not np.isfinite(heights).any():
            break
        together = log_sum_exp([one.log_density(x) for one in proposals], axis=0) - np.log(len(proposals))
        smoothed, k_hat = psis(heights - together)
        proposal = _refitted(space, x, smoothed, modes, proposal)
        if k_hat < EVEN_K and _share_that_counts(smoothed) > EVEN_SHARE:
            far = log_leverage(space.values(x), smoothed, HEAVY)
            if far is None or _share_that_counts(far) > FAR_SHARE / 2:
                break
    return proposal


def _share_that_counts(log_weights):
    return float(effective_sample_size(log_weights)) / len(log_weights)


def _refitted(space, x, log_weights, modes, previous):
    """A fit to the weighted draws of each mode, and a share with much wider tails.

    Where tails are heavy, a variance rests on the draws far from the mean, and a share is fitted to what each draw adds
    to it: an average of f has the least noise by draws of a density that goes as |f| (Kahn & Marshall 1953).
    """
    labels, parts = nearest(modes, x), []
    for k in range(len(modes)):
        own = labels == k
        mass = log_sum_exp(log_weights[own]) if own.any() else -np.inf
        if not np.isfinite(mass):
            continue
        fit = refitted(x[own], log_weights[own], previous)
        wide = fit._replace(weights=fit.weights[:1], means=fit.means[:1], factors=np.sqrt(TAIL_WIDTH) * fit.factors[:1])
        leverage = log_leverage(space.values(x[own]), log_weights[own], HEAVY)
        far = [] if leverage is None else [(refitted(x[own], leverage, previous), FAR_SHARE)]
        rest = 1 - TAIL_SHARE - sum(share for _, share in far)
        parts += [(one, (np.exp(mass) + 0.05) * share) for one, share in [(fit, rest), (wide, TAIL_SHARE), *far]]
    weights = np.concatenate([share * one.weights / one.weights.sum() for one, share in parts])
    means, scales = (np.concatenate([getattr(one, name) for one, _ in parts]) for name in ("means", "scales"))
    return Mixture.of(weights, means, scales)


def _by_chain(space, bank, target, modes, x, smoothed, k_hat, n, seed, proposal):
    """Hamiltonian Monte Carlo from resampled importance draws; bridge sampling for the evidence."""
    rng = np.random.default_rng([seed, 999])
    centring = Centring(space, -np.diagonal(bank.score(modes[0].mean).hess.sum(0)))
    u, labels, weights = centring.from_phi(x), nearest(modes, x), np.exp(smoothed)
    within = sum(
        weights[labels == k].sum() * weighted_moments(u[labels == k], smoothed[labels == k])[1]
        for k in np.unique(labels[weights > 0])
    )
    if not is_positive_definite(within):
        within = np.diag(np.var(u[weights > 0], axis=0))
    thin = bank.thinned(np.stack([mode.mean for mode in modes]))  # enough for gradients: acceptance is by the target
    density, gradient = centring.log_density(target), centring.gradient(thin.log_density_gradient)
    chain, ess = hamiltonian_draws(density, gradient, u, smoothed, within, n, rng, ENOUGH)
    chain = centring.to_phi(chain)
    half = np.arange(len(chain)) % 2 == 0
    fit = _refitted(space, chain[half], np.full(half.sum(), -np.log(half.sum())), modes, proposal)
    log_evidence, error = _bridge(target, chain[~half], fit, rng.integers(2**31), ess / 2)
    flat = np.full(len(chain), -np.log(len(chain)))
    return ExactPass(chain, flat, log_evidence, error, k_hat, ess, "hmc")


def _bridge(target, chain, proposal, seed, ess):
    """The evidence by the optimal bridge between a chain and independent draws.

    Meng & Wong (1996); docs/inference.md, eq. 29.
    """
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
