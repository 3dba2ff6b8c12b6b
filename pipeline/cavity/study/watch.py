"""A fit in this process while it runs: a line in the terminal, and a record that ``cavity status`` reads."""

from contextlib import suppress
from dataclasses import asdict, replace
from time import perf_counter

from cavity.errors import CavityError
from cavity.posterior.store import write_json
from cavity.search.progress import Line, Progress
from cavity.strategy.standing import Standing

EVERY = 1.0  # seconds between two records


class Watch:
    """What a fit says of itself.

    Parameters
    ----------
    study
        Whose fit it is.
    say
        Called with a line after each round; None: the lines go to standard error, with one between them that is
        rewritten in a terminal and comes once a minute elsewhere; False: nothing is said.
    line
        The :class:`~cavity.search.progress.Line` of standard error; made without.
    """

    def __init__(self, study, say=None, line=None):
        self._paths = study.paths
        self._line = (line or Line()) if say is None else None
        self._say = self._line.end if say is None else say or (lambda text: None)
        self._standing, self._next = None, 0.0

    def __call__(self, standing):
        """Note where a phase or a grid is."""
        begins = self._standing is None or (standing.name, standing.round) != (
            self._standing.name,
            self._standing.round,
        )
        self._standing = standing
        if begins or standing.decision or perf_counter() >= self._next:
            self._next = perf_counter() + EVERY
            self._record()
        if self._line is not None and not standing.decision and self._line.due():
            self._line.show(standing.line)

    def say(self, text):
        """A line that stays."""
        self._say(text)

    def cells(self, name, count):
        """What is called after each cell of a grid or map."""
        self(Standing(name, 0, count))

        def progress(fit, cell, how):
            self(replace(self._standing, searched=self._standing.searched + 1))

        return progress

    def search(self, label):
        """What a search shows its progress with: the same line, where there is one."""
        if self._line is None:
            return Progress(label)
        known = self._standing
        head = f"{known.name}, round {known.round}, {known.searched} of {known.to_search} searches, " if known else ""
        return Progress(f"{head}{label}", line=self._line)

    def published(self):
        """Note that what is read at the end of the phase or grid is written."""
        self._standing = replace(self._standing, published=True)
        self._record()

    def _record(self):
        with suppress(CavityError):  # a fit does not end because it cannot say how far it is
            write_json(self._paths.standing(self._standing.name), asdict(self._standing))
