"""UltraNest: reactive nested sampling with region or step samplers (Buchner 2016, 2019, 2021)."""

import contextlib
import logging
from typing import ClassVar

import numpy as np

from cavity.errors import NoStartError
from cavity.search.guard import FLOOR
from cavity.search.search import Search, nested_samples
from cavity.search.settings import adapter, check_choice, check_integer, check_number

#: Directions of UltraNest's slice sampler, by the end of the names of its ``generate_..._direction`` functions.
DIRECTIONS = (
    "random",
    "cube_oriented",
    "cube_oriented_differential",
    "differential",
    "region_oriented",
    "region_random",
    "mixture_random",
)

RUN_SETTINGS = (
    "update_interval_volume_fraction",
    "dlogz",
    "dKL",
    "frac_remain",
    "Lepsilon",
    "min_ess",
    "max_iters",
    "max_ncalls",
    "max_num_improvement_loops",
    "min_num_live_points",
    "cluster_num_live_points",
    "insertion_test_window",
    "insertion_test_zscore_threshold",
    "widen_before_initial_plateau_num_warn",
    "widen_before_initial_plateau_num_max",
)


@adapter
class UltraNest(Search):
    """Reactive nested sampling. -inf is given to UltraNest as -1e100; its plateau has no weight.

    Parameters
    ----------
    num_bootstraps, ndraw_min, ndraw_max, wrapped_params
        As in ``ultranest.ReactiveNestedSampler``.
    min_num_live_points, dlogz, dKL, frac_remain and the others
        As in its ``run``.
    nsteps
        Steps of the slice sampler; None uses the region sampler, which is the better one up to about five parameters.
    direction
        How the slice sampler chooses its direction.
    adaptive_nsteps, max_nsteps
        As in ``ultranest.stepsampler.SliceSampler``.
    """

    num_bootstraps: int = 30
    ndraw_min: int = 128
    ndraw_max: int = 65536
    wrapped_params: tuple | None = None
    update_interval_volume_fraction: float = 0.8
    dlogz: float = 0.5
    dKL: float = 0.5
    frac_remain: float = 0.01
    Lepsilon: float = 0.001
    min_ess: int = 400
    max_iters: int | None = None
    max_ncalls: int | None = None
    max_num_improvement_loops: int = -1
    min_num_live_points: int = 400
    cluster_num_live_points: int = 40
    insertion_test_window: int = 10
    insertion_test_zscore_threshold: float = 4
    widen_before_initial_plateau_num_warn: int = 10000
    widen_before_initial_plateau_num_max: int = 50000
    nsteps: int | None = None
    direction: str = "mixture_random"
    adaptive_nsteps: str | bool = False
    max_nsteps: int = 1000

    libraries: ClassVar[tuple[str, ...]] = ("ultranest",)
    calls_limit: ClassVar[str | None] = "max_ncalls"

    def __post_init__(self):
        check_integer(self, "num_bootstraps", "ndraw_min", "ndraw_max", "min_ess", "max_iters", "max_ncalls", "nsteps")
        check_integer(self, "max_nsteps", "insertion_test_window")
        check_integer(self, "min_num_live_points", least=2)
        check_integer(self, "cluster_num_live_points", least=0)
        check_integer(self, "max_num_improvement_loops", least=-1)
        check_number(self, "dlogz", "dKL", "Lepsilon", above=0)
        check_number(self, "frac_remain", "update_interval_volume_fraction", above=0, most=1)
        check_choice(self, "direction", DIRECTIONS)

    def search(self, problem, guard, rng):
        """Run UltraNest to its stopping criteria."""
        ultranest = imported()
        batched = problem.log_likelihood_batch is not None
        with legacy_generator_seeded(rng):
            sampler = ultranest.ReactiveNestedSampler(
                list(problem.names),
                guard.floored_batch,
                problem.vectors,
                wrapped_params=self.wrapped_params,
                num_bootstraps=self.num_bootstraps,
                vectorized=True,
                draw_multiple=batched,
                ndraw_min=self.ndraw_min,
                ndraw_max=self.ndraw_max,
                log_dir=None,
            )
            sampler.draw_multiple = batched
            if self.nsteps is not None:
                sampler.stepsampler = self._step_sampler()
            results = None
            for results in sampler.run_iter(
                show_status=False, viz_callback=False, **{key: getattr(self, key) for key in RUN_SETTINGS}
            ):
                guard.status = {"log_evidence": results["logz"]}
        weighted = results["weighted_samples"]
        log_likelihoods = np.where(weighted["logl"] <= FLOOR, -np.inf, weighted["logl"])
        if not np.isfinite(log_likelihoods).any():
            raise NoStartError(f"UltraNest: no point of {problem.dataset or 'the problem'} has a finite likelihood")
        with np.errstate(divide="ignore"):
            log_weights = np.where(np.isfinite(log_likelihoods), np.log(weighted["weights"]), -np.inf)
        stopped = self.max_ncalls is not None and guard.calls >= self.max_ncalls
        return nested_samples(
            problem,
            guard,
            values=weighted["points"],
            unit=weighted["upoints"],
            log_weights=log_weights,
            log_likelihoods=log_likelihoods,
            log_evidence=results["logz"],
            log_evidence_error=results["logzerr"],
            info={
                "search": self.settings(),
                "converged": not stopped,
                "insertion_order_test": bool(results["insertion_order_MWW_test"]["converged"]),
            },
        )

    def _step_sampler(self):
        from ultranest import stepsampler

        return stepsampler.SliceSampler(
            nsteps=self.nsteps,
            generate_direction=getattr(stepsampler, f"generate_{self.direction}_direction"),
            adaptive_nsteps=self.adaptive_nsteps,
            max_nsteps=self.max_nsteps,
        )


def imported():
    """The ultranest package, silent unless the user gave its logger a handler."""
    import ultranest

    logger = logging.getLogger("ultranest")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return ultranest


@contextlib.contextmanager
def legacy_generator_seeded(rng):
    """UltraNest draws from numpy's global generator: seed it from ours, and give it back as it was."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(rng.integers(2**32, dtype=np.uint32))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
