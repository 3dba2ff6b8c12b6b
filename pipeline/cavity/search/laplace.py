"""Laplace: the modes of the posterior, and importance sampling from t distributions around them."""

import numpy as np
from scipy.special import ndtri

from cavity.errors import NoStartError
from cavity.numerics.mixture import Mixture, fit_components, log_prior
from cavity.numerics.newton import covariance_of, find_mode
from cavity.numerics.sobol import sobol_uniform
from cavity.numerics.weights import effective_sample_size, log_sum_exp, tempered
from cavity.search.importance import evaluate, gradients, importance_samples
from cavity.search.search import Search
from cavity.search.settings import adapter, check_integer, check_number

#: Rounds of fitting the proposal, at most, and components it may have by then.
ADAPTATIONS = 6
MOST_COMPONENTS = 5


@adapter
class Laplace(Search):
    """Mode and importance sampling: a scan of the prior, Newton from its best points, t proposals, weights.

    The work is done in z = Phi^-1(unit cube), where every prior is N(0, 1), so bounds and long tails are no matter. For
    posteriors of one or a few modes; ``samples.pareto_k`` above 0.7 says that nested sampling is needed.

    Parameters
    ----------
    n_draws
        Weighted draws to return, one likelihood call each; Sobol points are best in powers of two.
    n_scan
        Points of the prior to start from: Sobol points and its median.
    n_starts
        How many of them are climbed from; starts that end in the same mode count once.
    max_iterations
        Newton steps a start, each of 1 + 2 D + D (D - 1) / 2 calls; of 2 + 2 D where the likelihood has a gradient.
    n_adapt
        Draws to fit the proposal to before the last ones, up to six times this where the first fit is poor; 0 keeps
        the Laplace approximation.
    prior_fraction
        Share of the draws that come from the prior.
    df
        Degrees of freedom of the proposal.
    """

    n_draws: int = 512
    n_scan: int = 64
    n_starts: int = 3
    max_iterations: int = 12
    n_adapt: int = 128
    prior_fraction: float = 0.1
    df: float = 5.0

    def __post_init__(self):
        check_integer(self, "n_draws", least=32)
        check_integer(self, "n_scan", "n_starts", "max_iterations")
        check_integer(self, "n_adapt", least=0)
        check_number(self, "prior_fraction", least=0, most=0.9)
        check_number(self, "df", above=2)

    def search(self, problem, guard, rng):
        """Scan, climb, adapt, draw."""

        def target(z):
            return evaluate(problem, guard, z)[2] + log_prior(z)

        def gradient(z):
            return gradients(problem, guard, z) - z

        modes = self._modes(target, gradient if problem.gradient is not None else None, problem, rng)
        covariances = np.array([covariance_of(mode.precision) for mode in modes])
        heights = np.array([mode.value for mode in modes]) + 0.5 * np.linalg.slogdet(covariances)[1]
        shares = np.maximum(np.exp(heights - log_sum_exp(heights)), 0.02)
        proposal = Mixture.of(shares, [mode.z for mode in modes], 1.1 * covariances, self.df, self.prior_fraction)
        if self.n_adapt:
            proposal = self._adapted(problem, guard, proposal, rng)
        info = {"search": self.settings(), "modes": len(modes), "converged": bool(modes[0].converged)}
        return importance_samples(problem, guard, proposal, self.n_draws, rng, info)

    def _modes(self, target, gradient, problem, rng):
        """The distinct modes that the best points of the scan lead to, the highest first."""
        points = sobol_uniform(self.n_scan, problem.ndim, rng)
        scan = np.vstack([np.zeros(problem.ndim), ndtri(np.clip(points, 1e-6, 1 - 1e-6))])
        values = target(scan)
        if not np.isfinite(values).any():
            where = f" of dataset {problem.dataset}" if problem.dataset else ""
            raise NoStartError(
                f"Laplace: none of {len(scan)} points of the prior{where} has a finite likelihood; "
                "narrow the priors or use a nested search"
            )
        modes = []
        candidates = [z for z in scan[np.argsort(-values)][: np.isfinite(values).sum()]]
        for _ in range(self.n_starts):
            if not candidates:
                break
            mode = find_mode(target, candidates[0], self.max_iterations, gradient=gradient)
            if not any(_near(mode, other) for other in modes):
                modes.append(mode)
            candidates = [z for z in candidates[1:] if not any(_basin(z, other) for other in modes)]
        return sorted(modes, key=lambda mode: -mode.value)

    def _adapted(self, problem, guard, proposal, rng):
        """The proposal fitted to draws from it, again until it is close to the posterior.

        Adaptive multiple importance sampling (Cornuet et al. 2012): each draw is weighted by the mean of the densities
        used so far; where too few draws matter, the fit is to weights raised to a power at which enough do.
        """
        proposals, points, targets = [proposal], [], []
        for _ in range(ADAPTATIONS):
            z = proposals[-1].draws(self.n_adapt, rng)
            points.append(z)
            targets.append(evaluate(problem, guard, z)[2] + log_prior(z))
            last = targets[-1] - proposals[-1].log_density(z)
            pooled = np.concatenate(points)
            density = log_sum_exp([earlier.log_density(pooled) for earlier in proposals], axis=0)
            log_weights = np.concatenate(targets) - density
            if not np.isfinite(log_weights).any():
                return proposal
            log_weights = tempered(log_weights, 4.0 * (problem.ndim + 1))
            ess = effective_sample_size(log_weights)
            count = max(len(proposal.weights), min(MOST_COMPONENTS, int(ess / (10 * (problem.ndim + 1)))))
            shares, means, covariances = fit_components(pooled, log_weights, count, rng)
            proposals.append(Mixture.of(shares, means, 1.2 * covariances, self.df, self.prior_fraction))
            if effective_sample_size(last) > 0.4 * self.n_adapt:
                return proposals[-2].joined(proposals[-1])
        return proposals[-1]


def _near(mode, other):
    """Whether two modes are one: less than half a standard deviation apart."""
    away = mode.z - other.z
    return away @ other.precision @ away < 0.25


def _basin(z, mode, radius=3.0):
    """Whether a point of the scan lies within some standard deviations of a mode."""
    away = z - mode.z
    return away @ mode.precision @ away < radius**2
