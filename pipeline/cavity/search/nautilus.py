"""Nautilus: importance nested sampling with neural network bounds (Lange 2023)."""

from typing import ClassVar

import numpy as np

from cavity.errors import SearchError
from cavity.search.guard import FLOOR
from cavity.search.search import Search, nested_samples
from cavity.search.settings import adapter, check_integer, check_number


@adapter
class Nautilus(Search):
    """Importance nested sampling; at least two parameters.

    Parameters
    ----------
    n_live, n_update, enlarge_per_dim, n_points_min, split_threshold, periodic, n_networks, neural_network_kwargs, \
n_batch, n_like_new_bound
        As in ``nautilus.Sampler``.
    f_live, n_shell, n_eff, n_like_max, discard_exploration
        As in its ``run``. Here ``discard_exploration`` is on by default: without, the evidence was .07 low at five
        parameters, six times its stated error (benchmarks/searches.py).
    """

    n_live: int = 2000
    n_update: int | None = None
    enlarge_per_dim: float = 1.1
    n_points_min: int | None = None
    split_threshold: float = 100
    periodic: tuple | None = None
    n_networks: int = 4
    neural_network_kwargs: dict | None = None
    n_batch: int | None = None
    n_like_new_bound: int | None = None
    f_live: float = 0.01
    n_shell: int = 1
    n_eff: int = 10000
    n_like_max: int | None = None
    discard_exploration: bool = True

    libraries: ClassVar[tuple[str, ...]] = ("nautilus-sampler", "scikit-learn")
    calls_limit: ClassVar[str | None] = "n_like_max"

    def __post_init__(self):
        check_integer(self, "n_live", least=10)
        check_integer(self, "n_update", "n_points_min", "n_batch", "n_like_new_bound", "n_shell", "n_eff", "n_like_max")
        check_integer(self, "n_networks", least=0)
        check_number(self, "enlarge_per_dim", least=1)
        check_number(self, "split_threshold", least=1)
        check_number(self, "f_live", above=0, most=1)

    def refuse(self, ndim):
        """One parameter has no network."""
        if ndim < 2:
            raise SearchError("Nautilus needs at least two parameters; DynestyStatic and UltraNest take one")

    def search(self, problem, guard, rng):
        """Explore and sample until the effective sample size is reached."""
        import nautilus

        batched = problem.log_likelihood_batch is not None
        settings = {
            key: getattr(self, key)
            for key in (
                "n_live",
                "n_update",
                "enlarge_per_dim",
                "n_points_min",
                "split_threshold",
                "n_networks",
                "n_batch",
                "n_like_new_bound",
            )
        }
        sampler = nautilus.Sampler(
            _unchanged,
            lambda unit: (
                guard.floored_batch(problem.vectors(unit)) if batched else guard.floored(problem.prior_transform(unit))
            ),
            n_dim=problem.ndim,
            vectorized=batched,
            seed=int(rng.integers(2**63)),
            filepath=None,
            periodic=None if self.periodic is None else np.array(self.periodic),
            neural_network_kwargs=self.neural_network_kwargs or {},
            **settings,
        )
        finished = sampler.run(
            f_live=self.f_live,
            n_shell=self.n_shell,
            n_eff=self.n_eff,
            n_like_max=np.inf if self.n_like_max is None else self.n_like_max,
            discard_exploration=self.discard_exploration,
        )
        unit, log_weights, log_likelihoods = sampler.posterior()
        log_likelihoods = np.where(log_likelihoods <= FLOOR, -np.inf, log_likelihoods)
        return nested_samples(
            problem,
            guard,
            values=problem.vectors(unit),
            unit=unit,
            log_weights=np.where(np.isfinite(log_likelihoods), log_weights, -np.inf),
            log_likelihoods=log_likelihoods,
            log_evidence=sampler.log_z,
            log_evidence_error=evidence_error(sampler),
            info={"search": self.settings(), "converged": bool(finished)},
        )


def _unchanged(unit):
    return unit


def evidence_error(sampler):
    """The standard error of ln Z: per shell, that of the mean likelihood and of the share of the bound it fills."""
    share = np.exp(sampler.shell_log_l + sampler.shell_log_v - sampler.log_z)
    used = (sampler.shell_n_eff > 0) & np.isfinite(share)
    n_sample = sampler.shell_n_sample.astype(float)
    if sampler.discard_exploration:
        n_sample = n_sample - sampler.shell_n_sample_exp
    variance = 1.0 / sampler.shell_n_eff[used] - 1.0 / np.maximum(n_sample[used], 1.0)
    return float(np.sqrt(np.sum(share[used] ** 2 * np.maximum(variance, 0.0))))
