"""DynestyDynamic: nested sampling that adds live points where they help (dynesty; Higson et al. 2019, Speagle 2020)."""

import math
from typing import ClassVar

from cavity.search.base import Search
from cavity.search.dynesty_common import (
    BOUNDS,
    SAMPLER_SETTINGS,
    STEPS,
    advice_silenced,
    dynesty_samples,
    made_sampler,
    status_of,
)
from cavity.search.settings import adapter, check_choice, check_integer, check_number


@adapter
class DynestyDynamic(Search):
    """Dynamic nested sampling.

    Parameters
    ----------
    nlive
        Live points of the first run.
    bound, sample, periodic, reflective, update_interval, first_update, enlarge, bootstrap, walks, facc, slices, ncdim
        As in ``dynesty.DynamicNestedSampler``.
    pfrac
        Weight of the posterior against the evidence when a batch is placed: its ``wt_kwargs["pfrac"]``.
    dlogz_init, maxiter_init, maxcall_init, nlive_batch, maxiter_batch, maxcall_batch, maxiter, maxcall, maxbatch, \
n_effective, use_stop
        As in its ``run_nested``.
    """

    nlive: int = 100
    bound: str = "multi"
    sample: str = "auto"
    periodic: tuple | None = None
    reflective: tuple | None = None
    update_interval: float | int | None = None
    first_update: dict | None = None
    enlarge: float | None = None
    bootstrap: int | None = None
    walks: int | None = None
    facc: float = 0.5
    slices: int | None = None
    ncdim: int | None = None
    pfrac: float = 0.8
    dlogz_init: float = 0.01
    maxiter_init: int | None = None
    maxcall_init: int | None = None
    nlive_batch: int | None = None
    maxiter_batch: int | None = None
    maxcall_batch: int | None = None
    maxiter: int | None = None
    maxcall: int | None = None
    maxbatch: int | None = None
    n_effective: int | None = None
    use_stop: bool = True

    libraries: ClassVar[tuple[str, ...]] = ("dynesty",)

    def __post_init__(self):
        check_integer(self, "nlive", least=2)
        check_integer(self, "bootstrap", "maxbatch", least=0)
        check_integer(self, "walks", "slices", "ncdim", "maxiter_init", "maxcall_init", "nlive_batch", "maxiter_batch")
        check_integer(self, "maxcall_batch", "maxiter", "maxcall", "n_effective")
        check_number(self, "dlogz_init", "update_interval", above=0)
        check_number(self, "facc", above=0, most=1)
        check_number(self, "pfrac", least=0, most=1)
        check_number(self, "enlarge", least=1)
        check_choice(self, "bound", BOUNDS)
        check_choice(self, "sample", STEPS)

    def search(self, problem, guard, rng):
        """Run dynesty's dynamic sampler to its stopping criterion."""
        import dynesty

        settings = {key: getattr(self, key) for key in SAMPLER_SETTINGS}
        run = {key: getattr(self, key) for key in RUN_SETTINGS}
        with advice_silenced():
            sampler = made_sampler(dynesty.DynamicNestedSampler, problem, guard, rng, settings)
            sampler.run_nested(
                wt_kwargs={"pfrac": self.pfrac},
                logl_max_init=math.inf,
                print_progress=True,
                print_func=status_of(guard, None),
                **run,
            )
        stopped = (self.maxcall is not None and guard.calls >= self.maxcall) or (
            self.maxiter is not None and sampler.it > self.maxiter
        )
        return dynesty_samples(problem, guard, sampler, {"search": self.settings(), "converged": not stopped})


RUN_SETTINGS = (
    "dlogz_init",
    "maxiter_init",
    "maxcall_init",
    "nlive_batch",
    "maxiter_batch",
    "maxcall_batch",
    "maxiter",
    "maxcall",
    "maxbatch",
    "n_effective",
    "use_stop",
)
