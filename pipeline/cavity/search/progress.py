"""Progress: one line that is rewritten in a terminal, a plain line a minute in a log."""

import os
import sys
from time import perf_counter


class Line:
    """A line of a stream that is written anew when it is due.

    Parameters
    ----------
    stream
        Where to; standard error without.
    terminal
        Whether the line is rewritten in place; asked of the stream without.
    interval
        Seconds between two lines; 1 in a terminal and 60 elsewhere without.
    """

    def __init__(self, stream=None, terminal=None, interval=None):
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty() if terminal is None else terminal
        self.interval = interval if interval is not None else 1.0 if self.terminal else 60.0
        self._next = perf_counter() + self.interval
        self._open = False

    def due(self):
        """Whether the interval is over; it begins anew then."""
        now = perf_counter()
        if now < self._next:
            return False
        self._next = now + self.interval
        return True

    def show(self, text):
        """The line as it is now, as much of it as the terminal is wide: what wraps cannot be rewritten."""
        self._write(f"\r\x1b[K{text[: self._width()]}" if self.terminal else f"{text}\n")
        self._open = self.terminal

    def end(self, text):
        """A line that stays, in the place of what is shown."""
        self._write(f"\r\x1b[K{text}\n" if self._open else f"{text}\n")
        self._open = False

    def leave(self):
        """The next line begins below what is shown, if anything is."""
        if self._open:
            self._write("\n")
        self._open = False

    def _width(self):
        try:
            return os.get_terminal_size(self.stream.fileno()).columns - 1 or None
        except (OSError, ValueError):  # no terminal that can be asked
            return None

    def _write(self, text):
        self.stream.write(text)
        self.stream.flush()


class Progress:
    """Shows calls, the log evidence so far and what remains.

    Parameters
    ----------
    label
        What is being searched, at the line's start.
    stream, terminal, interval
        Of its own :class:`Line`.
    line
        A Line that others write too: it is theirs to end.
    """

    def __init__(self, label="", stream=None, terminal=None, interval=None, line=None):
        self.label = label
        self._own = line is None
        self._line = Line(stream, terminal, interval) if line is None else line
        self._started = perf_counter()
        self._shown = False

    def update(self, guard):
        """Write a line if one is due."""
        if self._line.due():
            self._write(guard)
            self._shown = True

    def close(self, guard):
        """End the line, if one was ever shown."""
        if self._shown and self._own and self._line.terminal:
            self._write(guard)
            self._line.leave()

    def _write(self, guard):
        self._line.show(progress_line(guard, perf_counter() - self._started, self.label))


def progress_line(guard, seconds, label=""):
    """'d07: 12,300 calls, ln Z -46.2, remaining 0.31 (until 0.06), best ln L -38.1, 41 s'."""
    parts = [f"{guard.calls:,} calls"]
    status = guard.status
    if "log_evidence" in status:
        parts.append(f"ln Z {status['log_evidence']:.1f}")
    if "remaining" in status:
        until = f" (until {status['until']:.3g})" if status.get("until") is not None else ""
        parts.append(f"remaining {status['remaining']:.3g}{until}")
    parts.append(f"best ln L {guard.best:.1f}")
    if guard.rejected:
        parts.append(f"{guard.rejected:,} rejected")
    parts.append(f"{seconds:.0f} s")
    return (f"{label}: " if label else "") + ", ".join(parts)
