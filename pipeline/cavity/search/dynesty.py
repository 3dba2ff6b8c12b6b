"""DynestyStatic and DynestyDynamic: nested sampling (dynesty; Skilling 2006, Higson et al. 2019, Speagle 2020)."""

import contextlib
import io
import math
import sys
import warnings
from dataclasses import dataclass, fields
from typing import ClassVar

from cavity.errors import SearchError
from cavity.search.search import Search, nested_samples
from cavity.search.settings import adapter, check_choice, check_integer, check_number

BOUNDS = ("none", "single", "multi", "balls", "cubes")
STEPS = ("auto", "unif", "rwalk", "slice", "rslice")

#: Parameters up to which "auto" samples bounds uniformly. dynesty's own rule goes up to 9: seven parameters of three
#: faint profiles then took more than 200,000 calls, random walks 9,000.
UNIFORM_UP_TO = 4


def walks_for(ndim):
    """Steps of a random walk that "auto" takes.

    dynesty's own 20 + ndim left the log evidence of a correlated Gaussian in 20 dimensions 2.8 too high (four of its
    errors, 100 live points, three seeds); 80 steps .8, 160 steps -.2. In seven dimensions 27 were enough.
    """
    return max(20 + ndim, 5 * ndim)


NOT_OF_THE_SAMPLER = {*(field.name for field in fields(Search)), "maxiter", "maxcall"}


@dataclass(frozen=True, kw_only=True)
class DynestySearch(Search):
    """The settings of both samplers: the arguments of ``dynesty.NestedSampler`` by their names."""

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

    libraries: ClassVar[tuple[str, ...]] = ("dynesty",)
    calls_limit: ClassVar[str | None] = "maxcall"

    def __post_init__(self):
        check_integer(self, "nlive", least=2)
        check_integer(self, "bootstrap", least=0)
        check_integer(self, "walks", "slices", "ncdim", "maxiter", "maxcall")
        check_number(self, "update_interval", above=0)
        check_number(self, "facc", above=0, most=1)
        check_number(self, "enlarge", least=1)
        check_choice(self, "bound", BOUNDS)
        check_choice(self, "sample", STEPS)

    def run_sampler(self, make, problem, guard, rng, until=None, **run):
        """Make a sampler, let it run, and return its Samples; ``until`` is the log evidence that may remain."""
        with advice_silenced():
            sampler = self.made_sampler(make, problem, guard, rng)
            if self.maxcall is not None:
                sampler.loglikelihood.loglikelihood = within(guard, self.maxcall)
            try:
                sampler.run_nested(
                    maxiter=self.maxiter,
                    maxcall=self.maxcall,
                    print_progress=True,
                    print_func=status_of(guard, until),
                    **run,
                )
            except CallsSpent:
                if not hasattr(sampler, "add_live_points"):
                    where = f" of dataset {problem.dataset}" if problem.dataset else ""
                    raise SearchError(
                        f"{type(self).__name__}: {guard.calls:,} calls{where} are spent and it has no answer yet; "
                        "raise max_calls (or maxcall), or narrow the priors"
                    ) from None
                for _ in sampler.add_live_points():
                    pass
        counted = max(guard.calls, int(sampler.ncall))  # dynesty counts a walk's steps out of the unit cube too
        stopped = (self.maxcall is not None and counted >= self.maxcall) or (
            self.maxiter is not None and sampler.it > self.maxiter
        )
        results = sampler.results
        return nested_samples(
            problem,
            guard,
            values=results.samples,
            unit=results.samples_u,
            log_weights=results.logwt,
            log_likelihoods=results.logl,
            log_evidence=results.logz[-1],
            log_evidence_error=results.logzerr[-1],
            info={"search": self.settings(), "converged": not stopped, "counted_calls": counted},
        )

    def made_sampler(self, make, problem, guard, rng):
        """A dynesty sampler that calls guard and prior transform without dynesty's own wrapper.

        The wrapper copies each vector and prints every exception to the terminal; the guard says it in one sentence.
        The static sampler evaluates its live points while it is made: what is printed then is held back, and dropped if
        it fails.
        """
        settings = {field.name: getattr(self, field.name) for field in fields(DynestySearch)}
        settings = {key: settings[key] for key in settings if key not in NOT_OF_THE_SAMPLER}
        if self.sample == "auto" and problem.ndim > UNIFORM_UP_TO:
            settings["sample"] = "rwalk"
            settings["walks"] = walks_for(problem.ndim) if self.walks is None else self.walks
        held = io.StringIO()
        with contextlib.redirect_stdout(held), contextlib.redirect_stderr(held):
            sampler = make(guard, problem.prior_transform, problem.ndim, rstate=rng, **settings)
        if held.getvalue():
            sys.stderr.write(held.getvalue())
        sampler.loglikelihood.loglikelihood = guard
        sampler.prior_transform = problem.prior_transform
        return sampler


class CallsSpent(Exception):
    """A step of dynesty went beyond maxcall, which it looks at between steps: one step can be endless."""


def within(guard, maxcall):
    """The guard, until it has made a tenth (and a thousand) more calls than ``maxcall``."""

    def call(vector):
        if guard.calls >= 1.1 * maxcall + 1000:
            raise CallsSpent
        return guard(vector)

    return call


@contextlib.contextmanager
def advice_silenced():
    """dynesty's advice on plateaus, few live points and hard bounds: its results and their error answer it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All the initial likelihood values are the same")
        warnings.filterwarnings("ignore", message="The enlargement factor for the ellipsoidal bounds")
        warnings.filterwarnings("ignore", message="Beware! Having `nlive")
        warnings.filterwarnings("ignore", message="We have reached the plateau in the likelihood")
        warnings.filterwarnings("ignore", message="Warning. The maximum likelihood not reached")
        warnings.filterwarnings("ignore", message="The sampling was stopped short due to")
        yield


def status_of(guard, dlogz):
    """A print function for dynesty that tells the guard's progress line where the run is."""

    def tell(result, niter, ncall, **_):
        guard.status = {"log_evidence": result.logz, "remaining": result.delta_logz, "until": dlogz}

    return tell


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
