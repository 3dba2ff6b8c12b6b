"""DynestyDynamic: nested sampling that adds live points where they help (dynesty; Higson et al. 2019, Speagle 2020)."""

import math
from dataclasses import fields

from cavity.search.dynesty_common import DynestySearch
from cavity.search.settings import adapter, check_integer, check_number


@adapter
class DynestyDynamic(DynestySearch):
    """Dynamic nested sampling.

    Parameters
    ----------
    nlive
        Live points of the first run.
    bound, sample, periodic, reflective, update_interval, first_update, enlarge, bootstrap, walks, facc, slices, ncdim
        As in ``dynesty.DynamicNestedSampler``; with ``sample="auto"`` random walks from five parameters on, of at
        least five steps a parameter.
    pfrac
        Weight of the posterior against the evidence when a batch is placed: its ``wt_kwargs["pfrac"]``.
    dlogz_init, maxiter_init, maxcall_init, nlive_batch, maxiter_batch, maxcall_batch, maxiter, maxcall, maxbatch, \
n_effective, use_stop
        As in its ``run_nested``.
    """

    nlive: int = 100
    pfrac: float = 0.8
    dlogz_init: float = 0.01
    maxiter_init: int | None = None
    maxcall_init: int | None = None
    nlive_batch: int | None = None
    maxiter_batch: int | None = None
    maxcall_batch: int | None = None
    maxbatch: int | None = None
    n_effective: int | None = None
    use_stop: bool = True

    def __post_init__(self):
        super().__post_init__()
        check_integer(self, "maxbatch", least=0)
        check_integer(self, "maxiter_init", "maxcall_init", "nlive_batch", "maxiter_batch", "maxcall_batch")
        check_integer(self, "n_effective")
        check_number(self, "dlogz_init", above=0)
        check_number(self, "pfrac", least=0, most=1)

    def search(self, problem, guard, rng):
        """Run dynesty's dynamic sampler to its stopping criterion."""
        import dynesty

        common = {field.name for field in fields(DynestySearch)}
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in common}
        run = {"wt_kwargs": {"pfrac": own.pop("pfrac")}, "logl_max_init": math.inf, **own}
        return self.run_sampler(dynesty.DynamicNestedSampler, problem, guard, rng, **run)
