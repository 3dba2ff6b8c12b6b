"""The one door: a Search gets a problem and a generator, and returns Samples."""

import logging
from dataclasses import asdict, dataclass, fields, replace
from importlib import import_module, metadata
from time import perf_counter, process_time
from typing import ClassVar

import numpy as np

from cavity.errors import SearchError
from cavity.identity.content import content_hash
from cavity.numerics.weights import log_sum_exp
from cavity.rng import generator
from cavity.search.checkpoint import CallLog, checkpoint_key
from cavity.search.guard import Guard
from cavity.search.hooks import check_hooks
from cavity.search.progress import Progress

logger = logging.getLogger("cavity.search")

#: Of its budget: a search whose steps have many calls stops before the last one.
NEARLY = 0.9

#: Settings that are objects, by their name in a config file; their modules add them.
PARTS = {}


def part(cls):
    """Register a class of settings by its name."""
    PARTS[cls.__name__] = cls
    return cls


#: Fields that choose where a search writes or how often, and never what it returns.
NOT_IDENTITY = ("name", "path_prefix", "unique_tag", "checkpoint_interval")


@dataclass(frozen=True, kw_only=True)
class Search:
    """What every adapter has. An adapter's own fields are its library's settings, by the library's names.

    Parameters
    ----------
    name, path_prefix, unique_tag
        Where a fit's output goes; never part of a result's identity.
    checkpoint_interval
        Seconds between two checkpoints, and between two visualisations of the best model so far.
    """

    name: str | None = None
    path_prefix: str | None = None
    unique_tag: str | None = None
    checkpoint_interval: float = 60.0

    #: Packages whose version decides the numbers.
    libraries: ClassVar[tuple[str, ...]] = ()
    #: The setting that is the library's own limit of likelihood calls; None: the search ends by itself.
    calls_limit: ClassVar[str | None] = None

    def limited(self, max_calls):
        """The same search with its library's limit of calls no larger than ``max_calls`` (None: as it is)."""
        if self.calls_limit is None or max_calls is None:
            return self
        own = getattr(self, self.calls_limit)
        return replace(self, **{self.calls_limit: max_calls if own is None else min(own, max_calls)})

    def refuse(self, ndim):
        """SearchError where the search cannot have so many parameters, or so few."""

    def search(self, problem, guard, rng):
        """The adapter's own part: call ``guard`` as often as needed and return Samples."""
        raise NotImplementedError

    def run(self, problem, rng, checkpoint=None, on_error="raise", progress=None, max_calls=None):
        """Search one problem.

        Parameters
        ----------
        problem
            A :class:`~cavity.search.problem.Problem`.
        rng
            A ``numpy.random.Generator``: the only source of randomness.
        checkpoint
            A folder for the record of likelihood calls, or None. A killed run that is started again with the same
            problem, settings and generator is the same run, to the bit. The record is removed when the run ends.
        on_error
            ``raise`` or ``reject``, see :class:`~cavity.search.guard.Guard`.
        progress
            A :class:`~cavity.search.progress.Progress`, or None for silence.
        max_calls
            A budget that the library's own limit is set from, or None. A run that it stopped has
            ``info["calls_spent"]`` True; any other is to the bit the run without.

        Returns
        -------
        Samples

        Raises
        ------
        LikelihoodError
            The likelihood is not a finite number (or -inf) somewhere.
        SearchError
            The search cannot run this problem, or its library is not there.
        """
        if not problem.ndim:
            raise SearchError(f"{type(self).__name__}: the problem has no free parameter")
        require_libraries(self)
        self.refuse(problem.ndim)
        log = None
        if checkpoint is not None:
            log = CallLog(checkpoint, checkpoint_key(problem, self, rng, on_error), problem.ndim)
        guard = Guard(problem, on_error, log, progress, self.checkpoint_interval)
        wall, cpu = perf_counter(), process_time()
        try:
            samples = self._within(max_calls, problem, guard, rng)
            guard.show()
        finally:
            if log is not None:
                log.flush()
            if progress is not None:
                progress.close(guard)
        if log is not None:
            log.discard()
        logger.info(
            "%s: %s calls, %s rejected, %.1f s wall (%.1f s in the likelihood), %.1f s CPU",
            type(self).__name__,
            f"{guard.calls:,}",
            guard.rejected,
            perf_counter() - wall,
            guard.wall,
            process_time() - cpu,
        )
        return samples

    def _within(self, max_calls, problem, guard, rng):
        """The samples, of a run whose library's own limit is set from a budget; they say whether that stopped it."""
        limited = self.limited(max_calls)
        samples = limited.search(problem, guard, rng)
        if max_calls is None:
            return samples
        info = {**samples.info, "search": self.settings()}
        ended = info.get("converged", True) or info.get("counted_calls", guard.calls) < NEARLY * max_calls
        if limited != self and not ended:
            info["calls_spent"] = True
        return replace(samples, info=info)

    def fit(self, model, analysis, seed=1, checkpoint=None, on_error="raise", progress=None):
        """Fit a model with an analysis.

        A search with a ``name`` or a ``path_prefix`` keeps its result and the analysis' images under ``output/``, and
        gives a kept result back, without a run, where data, code, priors and their order, settings and seed are the
        same; without either nothing is written.

        Parameters
        ----------
        model
            A Model or Collection with at least one free parameter.
        analysis
            Has ``log_likelihood_function(instance)``; may have ``log_likelihood_batch(arrays)``,
            ``visualize(paths, instance)`` and ``make_result(samples, model, **origin)``.
        seed
            An integer >= 0.
        checkpoint, on_error
            As in :meth:`run`.
        progress
            A Progress; without, a line on standard error once a second in a terminal and once a minute elsewhere;
            False for silence.

        Returns
        -------
        Result, or what ``analysis.make_result`` returns (a list for a factor graph).
        """
        from cavity.posterior.result import Result, fit_folder, kept_samples, result_identity
        from cavity.search.model_problem import inputs_identity

        check_hooks(analysis)
        inputs = inputs_identity(model, analysis)
        identity = result_identity(inputs, self.settings(), seed)
        folder = fit_folder(self, identity)
        origin = {"search": self, "identity": inputs, "seed": seed, "name": self.name or ""}
        samples = kept_samples(folder, identity, rejects=on_error == "reject")
        if samples is None:
            samples = self._run_and_keep(model, analysis, folder, origin, checkpoint, on_error, progress)
        result = Result(samples, model, analysis=analysis, **origin)
        make_result = getattr(analysis, "make_result", None)
        return result if make_result is None else make_result(result.samples, model, **origin)

    def _run_and_keep(self, model, analysis, folder, origin, checkpoint, on_error, progress):
        """The samples of a run; its result and a picture of its best model in ``folder``, where there is one."""
        from cavity.paths import FitPaths
        from cavity.posterior.result import Result, keep
        from cavity.search.model_problem import model_problem

        paths = FitPaths(str(folder)) if folder is not None else None
        if paths is not None:
            model.to_dict()  # what cannot be stored is said before the search, not after
        problem = model_problem(model, analysis, paths=paths, identity=origin["identity"])
        progress = Progress(self.name or type(self).__name__) if progress is None else progress or None
        samples = self.run(problem, generator(origin["seed"], "search"), checkpoint, on_error, progress)
        keep(folder, Result(samples, model, **origin))
        return samples

    def settings(self):
        """Name and settings as JSON: what decides a result, see :func:`cavity.search.registry.search_from_dict`."""
        chosen = {"name": type(self).__name__}
        for field in fields(self):
            if field.name not in NOT_IDENTITY:
                chosen[field.name] = _json(getattr(self, field.name))
        return chosen


def _json(value):
    """A setting as JSON; an object of the user's own is known by its class and the hash of its content."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if type(value) in PARTS.values():
        return {"name": type(value).__name__, **_json(asdict(value))}
    return {"name": type(value).__name__, "identity": content_hash(value)}


def make_samples(problem, guard, **content):
    """Samples with the names and the counts of this run; the evidence is that of the prior the assertions leave."""
    from cavity.posterior.samples import Samples

    if content.get("log_evidence") is not None and problem.log_acceptance:
        content["log_evidence"] -= problem.log_acceptance
        content["log_evidence_error"] = float(np.hypot(content["log_evidence_error"], problem.log_acceptance_error))
    if problem.log_prior is not None:
        content["log_priors"] = np.array([float(problem.log_prior(vector)) for vector in content["values"]])
    return Samples(names=tuple(problem.names), calls=guard.calls, rejected=guard.rejected, **content)


def nested_samples(
    problem, guard, *, values, unit, log_weights, log_likelihoods, log_evidence, log_evidence_error, info
):
    """Samples of a nested sampling run.

    Parameters
    ----------
    values, unit
        (S, ndim) in parameters and in the unit cube.
    log_weights
        (S,), any normalisation.
    """
    log_weights = np.asarray(log_weights, dtype=float)
    return make_samples(
        problem,
        guard,
        values=np.array(values, dtype=float),
        unit=np.array(unit, dtype=float),
        log_weights=log_weights - log_sum_exp(log_weights),
        log_likelihoods=np.array(log_likelihoods, dtype=float),
        log_evidence=float(log_evidence),
        log_evidence_error=float(log_evidence_error),
        info=info,
    )


_MODULES = {"nautilus-sampler": "nautilus", "scikit-learn": "sklearn"}  # where they are not called as the package
_EXTRAS = ("Emcee", "Nautilus", "UltraNest")


def require_libraries(search):
    """SearchError with what to install where a package of a search is missing or cannot be imported."""
    kind = type(search).__name__
    for package in search.libraries:
        try:
            metadata.version(package)
            import_module(_MODULES.get(package, package))
        except ImportError as error:
            wanted = f"'cavity[{kind.lower()}]'" if kind in _EXTRAS else package
            raise SearchError(f"{kind} needs the package {package}: pip install {wanted}") from error
