"""What DynestyStatic and DynestyDynamic share: the likelihood put in directly, and results to Samples."""

import contextlib
import io
import sys
import warnings

from cavity.search.nested import nested_samples

BOUNDS = ("none", "single", "multi", "balls", "cubes")
STEPS = ("auto", "unif", "rwalk", "slice", "rslice")

#: Parameters up to which "auto" samples bounds uniformly. dynesty's own rule goes up to 9: seven parameters of three
#: faint profiles then took more than 200,000 calls, random walks 9,000.
UNIFORM_UP_TO = 4

#: The arguments that both dynesty samplers take when they are made.
SAMPLER_SETTINGS = (
    "nlive",
    "bound",
    "sample",
    "periodic",
    "reflective",
    "update_interval",
    "first_update",
    "enlarge",
    "bootstrap",
    "walks",
    "facc",
    "slices",
    "ncdim",
)


def made_sampler(make, problem, guard, rng, settings):
    """A dynesty sampler that calls guard and prior transform without dynesty's own wrapper.

    The wrapper copies each vector and prints every exception to the terminal; the guard says it in one sentence.
    The static sampler evaluates its live points while it is made: what is printed then is held back, and dropped if it
    fails.
    """
    if settings.get("sample") == "auto" and problem.ndim > UNIFORM_UP_TO:
        settings = {**settings, "sample": "rwalk"}
    held = io.StringIO()
    with contextlib.redirect_stdout(held), contextlib.redirect_stderr(held):
        sampler = make(guard, problem.prior_transform, problem.ndim, rstate=rng, **settings)
    if held.getvalue():
        sys.stderr.write(held.getvalue())
    sampler.loglikelihood.loglikelihood = guard
    sampler.prior_transform = problem.prior_transform
    return sampler


@contextlib.contextmanager
def advice_silenced():
    """dynesty's advice on plateaus, few live points and hard bounds: its results and their error answer it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All the initial likelihood values are the same")
        warnings.filterwarnings("ignore", message="The enlargement factor for the ellipsoidal bounds")
        warnings.filterwarnings("ignore", message="Beware! Having `nlive")
        yield


def status_of(guard, dlogz):
    """A print function for dynesty that tells the guard's progress line where the run is."""

    def tell(result, niter, ncall, **_):
        guard.status = {"log_evidence": result.logz, "remaining": result.delta_logz, "until": dlogz}

    return tell


def dynesty_samples(problem, guard, sampler, info):
    """Samples of a finished dynesty sampler."""
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
        info=info,
    )
