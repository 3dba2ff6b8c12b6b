"""Emcee: an ensemble of affine-invariant walkers (Goodman & Weare 2010, Foreman-Mackey et al. 2013)."""

import logging
import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from cavity.errors import NotFiniteError, SearchError
from cavity.numerics.mixture import log_prior, normal_of, unit_of
from cavity.search.search import Search, make_samples, part
from cavity.search.settings import adapter, check_integer

logger = logging.getLogger("cavity.search")

#: Blocks of steps, at most, in which the walkers find one another.
SETTLING_BLOCKS = 20


@part
@dataclass(frozen=True)
class InitializerBall:
    """Uniform in a box of the unit cube, around the priors' medians for limits around 0.5.

    Parameters
    ----------
    lower_limit, upper_limit
        In (0, 1), the same for every parameter.
    """

    lower_limit: float = 0.49
    upper_limit: float = 0.51

    def __post_init__(self):
        if not 0.0 <= self.lower_limit < self.upper_limit <= 1.0:
            limits = f"{self.lower_limit} and {self.upper_limit}"
            raise SearchError(f"InitializerBall needs 0 <= lower_limit < upper_limit <= 1, got {limits}")

    def unit(self, n, problem, rng):
        """n starts (n, ndim) in the unit cube."""
        return rng.uniform(self.lower_limit, self.upper_limit, (n, problem.ndim))


@part
@dataclass(frozen=True)
class InitializerPrior:
    """Draws from the whole prior."""

    def unit(self, n, problem, rng):
        """n starts (n, ndim) in the unit cube."""
        return rng.uniform(size=(n, problem.ndim))


@dataclass(frozen=True, eq=False)
class InitializerSamples:
    """Draws from an earlier result's posterior.

    Parameters
    ----------
    samples
        Samples, or a Result that has them, of a model with the same parameter names.
    """

    samples: object

    def unit(self, n, problem, rng):
        """n starts (n, ndim) in the unit cube; a parameter the result lacks is an error."""
        samples = getattr(self.samples, "samples", self.samples)
        if tuple(samples.names) != tuple(problem.names):
            raise SearchError(
                f"InitializerSamples: the samples have the parameters {', '.join(samples.names)}, the model "
                f"has {', '.join(problem.names)}"
            )
        if problem.unit_from is None:
            raise SearchError("InitializerSamples: this problem has no map from parameters to the unit cube")
        rows = rng.choice(len(samples.values), size=n, p=np.exp(samples.log_weights))
        unit = np.array([problem.unit_from(vector) for vector in samples.values[rows]])
        return np.clip(unit + rng.normal(0.0, 1e-6, unit.shape), 1e-9, 1.0 - 1e-9)


@part
@dataclass(frozen=True)
class AutoCorrelationsSettings:
    """When a chain is long enough: so many autocorrelation times, and these no longer change.

    Parameters
    ----------
    check_for_convergence
        False runs all ``nsteps``.
    check_size
        Steps between two checks.
    required_length
        Length of the chain in autocorrelation times.
    change_threshold
        Largest relative change of the times between two checks.
    """

    check_for_convergence: bool = True
    check_size: int = 100
    required_length: int = 50
    change_threshold: float = 0.01

    def __post_init__(self):
        check_integer(self, "check_size", "required_length")
        if not self.change_threshold > 0:
            raise SearchError(
                f"AutoCorrelationsSettings.change_threshold is {self.change_threshold}; it must be above 0"
            )


@adapter
class Emcee(Search):
    """MCMC in z = Phi^-1(unit cube), where the prior is N(0, I) and nothing has a bound; no evidence.

    Parameters
    ----------
    nwalkers, nsteps
        Walkers (even, at least twice the parameters) and steps at most.
    initializer
        An InitializerBall, InitializerPrior or InitializerSamples.
    auto_correlations_settings
        When to stop early; a chain that ends without is warned of and has ``info["converged"]`` False.
    """

    nwalkers: int = 50
    nsteps: int = 2000
    initializer: object = InitializerBall()
    auto_correlations_settings: AutoCorrelationsSettings = field(default_factory=AutoCorrelationsSettings)

    libraries: ClassVar[tuple[str, ...]] = ("emcee",)

    def __post_init__(self):
        check_integer(self, "nwalkers", least=4)
        check_integer(self, "nsteps", least=10)
        if not hasattr(self.initializer, "unit"):
            raise SearchError(
                f"Emcee.initializer is {self.initializer!r}; it must be InitializerBall, InitializerPrior "
                "or InitializerSamples"
            )
        if not isinstance(self.auto_correlations_settings, AutoCorrelationsSettings):
            raise SearchError("Emcee.auto_correlations_settings must be an AutoCorrelationsSettings")

    def limited(self, max_calls):
        """The same search with no more steps than ``max_calls`` allows."""
        if max_calls is None:
            return self
        return replace(self, nsteps=max(10, min(self.nsteps, max_calls // self.nwalkers)))

    def refuse(self, ndim):
        """The walkers are halved, and each half must span the parameters."""
        if self.nwalkers % 2 or self.nwalkers < 2 * ndim:
            raise SearchError(
                f"Emcee.nwalkers is {self.nwalkers}; {ndim} parameters need an even number of at least {2 * ndim}"
            )

    def search(self, problem, guard, rng):
        """Run until the autocorrelation times are known, drop two of them, thin by half of one."""
        import emcee

        def log_density(z):
            return guard.batch(problem.vectors(unit_of(z))) + log_prior(z)

        start, heights = self._start(problem, log_density, rng)
        sampler = emcee.EnsembleSampler(self.nwalkers, problem.ndim, log_density, vectorize=True)
        legacy = np.random.RandomState(rng.integers(2**32, dtype=np.uint32))
        state = emcee.State(start, log_prob=heights, random_state=legacy.get_state())
        state, settling, moved = self._settled(sampler, state, rng)
        times, converged = self._advance(sampler, state)
        discard, thin = 0, 1
        if np.isfinite(times).all():
            discard = min(int(2 * times.max()), sampler.iteration // 2)
            thin = max(1, int(0.5 * times.min()))
        if self.auto_correlations_settings.check_for_convergence and not converged:
            logger.warning(
                "Emcee: %s steps are fewer than %s autocorrelation times (%s); raise nsteps",
                sampler.iteration,
                self.auto_correlations_settings.required_length,
                np.round(times, 1),
            )
        z = np.swapaxes(sampler.get_chain(discard=discard, thin=thin), 0, 1).reshape(-1, problem.ndim)
        log_posterior = sampler.get_log_prob(discard=discard, thin=thin).T.ravel()
        unit = unit_of(z)
        n = len(z)
        return make_samples(
            problem,
            guard,
            values=problem.vectors(unit),
            unit=unit,
            log_weights=np.full(n, -math.log(n)),
            log_likelihoods=log_posterior - log_prior(z),
            info={
                "search": self.settings(),
                "chains": self.nwalkers,
                "converged": converged,
                "steps": sampler.iteration,
                "autocorrelation_times": [float(time) for time in times],
                "discard": discard,
                "settling_steps": settling,
                "moved_walkers": moved,
                "thin": thin,
                "acceptance": float(np.mean(sampler.acceptance_fraction)),
            },
        )

    def _start(self, problem, log_density, rng):
        """Starts with a finite density: those without are drawn again."""
        z = normal_of(self.initializer.unit(self.nwalkers, problem, rng))
        heights = log_density(z)
        bad = ~np.isfinite(heights)
        for _ in range(100):
            if not bad.any():
                return z, heights
            z[bad] = normal_of(self.initializer.unit(int(bad.sum()), problem, rng))
            rows = np.flatnonzero(bad)
            heights[rows] = log_density(z[rows])
            bad[rows] = ~np.isfinite(heights[rows])
        raise NotFiniteError(
            f"Emcee: {int(bad.sum())} of {self.nwalkers} walkers found no start with a finite likelihood "
            "in 100 draws; use InitializerPrior, or check data, noise and priors"
        )

    def _settled(self, sampler, state, rng):
        """Steps before the first that counts, in which walkers that are stuck join the others.

        A walker in a corner that the ensemble's moves do not lead out of (Hou et al. 2012) is put beside another one,
        until none is ``depth`` below the highest: there is no mass there.

        Returns
        -------
        state, steps taken, walkers moved
        """
        n_dim = state.coords.shape[1]
        depth = 20.0 + 5.0 * n_dim
        steps = max(10, min(self.auto_correlations_settings.check_size, self.nsteps // 10))
        moved = taken = 0
        for _ in range(SETTLING_BLOCKS):
            state = sampler.run_mcmc(state, steps)
            taken += steps
            stuck = state.log_prob < state.log_prob.max() - depth
            if not stuck.any():
                break
            spread = np.maximum(state.coords[~stuck].std(0), 1e-6)
            beside = rng.choice(np.flatnonzero(~stuck), size=int(stuck.sum()))
            coords = state.coords.copy()
            coords[stuck] = coords[beside] + 0.1 * spread * rng.normal(size=(len(beside), n_dim))
            heights = state.log_prob.copy()
            heights[stuck] = sampler.compute_log_prob(coords[stuck])[0]
            state = type(state)(coords, log_prob=heights, random_state=state.random_state)
            moved += len(beside)
        sampler.reset()
        return state, taken, moved

    def _advance(self, sampler, state):
        """Steps in blocks of ``check_size`` until converged or ``nsteps``; times (ndim,) and whether they settled."""
        settings = self.auto_correlations_settings
        times, converged = np.full(state.coords.shape[1], np.nan), False
        while sampler.iteration < self.nsteps and not converged:
            steps = min(settings.check_size, self.nsteps - sampler.iteration)
            state = sampler.run_mcmc(state, steps)
            before, times = times, sampler.get_autocorr_time(tol=0, quiet=True)
            with np.errstate(invalid="ignore"):
                settled = np.abs(before - times) < settings.change_threshold * times
                long_enough = settings.required_length * times < sampler.iteration
            converged = bool(settings.check_for_convergence and (settled & long_enough).all())
        return times, converged
