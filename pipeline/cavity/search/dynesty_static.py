"""DynestyStatic: nested sampling with a constant number of live points (dynesty; Skilling 2006, Speagle 2020)."""

import math

from cavity.search.dynesty_common import DynestySearch
from cavity.search.settings import adapter, check_number


@adapter
class DynestyStatic(DynestySearch):
    """Static nested sampling.

    Parameters
    ----------
    nlive
        Live points. The stated error of the log evidence is about sqrt(information / nlive).
    bound, sample, periodic, reflective, update_interval, first_update, enlarge, bootstrap, walks, facc, slices, ncdim
        As in ``dynesty.NestedSampler``; with ``sample="auto"`` random walks from five parameters on, of at
        least five steps a parameter.
    maxiter, maxcall, dlogz, logl_max, add_live
        As in its ``run_nested``.
    """

    dlogz: float | None = None
    logl_max: float | None = None
    add_live: bool = True

    def __post_init__(self):
        super().__post_init__()
        check_number(self, "dlogz", above=0)

    def search(self, problem, guard, rng):
        """Run dynesty's static sampler to its stopping criterion."""
        import dynesty

        dlogz = self.dlogz if self.dlogz is not None else 1e-3 * (self.nlive - 1) + 0.01
        logl_max = math.inf if self.logl_max is None else self.logl_max
        run = {"dlogz": dlogz, "logl_max": logl_max, "add_live": self.add_live}
        return self.run_sampler(dynesty.NestedSampler, problem, guard, rng, until=dlogz, **run)
