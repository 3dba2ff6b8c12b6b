"""The guard around a likelihood: refuses what is not a number, counts, times, and keeps the best point."""

import logging
import math
from time import perf_counter

import numpy as np

from cavity.errors import LikelihoodError, NotFiniteError, SearchError

logger = logging.getLogger("cavity.search")

#: What a search that cannot take -inf is given instead (UltraNest, Nautilus, the optimisers).
FLOOR = -1e100

#: A run whose first calls, this many, have no finite value is stopped: there is nothing to climb.
PATIENCE = 10_000


def describe(names, vector):
    """'centre=48.2, sigma=1.3e-09': parameter names with values."""
    return ", ".join(f"{name}={value:.6g}" for name, value in zip(names, np.atleast_1d(vector), strict=False))


class Guard:
    """A likelihood that is a finite float or -inf, or a :class:`LikelihoodError` that says where it was not.

    Parameters
    ----------
    problem
        The :class:`~cavity.search.problem.Problem` whose likelihood is guarded.
    on_error
        ``raise``: NaN, +inf and exceptions end the run. ``reject``: the point gets -inf and is counted.
        None and a wrong shape are mistakes of the code, not of a point: they always end the run.
    log
        A :class:`~cavity.search.checkpoint.CallLog` or None: recorded values are used again instead of a call.
    progress
        Something with ``update(guard)``, or None.
    interval
        Seconds between two checkpoints, and between two calls of ``problem.on_best``.

    Attributes
    ----------
    calls, rejected
        Points asked for, and those of them that were bad.
    wall
        Seconds inside the likelihood.
    best, best_vector
        The largest value so far and where it was.
    status
        What a sampler says about itself, for the progress line: ``log_evidence``, ``remaining``.
    """

    def __init__(self, problem, on_error="raise", log=None, progress=None, interval=60.0):
        if on_error not in ("raise", "reject"):
            raise SearchError(f"on_error is {on_error!r}; it must be raise or reject")
        self.problem = problem
        self.on_error = on_error
        self.calls = 0
        self.rejected = 0
        self.wall = 0.0
        self.best = -math.inf
        self.best_vector = None
        self.status = {}
        self._function = problem.log_likelihood
        self._log = log
        self._progress = progress
        self._interval = float(interval)
        now = perf_counter()
        self._shown_best = -math.inf
        self._next_save = now + self._interval
        self._next_tick = now + self._tick_interval

    @property
    def _tick_interval(self):
        return min(self._interval, 0.5) if self._progress is not None else self._interval

    def __call__(self, vector):
        """The log likelihood of one vector (ndim,)."""
        self.calls += 1
        start = perf_counter()
        recorded = None if self._log is None else self._log.recorded(vector)
        if recorded is not None:
            value = recorded
        else:
            try:
                value = self._function(vector)
            except (Exception, SystemExit) as error:
                value = self._raised(vector, error)
            if not isinstance(value, float):
                value = self._number(vector, value)
            if self._log is not None:
                self._log.add(vector, value)
        stop = perf_counter()
        self.wall += stop - start
        if not -math.inf < value < math.inf:
            value = self._not_finite(vector, value)
        elif value > self.best:
            self.best, self.best_vector = value, np.array(vector, dtype=float)
        if stop >= self._next_tick:
            self.tick(stop)
        return value

    def batch(self, vectors):
        """The log likelihoods (n,) of many vectors (n, ndim): in one call where the problem offers one."""
        vectors = np.asarray(vectors, dtype=float)
        function = self.problem.log_likelihood_batch
        if function is None:
            return np.array([self(vector) for vector in vectors], dtype=float)
        start = perf_counter()
        values = [] if self._log is None else self._log.recorded_rows(vectors)
        fresh = vectors[len(values) :]
        if len(fresh):
            try:
                new = function(fresh)
            except (Exception, SystemExit) as error:
                if self.on_error == "raise":
                    raise LikelihoodError(
                        f"{self._where()}the batched likelihood raised {type(error).__name__}: {error} "
                        f"(calls {self.calls + 1:,} to {self.calls + len(vectors):,})"
                    ) from error
                return np.array([self(vector) for vector in vectors], dtype=float)
            new = self._numbers(new, len(fresh))
            if self._log is not None:
                self._log.add_rows(fresh, new)
            values = np.concatenate([values, new]) if len(values) else new.copy()
        values = np.asarray(values, dtype=float)
        self.wall += perf_counter() - start
        if not np.isfinite(values).all():
            for row in np.flatnonzero(~np.isfinite(values)):
                values[row] = self._not_finite(vectors[row], values[row], self.calls + row + 1)
        self.calls += len(values)
        row = int(values.argmax()) if len(values) else 0
        if len(values) and values[row] > self.best:
            self.best, self.best_vector = float(values[row]), vectors[row].copy()
        now = perf_counter()
        if now >= self._next_tick:
            self.tick(now)
        return values

    def gradient(self, vectors):
        """The gradients (n, ndim) of the log likelihood at (n, ndim), counted as a call each; NaN where it has none."""
        start = perf_counter()
        found = np.asarray(self.problem.gradient(vectors), dtype=float)
        self.wall += perf_counter() - start
        self.calls += len(vectors)
        return found

    def floored(self, vector):
        """As a call, with -inf replaced by ``FLOOR``."""
        value = self(vector)
        return value if value > FLOOR else FLOOR

    def floored_batch(self, vectors):
        """As ``batch``, with -inf replaced by ``FLOOR``."""
        return np.maximum(self.batch(vectors), FLOOR)

    def tick(self, now):
        """Save, show and visualise what is due."""
        if self._progress is not None:
            self._progress.update(self)
        if now >= self._next_save:
            self._next_save = now + self._interval
            if self._log is not None:
                self._log.flush()
            self.show()
        self._next_tick = perf_counter() + self._tick_interval

    def show(self):
        """Draw the best model so far where it is not drawn yet; a drawing that fails is a warning, and no more."""
        if self.problem.on_best is None or not self.best > self._shown_best:
            return
        self._shown_best = self.best
        try:
            self.problem.on_best(self.best_vector)
        except (Exception, SystemExit) as error:
            logger.warning(
                "%svisualize raised %s: %s; the fit goes on without the picture",
                self._where(),
                type(error).__name__,
                error,
                exc_info=error,
            )

    def _where(self):
        return f"dataset {self.problem.dataset}: " if self.problem.dataset else ""

    def _at(self, vector, call=None):
        shown = vector if self.problem.shown is None else self.problem.shown(vector)
        return f"at {describe(self.problem.names, shown)} (call {self.calls if call is None else call:,})"

    def _raised(self, vector, error):
        if self.on_error == "raise":
            raise LikelihoodError(
                f"{self._where()}the likelihood raised {type(error).__name__}: {error} {self._at(vector)}"
            ) from error
        if self.rejected == 0:
            logger.warning("%sthe likelihood raised %s", self._where(), self._at(vector), exc_info=error)
        return math.nan

    def _number(self, vector, value):
        """A float of an int, a numpy scalar or a 0-d array; anything else is a mistake."""
        shape = getattr(value, "shape", None)
        if value is None:
            raise LikelihoodError(f"{self._where()}the likelihood is None, it must be a number {self._at(vector)}")
        if shape:
            raise LikelihoodError(
                f"{self._where()}the likelihood has shape {tuple(shape)}, it must be one number {self._at(vector)}"
            )
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise LikelihoodError(
                f"{self._where()}the likelihood is a {type(value).__name__}, it must be one number {self._at(vector)}"
            ) from error

    def _numbers(self, values, n):
        if values is None or np.shape(values) != (n,):
            got = "None" if values is None else f"shape {np.shape(values)}"
            raise LikelihoodError(f"{self._where()}the batched likelihood returned {got}, it must have shape ({n},)")
        try:
            return np.asarray(values, dtype=float)
        except (TypeError, ValueError) as error:
            raise LikelihoodError(f"{self._where()}the batched likelihood did not return {n} numbers") from error

    def _not_finite(self, vector, value, call=None):
        """-inf for a point to reject or of zero likelihood; raises for NaN and +inf under ``raise``."""
        if value != -math.inf:
            what = "NaN" if math.isnan(value) else "+inf"
            if self.on_error == "raise":
                raise NotFiniteError(f"{self._where()}the likelihood is {what} {self._at(vector, call)}")
            if self.rejected == 0:
                logger.warning("%sthe likelihood is %s %s; rejected", self._where(), what, self._at(vector, call))
            self.rejected += 1
        if self.best == -math.inf and (self.calls if call is None else call) >= PATIENCE:
            raise NotFiniteError(
                f"{self._where()}none of the first {PATIENCE:,} likelihood calls was finite "
                f"({self.rejected:,} rejected, the others -inf), the last {self._at(vector, call)}; "
                "check data, noise and priors"
            )
        return -math.inf
