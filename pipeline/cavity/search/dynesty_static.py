"""DynestyStatic: nested sampling with a constant number of live points (dynesty; Skilling 2006, Speagle 2020)."""

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
class DynestyStatic(Search):
    """Static nested sampling.

    Parameters
    ----------
    nlive
        Live points. The stated error of the log evidence is about sqrt(information / nlive).
    bound, sample, periodic, reflective, update_interval, first_update, enlarge, bootstrap, walks, facc, slices, ncdim
        As in ``dynesty.NestedSampler``; with ``sample="auto"`` random walks from five parameters on.
    maxiter, maxcall, dlogz, logl_max, add_live
        As in its ``run_nested``.
    """

    nlive: int = 50
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
    maxiter: int | None = None
    maxcall: int | None = None
    dlogz: float | None = None
    logl_max: float | None = None
    add_live: bool = True

    libraries: ClassVar[tuple[str, ...]] = ("dynesty",)

    def __post_init__(self):
        check_integer(self, "nlive", least=2)
        check_integer(self, "bootstrap", least=0)
        check_integer(self, "walks", "slices", "ncdim", "maxiter", "maxcall")
        check_number(self, "dlogz", "update_interval", above=0)
        check_number(self, "facc", above=0, most=1)
        check_number(self, "enlarge", least=1)
        check_choice(self, "bound", BOUNDS)
        check_choice(self, "sample", STEPS)

    def search(self, problem, guard, rng):
        """Run dynesty's static sampler to its stopping criterion."""
        import dynesty

        settings = {key: getattr(self, key) for key in SAMPLER_SETTINGS}
        dlogz = self.dlogz if self.dlogz is not None else 1e-3 * (self.nlive - 1) + 0.01
        with advice_silenced():
            sampler = made_sampler(dynesty.NestedSampler, problem, guard, rng, settings)
            sampler.run_nested(
                maxiter=self.maxiter,
                maxcall=self.maxcall,
                dlogz=dlogz,
                logl_max=math.inf if self.logl_max is None else self.logl_max,
                add_live=self.add_live,
                print_progress=True,
                print_func=status_of(guard, dlogz),
            )
        stopped = (self.maxcall is not None and guard.calls >= self.maxcall) or (
            self.maxiter is not None and sampler.it > self.maxiter
        )
        return dynesty_samples(problem, guard, sampler, {"search": self.settings(), "converged": not stopped})
